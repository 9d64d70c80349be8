package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.schema.DeepMerge;

/**
 * How fast a policy changes nodes.
 *
 * @param maxUnavailable nodes changed at once: a number, or a percentage of the selected nodes,
 *     rounded down, at least 1
 * @param soakSeconds a changed node has to stay as wanted this long to count, in seconds
 */
@ValidationRule(
    value =
        "!has(self.maxUnavailable) || (type(self.maxUnavailable) == int"
            + " ? self.maxUnavailable >= 1 && self.maxUnavailable <= 1000000"
            + " : self.maxUnavailable.matches('^([1-9][0-9]?|100)%$'))",
    fieldPath = ".maxUnavailable",
    message =
        "maxUnavailable is a number of nodes from 1 on, such as 3, or a percentage from 1% to 100%,"
            + " such as 10%; to stop a rollout set spec.paused")
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          maxUnavailable:
            x-kubernetes-int-or-string: true
            anyOf: [{type: integer}, {type: string}]
            default: 10%
          soakSeconds: {minimum: 0, maximum: 86400}
        """)
public record Rollout(
    @JsonPropertyDescription(
            "Nodes changed or otherwise unavailable at once: a number, or a percentage of the selected nodes, rounded"
                + " down; at least 1. Default: 10%.")
        IntOrString maxUnavailable,
    @JsonPropertyDescription(
            "A changed node has to stay as wanted this many seconds to count. Default: 30.")
        @Default("30")
        int soakSeconds) {

  /** What the API server fills in. */
  public static final Rollout DEFAULT = new Rollout(new IntOrString("10%"), 30);

  /** Absent values as the API server fills them in. */
  public Rollout {
    maxUnavailable = Values.or(maxUnavailable, new IntOrString("10%"));
  }
}
