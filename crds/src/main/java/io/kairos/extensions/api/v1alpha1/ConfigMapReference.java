package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/**
 * Names a ConfigMap in the operator's namespace, all of whose keys hold PEM certificates.
 *
 * @param configMap its name
 */
@ValidationRule(
    value = "self.configMap.matches('^" + Api.OBJECT_NAME_PATTERN + "$')",
    fieldPath = ".configMap",
    message =
        "configMap is the name of a ConfigMap: lower-case letters, digits, '-' and single dots")
public record ConfigMapReference(
    @JsonPropertyDescription("The name of a ConfigMap in the operator's namespace.")
        @Required
        @Size(min = 1, max = 63)
        String configMap) {

  /** Absent values as empty ones. */
  public ConfigMapReference {
    configMap = Values.text(configMap);
  }
}
