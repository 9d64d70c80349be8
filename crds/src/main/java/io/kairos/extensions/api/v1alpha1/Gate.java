package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.Optional;
import lombok.Builder;

/**
 * A question to the cluster that has to be answered with yes for a rollout to go on: a CEL
 * expression over objects of one kind.
 *
 * <p>An expression that speaks of {@code object} is asked of each object by itself and has to hold
 * for all of them, and there has to be one at least. One that speaks of {@code objects} is asked
 * once, of the list, which may be empty.
 *
 * @param name for messages
 * @param apiVersion of the objects, such as {@code apps/v1}
 * @param kind of the objects, such as {@code Deployment}; never {@code Secret}
 * @param namespace where they are; empty for all namespaces
 * @param selectorOrNull their labels; read it by {@link #selector()}
 * @param expression CEL, over {@code object} or {@code objects}
 * @param message what it means if it does not hold, for a person; empty for none
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "self.apiVersion != 'v1' || self.kind != 'Secret'",
    fieldPath = ".kind",
    message = "gates do not read Secrets")
@ValidationRule(
    value = "self.apiVersion.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[a-z0-9]+$')",
    fieldPath = ".apiVersion",
    message = "apiVersion is GROUP/VERSION, such as apps/v1, or v1")
@SchemaCustomizer(
    value = DeepMerge.class,
    input = "properties: {selector: " + Selectors.SCHEMA + "}")
public record Gate(
    @JsonPropertyDescription("For messages.") @Required @Size(min = 1, max = 63) String name,
    @JsonPropertyDescription("Of the objects, such as apps/v1.") @Required @Size(min = 1, max = 253)
        String apiVersion,
    @JsonPropertyDescription(
            "Of the objects, such as Deployment. The operator has to be allowed to list them: by a ClusterRole with"
                + " the label extensions.kairos.io/aggregate-to-gates: \"true\". Secrets are never read.")
        @Required
        @Size(min = 1, max = 63)
        String kind,
    @JsonPropertyDescription("Where the objects are. Default: all namespaces.")
        @Size(min = 1, max = 63)
        String namespace,
    @JsonPropertyDescription("Labels of the objects. Default: all objects.")
        @JsonProperty("selector")
        LabelSelector selectorOrNull,
    @JsonPropertyDescription(
            "CEL. One over `object` has to hold for each object, and there has to be one; one over `objects` is asked"
                + " once, of the list, which may be empty. As in Kubernetes, a missing field is an error: use has() or"
                + " object.?field.orValue().")
        @Required
        @Size(min = 1, max = 1024)
        String expression,
    @JsonPropertyDescription("What it means if it does not hold, for a person.")
        @Size(min = 1, max = 256)
        String message) {

  /** Absent values as empty ones. */
  public Gate {
    name = Values.text(name);
    apiVersion = Values.text(apiVersion);
    kind = Values.text(kind);
    namespace = Values.text(namespace);
    expression = Values.text(expression);
    message = Values.text(message);
  }

  /** The labels of the objects, where not all are meant. */
  public Optional<LabelSelector> selector() {
    return Optional.ofNullable(selectorOrNull);
  }
}
