package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;

/**
 * How far an extension is in effect.
 *
 * @param observedGeneration the generation this status speaks of, 0 before the first
 * @param conditions Ready, Reconciling, Stalled
 * @param nodes counts over the nodes that a policy gives it to
 * @param overlapsWith other extensions that carry some of its files, the first {@value
 *     #MOST_OVERLAPS} by name
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@SchemaCustomizer(value = DeepMerge.class, input = Conditions.SCHEMA)
public record SystemExtensionStatus(
    @JsonPropertyDescription("The generation this status speaks of.") long observedGeneration,
    @JsonPropertyDescription("Ready: this generation is in effect wherever a policy gives it.")
        List<Condition> conditions,
    @JsonPropertyDescription("Counts over the nodes that a policy gives it to.") NodeCounts nodes,
    @JsonPropertyDescription("Other extensions that carry some of its files, ten at most.")
        List<String> overlapsWith) {

  /** As many as a status has samples of anything. */
  public static final int MOST_OVERLAPS = 10;

  /** What stands before the first reconcile. */
  public static final SystemExtensionStatus EMPTY =
      new SystemExtensionStatus(0, List.of(), NodeCounts.NONE, List.of());

  /** Absent values as empty ones. */
  public SystemExtensionStatus {
    conditions = Values.list(conditions);
    nodes = Values.or(nodes, NodeCounts.NONE);
    overlapsWith = Values.list(overlapsWith);
  }

  /**
   * Nodes by how far the extension is on them.
   *
   * @param desired a policy gives it to them
   * @param staged its image is verified in their store, or further
   * @param active in effect
   * @param pendingReboot linked for the next boot
   * @param failed failed, rolled back or incompatible
   */
  public record NodeCounts(int desired, int staged, int active, int pendingReboot, int failed) {
    /** No nodes at all. */
    public static final NodeCounts NONE = new NodeCounts(0, 0, 0, 0, 0);
  }
}
