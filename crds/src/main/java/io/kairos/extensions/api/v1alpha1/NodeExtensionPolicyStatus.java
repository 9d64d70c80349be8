package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import lombok.Builder;

/**
 * How far a policy is in effect: counts and at most ten samples, never a list of all nodes.
 *
 * @param observedGeneration the generation this status speaks of, 0 before the first
 * @param revision a hash of what the policy gives its nodes
 * @param conditions Ready, Progressing, Degraded; Reconciling or Stalled while true
 * @param desired nodes selected
 * @param updated of those: the ones told about this revision
 * @param ready of those: the ones on which all of it is in effect
 * @param pendingReboot of those: linked, waiting for a boot
 * @param failed nodes on which an extension of the policy failed
 * @param unavailable nodes that take a slot of maxUnavailable: in work, failed or not ready
 * @param failedNodes at most ten of the failed
 * @param rollout the operator's memory
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@SchemaCustomizer(value = DeepMerge.class, input = Conditions.SCHEMA)
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          failedNodes: {maxItems: 10, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [node]}
          rollout: {properties: {admitting: {maxItems: 50, x-kubernetes-list-type: set}}}
        """)
public record NodeExtensionPolicyStatus(
    @JsonPropertyDescription("The generation this status speaks of.") long observedGeneration,
    @JsonPropertyDescription("A hash of what the policy gives its nodes.") String revision,
    @JsonPropertyDescription("Ready, Progressing, Degraded; Reconciling or Stalled while true.")
        List<Condition> conditions,
    @JsonPropertyDescription("Nodes selected.") int desired,
    @JsonPropertyDescription("Nodes told about this revision.") int updated,
    @JsonPropertyDescription("Nodes on which all of it is in effect.") int ready,
    @JsonPropertyDescription("Nodes on which it is linked and waits for a boot.") int pendingReboot,
    @JsonPropertyDescription("Nodes on which something of it failed.") int failed,
    @JsonPropertyDescription(
            "Nodes that take a slot of maxUnavailable: in work, failed or not ready.")
        int unavailable,
    @JsonPropertyDescription("At most ten of the failed nodes.") List<FailedNode> failedNodes,
    @JsonPropertyDescription("The operator's memory of the rollout.") RolloutStatus rollout) {

  /** What stands before the first reconcile. */
  public static final NodeExtensionPolicyStatus EMPTY =
      new NodeExtensionPolicyStatus(
          0, "", List.of(), 0, 0, 0, 0, 0, 0, List.of(), RolloutStatus.EMPTY);

  /** Absent values as empty ones. */
  public NodeExtensionPolicyStatus {
    revision = Values.text(revision);
    conditions = Values.list(conditions);
    failedNodes = Values.list(failedNodes);
    rollout = Values.or(rollout, RolloutStatus.EMPTY);
  }

  /**
   * A sample of the nodes that failed.
   *
   * @param node its name
   * @param reason CamelCase, of {@link Reasons}
   * @param message what a person needs to know
   */
  public record FailedNode(
      @io.fabric8.generator.annotation.Required String node, String reason, String message) {
    /** Absent values as empty ones. */
    public FailedNode {
      reason = Values.text(reason);
      message = Values.text(message);
    }
  }

  /**
   * What the operator persists before it acts on it.
   *
   * @param revision the revision the batch was admitted for
   * @param admitting nodes that hold a slot although their state may not show it yet
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record RolloutStatus(
      @JsonPropertyDescription("The revision the batch was admitted for.") String revision,
      @JsonPropertyDescription("Nodes admitted, written here before their states are.")
          List<String> admitting) {
    /** Nothing admitted. */
    public static final RolloutStatus EMPTY = new RolloutStatus("", List.of());

    /** Absent values as empty ones. */
    public RolloutStatus {
      revision = Values.text(revision);
      admitting = Values.list(admitting);
    }
  }
}
