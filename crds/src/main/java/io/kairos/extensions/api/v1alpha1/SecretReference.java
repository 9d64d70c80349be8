package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/**
 * Names a Secret in the operator's namespace.
 *
 * @param name its name
 */
@ValidationRule(
    value = "self.name.matches('^" + Api.OBJECT_NAME_PATTERN + "$')",
    fieldPath = ".name",
    message = "name is the name of a Secret: lower-case letters, digits, '-' and single dots")
public record SecretReference(
    @JsonPropertyDescription("The name of a Secret in the operator's namespace.")
        @Required
        @Size(min = 1, max = 63)
        String name) {

  /** Absent values as empty ones. */
  public SecretReference {
    name = Values.text(name);
  }
}
