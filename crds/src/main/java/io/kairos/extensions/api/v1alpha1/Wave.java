package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.Optional;
import lombok.Builder;

/**
 * Nodes that are changed before those of the waves after it. A node is of the first wave that it
 * fits; those that fit none are the last wave, {@link #REST}.
 *
 * @param name names it in statuses, assignments and approvals
 * @param nodesOrNull how many nodes: a number, or a percentage of the selected nodes, rounded down,
 *     at least 1; read it by {@link #nodes()}
 * @param selectorOrNull which nodes, by their labels; read it by {@link #selector()}
 * @param soakSeconds how long the whole wave, once through, has to stay so before the next begins,
 *     in seconds
 * @param failureBudget how many nodes of it may fail: a number, or a percentage of its nodes,
 *     rounded down
 * @param approval what it takes to go on after it
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "has(self.nodes) != has(self.selector)",
    message = "set exactly one of nodes and selector")
@ValidationRule(
    value = "self.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
    fieldPath = ".name",
    message = "name has lower-case letters, digits and inner dashes, such as zone-a")
@ValidationRule(
    value = "self.name != 'rest'",
    fieldPath = ".name",
    message = "rest is the name of the last wave, which holds the nodes of no other")
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          nodes:
            x-kubernetes-int-or-string: true
            anyOf: [{type: integer}, {type: string}]
            minimum: 1
            maximum: 1000000
            pattern: '^([1-9][0-9]?|100)%$'
          soakSeconds: {minimum: 0, maximum: 2592000}
          failureBudget:
            x-kubernetes-int-or-string: true
            anyOf: [{type: integer}, {type: string}]
            minimum: 0
            maximum: 1000000
            pattern: '^(0|[1-9][0-9]?|100)%$'
            default: 0
        """)
@SchemaCustomizer(
    value = DeepMerge.class,
    input = "properties: {selector: " + Selectors.SCHEMA + "}")
public record Wave(
    @JsonPropertyDescription("Names it in statuses, assignments and approvals.")
        @Required
        @Size(min = 1, max = 63)
        String name,
    @JsonPropertyDescription(
            "How many nodes: a number, or a percentage of the selected nodes, rounded down; at least 1.")
        @JsonProperty("nodes")
        IntOrString nodesOrNull,
    @JsonPropertyDescription("Which nodes, by their labels.") @JsonProperty("selector")
        LabelSelector selectorOrNull,
    @JsonPropertyDescription(
            "The whole wave, once through, has to stay so this many seconds before the next begins. Default: 0.")
        @Default("0")
        int soakSeconds,
    @JsonPropertyDescription(
            "The rollout halts when more nodes of the wave than this fail: a number, or a percentage of the wave's"
                + " nodes, rounded down. Default: 0.")
        IntOrString failureBudget,
    @JsonPropertyDescription(
            "Automatic (default): the next wave begins once this one is through. Manual: only once a person has set the"
                + " annotation extensions.kairos.io/approve to WAVE@REVISION as well.")
        @Default("Automatic")
        Approval approval) {

  /** The name of the last wave. */
  public static final String REST = "rest";

  /** Absent values as the API server fills them in. */
  public Wave {
    name = Values.text(name);
    failureBudget = Values.or(failureBudget, new IntOrString(0));
    approval = Values.or(approval, Approval.AUTOMATIC);
  }

  /** How many nodes, where the wave is one by count or percentage. */
  public Optional<IntOrString> nodes() {
    return Optional.ofNullable(nodesOrNull);
  }

  /** Which nodes, where the wave is one by labels. */
  public Optional<LabelSelector> selector() {
    return Optional.ofNullable(selectorOrNull);
  }
}
