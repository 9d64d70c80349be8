package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.Optional;

/**
 * Names SystemExtensions: exactly one of the three is set.
 *
 * @param name one by name; one that does not exist (yet) is reported
 * @param namePattern all whose whole name matches, RE2 syntax
 * @param selectorOrNull all whose labels match; read it by {@link #selector()}
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "[has(self.name), has(self.namePattern), has(self.selector)].filter(x, x).size() == 1",
    message = "set exactly one of name, namePattern and selector")
@ValidationRule(
    value = "!has(self.namePattern) || ('x'.matches(self.namePattern) ? true : true)",
    fieldPath = ".namePattern",
    message = "namePattern is not a regular expression in RE2 syntax")
@SchemaCustomizer(
    value = DeepMerge.class,
    input = "properties: {selector: " + Selectors.SCHEMA + "}")
public record ExtensionReference(
    @JsonPropertyDescription("The name of one SystemExtension.") @Size(min = 1, max = 63)
        String name,
    @JsonPropertyDescription("Matches whole names of SystemExtensions, RE2 syntax.")
        @Size(min = 1, max = 128)
        String namePattern,
    @JsonPropertyDescription("Matches labels of SystemExtensions.")
        @com.fasterxml.jackson.annotation.JsonProperty("selector")
        LabelSelector selectorOrNull) {

  /** Absent values as empty ones. */
  public ExtensionReference {
    name = Values.text(name);
    namePattern = Values.text(namePattern);
  }

  /** A reference by name. */
  public static ExtensionReference byName(String name) {
    return new ExtensionReference(name, "", null);
  }

  /** A reference by pattern. */
  public static ExtensionReference byPattern(String pattern) {
    return new ExtensionReference("", pattern, null);
  }

  /** A reference by labels. */
  public static ExtensionReference bySelector(LabelSelector selector) {
    return new ExtensionReference("", "", selector);
  }

  /** The label selector, where the reference is one by labels. */
  public Optional<LabelSelector> selector() {
    return Optional.ofNullable(selectorOrNull);
  }
}
