package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import java.util.Optional;
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
 * @param unavailable nodes that take a slot of maxUnavailable: in work, cordoned, or not Ready and
 *     expected back
 * @param failedNodes at most ten of the failed
 * @param history at most ten of the policy's revisions, the newest first
 * @param observedRetry the last value of {@link Api#RETRY_ANNOTATION} that was acted on: the
 *     attempt that failures count for
 * @param rollout the operator's memory
 * @param selection which selection of nodes and extensions removals were let through for
 * @param removalPendingOrNull removals that wait for a person's word; read it by {@link
 *     #removalPending()}
 * @param previewOrNull what would happen, while spec.rollout.dryRun is true; read it by {@link
 *     #preview()}
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
          history: {maxItems: 10, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [revision]}
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
            "Nodes that take a slot of maxUnavailable: in work, cordoned, or not Ready for less than"
                + " progressDeadlineSeconds. Failed ones take none.")
        int unavailable,
    @JsonPropertyDescription("At most ten of the failed nodes.") List<FailedNode> failedNodes,
    @JsonPropertyDescription("At most ten of the policy's revisions, the newest first.")
        List<HistoryEntry> history,
    @JsonPropertyDescription("The last retry that was acted on.") String observedRetry,
    @JsonPropertyDescription("The operator's memory of the rollout.") RolloutStatus rollout,
    @JsonPropertyDescription(
            "Which selection of nodes and extensions removals were let through for: a hash.")
        String selection,
    @JsonPropertyDescription("Removals that wait for a person's word.")
        @JsonProperty("removalPending")
        RemovalPending removalPendingOrNull,
    @JsonPropertyDescription("What would happen, while spec.rollout.dryRun is true.")
        @JsonProperty("preview")
        Preview previewOrNull) {

  /** What stands before the first reconcile. */
  public static final NodeExtensionPolicyStatus EMPTY = builder().build();

  /** Absent values as empty ones. */
  public NodeExtensionPolicyStatus {
    revision = Values.text(revision);
    conditions = Values.list(conditions);
    failedNodes = Values.list(failedNodes);
    history = Values.list(history);
    observedRetry = Values.text(observedRetry);
    rollout = Values.or(rollout, RolloutStatus.EMPTY);
    selection = Values.text(selection);
  }

  /** Removals that wait for a person's word. */
  public Optional<RemovalPending> removalPending() {
    return Optional.ofNullable(removalPendingOrNull);
  }

  /** What would happen, in a dry run. */
  public Optional<Preview> preview() {
    return Optional.ofNullable(previewOrNull);
  }

  /**
   * A sample of the nodes that failed.
   *
   * @param node its name
   * @param reason CamelCase, of {@link Reasons}
   * @param message what a person needs to know
   */
  public record FailedNode(@Required String node, String reason, String message) {
    /** Absent values as empty ones. */
    public FailedNode {
      reason = Values.text(reason);
      message = Values.text(message);
    }
  }

  /**
   * A revision that can be returned to.
   *
   * @param revision its name, for {@code spec.rollout.revision}
   * @param number its place in the policy's past; the one given last has the highest
   * @param time when the operator first gave it, RFC 3339
   * @param outcome what became of it
   * @param summary its extensions and versions, for a person
   */
  @Builder(toBuilder = true)
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @SchemaCustomizer(
      value = DeepMerge.class,
      input = "properties: {number: {format: int64, minimum: 0}}")
  public record HistoryEntry(
      @JsonPropertyDescription("Its name, for spec.rollout.revision.") @Required String revision,
      @JsonPropertyDescription("Its place in the policy's past; the one given last is the highest.")
          long number,
      @JsonPropertyDescription("When the operator first gave it.") String time,
      @JsonPropertyDescription(
              "InProgress, Completed (it was in effect on all nodes), Halted, RolledBack, or Superseded.")
          String outcome,
      @JsonPropertyDescription("Its extensions and versions.") String summary) {
    /** It is being given. */
    public static final String IN_PROGRESS = "InProgress";

    /** It was in effect, or linked, on all nodes that were selected. */
    public static final String COMPLETED = "Completed";

    /** Too many nodes failed it. */
    public static final String HALTED = "Halted";

    /** Too many nodes failed it, and those that were told of it went back. */
    public static final String ROLLED_BACK = "RolledBack";

    /** Another one came before it was through. */
    public static final String SUPERSEDED = "Superseded";

    /** Absent values as empty ones. */
    public HistoryEntry {
      time = Values.text(time);
      outcome = Values.text(outcome);
      summary = Values.text(summary);
    }
  }

  /**
   * Removals that wait for a person's word.
   *
   * @param nodes from how many nodes something would be removed
   * @param sample at most ten of them
   * @param token what {@link Api#ACKNOWLEDGE_REMOVAL_ANNOTATION} has to say for them to begin
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @SchemaCustomizer(
      value = DeepMerge.class,
      input = "properties: {sample: {maxItems: 10, x-kubernetes-list-type: atomic}}")
  public record RemovalPending(
      @JsonPropertyDescription("From how many nodes something would be removed.") int nodes,
      @JsonPropertyDescription("At most ten of them.") List<String> sample,
      @JsonPropertyDescription(
              "What the annotation extensions.kairos.io/acknowledge-removal has to say for them to begin.")
          String token) {
    /** Absent values as empty ones. */
    public RemovalPending {
      sample = Values.list(sample);
      token = Values.text(token);
    }
  }

  /**
   * What would happen.
   *
   * @param revision the revision that would be given
   * @param waves wave by wave, in order; without those that would change nothing
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @SchemaCustomizer(
      value = DeepMerge.class,
      input =
          "properties: {waves: {maxItems: 17, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name]}}")
  public record Preview(
      @JsonPropertyDescription("The revision that would be given.") String revision,
      @JsonPropertyDescription("Wave by wave, in order.") List<WavePreview> waves) {
    /** Absent values as empty ones. */
    public Preview {
      revision = Values.text(revision);
      waves = Values.list(waves);
    }
  }

  /**
   * What would happen in one wave.
   *
   * @param name the wave
   * @param change nodes that would get something, or another version or setting of it
   * @param remove nodes from which something would be removed
   * @param waiting of both: the nodes that could not be admitted now, whatever the slots
   * @param sample at most ten of the nodes, in order, with what would change there
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @SchemaCustomizer(
      value = DeepMerge.class,
      input = "properties: {sample: {maxItems: 10, x-kubernetes-list-type: atomic}}")
  public record WavePreview(
      @JsonPropertyDescription("The wave.") @Required String name,
      @JsonPropertyDescription("Nodes that would get something, or another version of it.")
          int change,
      @JsonPropertyDescription("Nodes from which something would be removed.") int remove,
      @JsonPropertyDescription("Of both: the nodes that could not be admitted now.") int waiting,
      @JsonPropertyDescription("At most ten of the nodes, with what would change there.")
          List<String> sample) {
    /** Absent values as empty ones. */
    public WavePreview {
      sample = Values.list(sample);
    }
  }

  /**
   * What the operator persists before it acts on it. All of it speaks of one revision and one
   * attempt, and within those counts and times only grow.
   *
   * @param revision the revision that is being rolled out
   * @param admitting nodes that hold a slot although their state may not show it yet
   * @param failed how many distinct nodes failed it, in all waves
   * @param halted the revision whose failure budget was exceeded; cleared by a new revision or a
   *     retry; empty: none
   * @param rollbackTo the revision that is given instead of the halted one, or {@link #NOTHING};
   *     empty: none
   * @param lastCompleted the last revision that got through on all nodes; empty: none
   * @param waves the waves that have begun, in order
   */
  @Builder(toBuilder = true)
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @SchemaCustomizer(
      value = DeepMerge.class,
      input =
          """
          properties:
            admitting: {maxItems: 50, x-kubernetes-list-type: set}
            waves: {maxItems: 17, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name]}
          """)
  public record RolloutStatus(
      @JsonPropertyDescription("The revision that is being rolled out.") String revision,
      @JsonPropertyDescription("Nodes admitted, written here before their states are.")
          List<String> admitting,
      @JsonPropertyDescription("How many distinct nodes failed it, in all waves.") int failed,
      @JsonPropertyDescription(
              "The revision whose failure budget was exceeded; cleared by a new revision or a retry.")
          String halted,
      @JsonPropertyDescription(
              "The revision that is given instead of the halted one; none: nothing is.")
          String rollbackTo,
      @JsonPropertyDescription("The last revision that got through on all nodes.")
          String lastCompleted,
      @JsonPropertyDescription("The waves that have begun, in order.") List<WaveStatus> waves) {
    /** Nothing admitted. */
    public static final RolloutStatus EMPTY = builder().build();

    /** As {@link #rollbackTo()}: there is no revision before, the nodes are left without. */
    public static final String NOTHING = "none";

    /** Absent values as empty ones. */
    public RolloutStatus {
      revision = Values.text(revision);
      admitting = Values.list(admitting);
      halted = Values.text(halted);
      rollbackTo = Values.text(rollbackTo);
      lastCompleted = Values.text(lastCompleted);
      waves = Values.list(waves);
    }

    /** A batch, and nothing else to remember. */
    public RolloutStatus(String revision, List<String> admitting) {
      this(revision, admitting, 0, "", "", "", List.of());
    }
  }

  /**
   * A wave that has begun. Times are RFC 3339 by the operator's clock.
   *
   * @param name its name
   * @param startTime when its first node could be admitted
   * @param soakStartTime when all of it was through; empty: not yet
   * @param completionTime when it had soaked; empty: not yet
   * @param failed how many distinct nodes of it failed
   * @param failedNodes their names, as many as there is room for: one that is gone stays counted
   */
  @Builder(toBuilder = true)
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @SchemaCustomizer(
      value = DeepMerge.class,
      input = "properties: {failedNodes: {maxItems: 50, x-kubernetes-list-type: set}}")
  public record WaveStatus(
      @JsonPropertyDescription("Its name.") @Required String name,
      @JsonPropertyDescription("When its first node could be admitted.") String startTime,
      @JsonPropertyDescription("When all of it was through.") String soakStartTime,
      @JsonPropertyDescription("When it had soaked.") String completionTime,
      @JsonPropertyDescription("How many distinct nodes of it failed.") int failed,
      @JsonPropertyDescription("Their names, as many as there is room for.")
          List<String> failedNodes) {
    /** Absent values as empty ones. */
    public WaveStatus {
      failedNodes = Values.list(failedNodes);
      startTime = Values.text(startTime);
      soakStartTime = Values.text(soakStartTime);
      completionTime = Values.text(completionTime);
    }
  }
}
