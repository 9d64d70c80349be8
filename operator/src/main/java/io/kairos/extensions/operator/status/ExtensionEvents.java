package io.kairos.extensions.operator.status;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.operator.rollout.ObjectEvent;
import java.util.List;
import java.util.Optional;

/** What people are told when the status of an extension takes a turn; once, as with a policy's. */
final class ExtensionEvents {
  private ExtensionEvents() {}

  /**
   * Of one status after another: that an extension carries files that another one carries as well,
   * when it begins, and when one more does.
   */
  static List<ObjectEvent> of(SystemExtensionStatus before, SystemExtensionStatus after) {
    Optional<Condition> overlap = Conditions.find(after.conditions(), Conditions.FILES_OVERLAP);
    boolean known = before.overlapsWith().containsAll(after.overlapsWith());
    return overlap
        .filter(condition -> !known)
        .map(condition -> new ObjectEvent(Reasons.FILES_OVERLAP, true, condition.getMessage()))
        .stream()
        .toList();
  }
}
