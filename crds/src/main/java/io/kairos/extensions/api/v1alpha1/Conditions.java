package io.kairos.extensions.api.v1alpha1;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Conditions as the Kubernetes API conventions and kstatus want them. */
public final class Conditions {
  /** In effect as wanted. */
  public static final String READY = "Ready";

  /** A rollout goes on. */
  public static final String PROGRESSING = "Progressing";

  /** Something does not work. */
  public static final String DEGRADED = "Degraded";

  /** kstatus: not there yet, and working on it. Present only while true. */
  public static final String RECONCILING = "Reconciling";

  /**
   * kstatus: will not get further by itself. Present only while true, and never beside {@link
   * #RECONCILING}.
   */
  public static final String STALLED = "Stalled";

  /** Of a node: something is linked that only a boot will merge. */
  public static final String REBOOT_REQUIRED = "RebootRequired";

  /**
   * Of a policy, for information: one of higher priority wins something. Present only while true.
   */
  public static final String OVERRIDDEN = "Overridden";

  /**
   * Of a policy, for information: it wins something over one of lower priority. Present only while
   * true.
   */
  public static final String OVERRIDING = "Overriding";

  /**
   * Of a policy, for information: it gives the revision that {@code spec.rollout.revision} names
   * instead of the newest. Present only while true.
   */
  public static final String PINNED = "Pinned";

  /**
   * Of a Trusted Boot node: its own image policy would merge what nobody signed. Only there; False
   * where the policy demands signatures.
   */
  public static final String WEAK_IMAGE_POLICY = "WeakImagePolicy";

  /**
   * Of a node: after a boot nothing is merged until the agent comes up, since the host does not
   * start the unit that does so. Present only while true.
   */
  public static final String UNMERGED_AT_BOOT = "UnmergedAtBoot";

  /**
   * Of a node: what nobody needs of the store any more cannot be deleted. Present only while true.
   */
  public static final String GARBAGE_LEFT = "GarbageLeft";

  /**
   * Of a node: several of its extensions carry the same files, of which only one can be seen. Of an
   * extension: it is one of them somewhere. Present only while true.
   */
  public static final String FILES_OVERLAP = "FilesOverlap";

  /**
   * Of an extension: whether what its sources need is at hand. Present only while something is not.
   */
  public static final String SOURCES_AVAILABLE = "SourcesAvailable";

  /** A condition's value. */
  public static final String TRUE = "True";

  /** A condition's value. */
  public static final String FALSE = "False";

  /** A condition's value: not known yet. */
  public static final String UNKNOWN = "Unknown";

  static final String SCHEMA =
      """
      properties:
        observedGeneration: {format: int64, minimum: 0}
        conditions:
          maxItems: 16
          x-kubernetes-list-type: map
          x-kubernetes-list-map-keys: [type]
          items:
            required: [type, status, lastTransitionTime, reason, message]
            properties:
              type: {maxLength: 316}
              status: {enum: ["True", "False", "Unknown"]}
              reason: {minLength: 1, maxLength: 1024, pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"}
              message: {maxLength: 32768}
              lastTransitionTime: {format: date-time}
              observedGeneration: {format: int64, minimum: 0}
      """;

  private Conditions() {}

  /** The condition of a type, if it is there. */
  public static Optional<Condition> find(List<Condition> conditions, String type) {
    return conditions.stream().filter(c -> type.equals(c.getType())).findFirst();
  }

  /**
   * The wanted conditions with times: {@code lastTransitionTime} is kept where the status is the
   * one that stood there.
   *
   * @param previous what stands in the object
   * @param wanted what shall stand there, without times
   * @param now RFC 3339, for those whose status moved
   */
  public static List<Condition> transition(
      List<Condition> previous, List<Condition> wanted, String now) {
    List<Condition> result = new ArrayList<>(wanted.size());
    for (Condition condition : wanted) {
      String since =
          find(previous, condition.getType())
              .filter(before -> before.getStatus().equals(condition.getStatus()))
              .map(Condition::getLastTransitionTime)
              .orElse(now);
      result.add(new ConditionBuilder(condition).withLastTransitionTime(since).build());
    }
    return List.copyOf(result);
  }
}
