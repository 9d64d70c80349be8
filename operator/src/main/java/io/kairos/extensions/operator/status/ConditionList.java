package io.kairos.extensions.operator.status;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.kairos.extensions.api.v1alpha1.Conditions;
import java.util.ArrayList;
import java.util.List;

/** Conditions of one generation, as kstatus wants them; without times. */
final class ConditionList {
  /** The schema's limit is 32768; a status is no place for a book. */
  private static final int MAX_MESSAGE = 4096;

  private final long generation;
  private final List<Condition> conditions = new ArrayList<>();

  ConditionList(long generation) {
    this.generation = generation;
  }

  /** Ready, and nothing else to say. */
  void ready(String reason, String message) {
    add(Conditions.READY, Conditions.TRUE, reason, message);
    add(Conditions.PROGRESSING, Conditions.FALSE, reason, message);
    add(Conditions.DEGRADED, Conditions.FALSE, reason, message);
  }

  /** Not ready; Reconciling, or else Stalled. */
  void unready(
      String reason, String message, boolean progressing, boolean degraded, boolean stalled) {
    add(Conditions.READY, Conditions.FALSE, reason, message);
    add(Conditions.PROGRESSING, progressing ? Conditions.TRUE : Conditions.FALSE, reason, message);
    add(Conditions.DEGRADED, degraded ? Conditions.TRUE : Conditions.FALSE, reason, message);
    add(stalled ? Conditions.STALLED : Conditions.RECONCILING, Conditions.TRUE, reason, message);
  }

  /** One condition. */
  void add(String type, String status, String reason, String message) {
    conditions.add(
        new ConditionBuilder()
            .withType(type)
            .withStatus(status)
            .withReason(reason)
            .withMessage(
                message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) : message)
            .withObservedGeneration(generation)
            .build());
  }

  List<Condition> toList() {
    return List.copyOf(conditions);
  }
}
