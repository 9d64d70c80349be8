package io.kairos.extensions.agent.report;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether something is assigned that no boot of the host would merge by itself. The agent does so
 * once it is up, unless the unit is masked; whatever is to start with the host before that goes
 * without.
 */
final class BootMergeCondition {
  private static final String MASKED = "masked";

  private BootMergeCondition() {}

  static Optional<Condition> of(Evidence evidence) {
    List<String> masked = new ArrayList<>();
    List<String> units = new ArrayList<>();
    evidence.classes().stream()
        .filter(one -> one.standings().stream().anyMatch(s -> !s.assignment().remove()))
        .map(one -> ExtensionClass.valueOf(one.type().name()))
        .filter(evidence.unmergedAtBoot()::containsKey)
        .forEach(
            one -> {
              String state = evidence.unmergedAtBoot().get(one);
              (state.startsWith(MASKED) ? masked : units).add(one.unit() + " is " + state);
            });
    List<String> texts = new ArrayList<>();
    if (!masked.isEmpty()) {
      texts.add(
          String.join(", ", masked)
              + ": neither a boot nor the agent can merge or unmerge anything; systemctl unmask on"
              + " the host mends it");
    }
    if (!units.isEmpty()) {
      texts.add(String.join(", ", units) + disabled(evidence.host()));
    }
    return texts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            NodeConditions.condition(
                Conditions.UNMERGED_AT_BOOT,
                Conditions.TRUE,
                masked.isEmpty() ? Reasons.UNIT_NOT_ENABLED : Reasons.UNIT_MASKED,
                String.join("; ", texts),
                evidence.generation()));
  }

  /** What is enabled on a Kairos host by hand goes with the boot: its image has to do it. */
  private static String disabled(HostStatus host) {
    String mended = "after a boot nothing is merged until the agent comes up; ";
    return host.layout().equals(HostStatus.KAIROS)
        ? ": unless a stage of the image enables it, "
            + mended
            + "systemctl: {enable: […]} in the stage initramfs of the cloud-config mends it"
        : ": " + mended + "systemctl enable on the host mends it";
  }
}
