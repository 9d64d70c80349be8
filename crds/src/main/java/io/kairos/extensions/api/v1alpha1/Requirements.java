package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;

/**
 * What an extension needs to work.
 *
 * @param systemd comparisons with the version of the host's systemd, empty for any: {@code >=255},
 *     several separated by commas; all have to hold
 * @param kernel the same of the kernel's release
 * @param extensions what has to be on the same node: in a SystemExtension names of others, in an
 *     assignment their names on the host
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "!has(self.systemd) || self.systemd.matches('" + Requirements.CONSTRAINT + "')",
    fieldPath = ".systemd",
    message = "systemd is a comparison like >=255, several separated by commas")
@ValidationRule(
    value = "!has(self.kernel) || self.kernel.matches('" + Requirements.CONSTRAINT + "')",
    fieldPath = ".kernel",
    message = "kernel is a comparison like >=6.1, several separated by commas")
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        "properties: {extensions: {maxItems: 16, x-kubernetes-list-type: set, items: {minLength: 1, maxLength: 63}}}")
public record Requirements(
    @JsonPropertyDescription(
            "Comparisons with the version of the host's systemd, like '>=255'; several separated by commas.")
        @Size(max = 63)
        String systemd,
    @JsonPropertyDescription(
            "Comparisons with the release of the host's kernel, like '>=6.1'; several separated by commas.")
        @Size(max = 63)
        String kernel,
    @JsonPropertyDescription("Other extensions that have to be on the same node.")
        List<String> extensions) {

  /** Nothing. */
  public static final Requirements NONE = new Requirements("", "", List.of());

  static final String CONSTRAINT =
      "^(>=|<=|!=|=|>|<) ?[A-Za-z0-9.^~_+-]+( ?, ?(>=|<=|!=|=|>|<) ?[A-Za-z0-9.^~_+-]+)*$";

  /** Absent values as empty ones. */
  public Requirements {
    systemd = Values.text(systemd);
    kernel = Values.text(kernel);
    extensions = Values.list(extensions);
  }

  /** Whether nothing is needed. */
  @JsonIgnore
  public boolean isEmpty() {
    return equals(NONE);
  }
}
