package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import lombok.Builder;

/**
 * How fast a policy changes nodes, and what stops it.
 *
 * @param maxUnavailable nodes changed at once: a number, or a percentage of the selected nodes,
 *     rounded down, at least 1
 * @param maxStaging nodes that download at once ahead of their turn; counted like maxUnavailable
 * @param waves nodes that come first; the others follow as a last wave
 * @param soakSeconds a changed node has to stay as wanted this long to count, in seconds
 * @param failureBudget how many nodes of the last wave may fail a revision: a number, or a
 *     percentage of the selected nodes, rounded down; the waves before have their own
 * @param onFailure what happens when more fail
 * @param progressDeadlineSeconds a node that was admitted has to get through within this time,
 *     downloads and soak apart; and one that is not Ready keeps its slot no longer, in seconds
 * @param windows when nodes may be changed; empty: always
 * @param gates what has to hold in the cluster for nodes to be admitted
 * @param drain how pods are moved away before a node is changed
 * @param dryRun true: nothing is changed, the status says what would be
 * @param revision the revision of the history to give instead of the newest; empty: the newest
 * @param revisionHistoryLimit how many older revisions are kept
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value =
        "!has(self.maxUnavailable) || (type(self.maxUnavailable) == int"
            + " ? self.maxUnavailable >= 1 && self.maxUnavailable <= 1000000"
            + " : self.maxUnavailable.matches('^([1-9][0-9]?|100)%$'))",
    fieldPath = ".maxUnavailable",
    message =
        "maxUnavailable is a number of nodes from 1 on, such as 3, or a percentage from 1% to 100%,"
            + " such as 10%; to stop a rollout set spec.paused")
@ValidationRule(
    value =
        "!has(self.maxStaging) || (type(self.maxStaging) == int"
            + " ? self.maxStaging >= 1 && self.maxStaging <= 1000000"
            + " : self.maxStaging.matches('^([1-9][0-9]?|100)%$'))",
    fieldPath = ".maxStaging",
    message =
        "maxStaging is a number of nodes from 1 on, such as 3, or a percentage from 1% to 100%,"
            + " such as 25%")
@ValidationRule(
    value =
        "!has(self.failureBudget) || (type(self.failureBudget) == int"
            + " ? self.failureBudget >= 0 && self.failureBudget <= 1000000"
            + " : self.failureBudget.matches('^(0|[1-9][0-9]?|100)%$'))",
    fieldPath = ".failureBudget",
    message =
        "failureBudget is a number of nodes from 0 on, such as 3, or a percentage from 0% to 100%,"
            + " such as 5%")
@ValidationRule(
    value = "!has(self.revision) || self.revision.matches('^(v[0-9]+-[0-9a-f]+)?$')",
    fieldPath = ".revision",
    message =
        "revision is one of status.history, such as v1-0123456789abcdef, or left out for the newest")
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          maxUnavailable:
            x-kubernetes-int-or-string: true
            anyOf: [{type: integer}, {type: string}]
            default: 10%
          maxStaging:
            x-kubernetes-int-or-string: true
            anyOf: [{type: integer}, {type: string}]
            default: 25%
          waves: {maxItems: 16, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name]}
          soakSeconds: {minimum: 0, maximum: 86400}
          failureBudget:
            x-kubernetes-int-or-string: true
            anyOf: [{type: integer}, {type: string}]
            default: 0
          progressDeadlineSeconds: {minimum: 1, maximum: 604800}
          windows: {maxItems: 16, x-kubernetes-list-type: atomic}
          gates: {maxItems: 8, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name]}
          drain: {default: {}}
          revisionHistoryLimit: {minimum: 1, maximum: 50}
        """)
public record Rollout(
    @JsonPropertyDescription(
            "Nodes changed or otherwise unavailable at once: a number, or a percentage of the selected nodes, rounded"
                + " down; at least 1. Default: 10%.")
        IntOrString maxUnavailable,
    @JsonPropertyDescription(
            "Nodes that download at once ahead of their turn: a number, or a percentage of the selected nodes, rounded"
                + " down; at least 1. Default: 25%.")
        IntOrString maxStaging,
    @JsonPropertyDescription(
            "Nodes that come first, wave by wave; those that fit none follow as a last wave, rest.")
        List<Wave> waves,
    @JsonPropertyDescription(
            "A changed node has to stay as wanted this many seconds to count. Default: 30.")
        @Default("30")
        int soakSeconds,
    @JsonPropertyDescription(
            "The rollout halts when more nodes than this failed a revision: a number, or a percentage of the selected"
                + " nodes, rounded down. Named waves have budgets of their own. Default: 0.")
        IntOrString failureBudget,
    @JsonPropertyDescription(
            "What happens then. Pause (default): nodes in flight finish, no other is admitted. Rollback: changed nodes"
                + " return to the revision before. Continue: the rollout goes on.")
        @Default("Pause")
        OnFailure onFailure,
    @JsonPropertyDescription(
            "A node that was admitted has to get through within this many seconds, downloads and soak apart, or counts"
                + " as failed; one that is not Ready for longer takes no slot. Default: 600.")
        @Default("600")
        int progressDeadlineSeconds,
    @JsonPropertyDescription(
            "When nodes may be admitted, drained and rolled back; what is under way ends, and downloads go ahead at any"
                + " time. Default: always.")
        List<Window> windows,
    @JsonPropertyDescription(
            "Questions to the cluster, in CEL, that all have to be answered with yes before nodes are admitted. A rollback"
                + " and a deletion ask none.")
        List<Gate> gates,
    @JsonPropertyDescription("How pods are moved away before a node is changed.") Drain drain,
    @JsonPropertyDescription(
            "Nothing is changed while true; status.preview says what would be. Default: false.")
        @Default("false")
        boolean dryRun,
    @JsonPropertyDescription(
            "A revision of status.history to give instead of the newest. Default: the newest.")
        @Size(max = 63)
        String revision,
    @JsonPropertyDescription("How many older revisions are kept. Default: 10.") @Default("10")
        int revisionHistoryLimit) {

  private static final int DEFAULT_DEADLINE = 600;
  private static final int DEFAULT_LIMIT = 10;

  /** What the API server fills in. */
  public static final Rollout DEFAULT = builder().soakSeconds(30).build();

  /** Absent values as the API server fills them in. */
  public Rollout {
    maxUnavailable = Values.or(maxUnavailable, new IntOrString("10%"));
    maxStaging = Values.or(maxStaging, new IntOrString("25%"));
    waves = Values.list(waves);
    failureBudget = Values.or(failureBudget, new IntOrString(0));
    onFailure = Values.or(onFailure, OnFailure.PAUSE);
    progressDeadlineSeconds =
        progressDeadlineSeconds == 0 ? DEFAULT_DEADLINE : progressDeadlineSeconds;
    windows = Values.list(windows);
    gates = Values.list(gates);
    drain = Values.or(drain, Drain.DEFAULT);
    revision = Values.text(revision);
    revisionHistoryLimit = revisionHistoryLimit == 0 ? DEFAULT_LIMIT : revisionHistoryLimit;
  }

  /** This pace, and the defaults for the rest. */
  public Rollout(IntOrString maxUnavailable, int soakSeconds) {
    this(maxUnavailable, null, null, soakSeconds, null, null, 0, null, null, null, false, "", 0);
  }
}
