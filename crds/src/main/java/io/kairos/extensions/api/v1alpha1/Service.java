package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/**
 * A unit of the host that belongs to an extension. It is stopped before the extension goes; one
 * that the host has without it, and would start at a boot, is started again then, unless it is to
 * be left alone.
 *
 * @param name the unit's whole name
 * @param onChange what to do after the extension's files changed
 */
@ValidationRule(
    value =
        "self.name.matches('^[A-Za-z0-9:_.@-]+[.](service|socket|timer|path|target|mount|slice)$')",
    fieldPath = ".name",
    message = "name is a unit's whole name, such as tailscaled.service")
public record Service(
    @JsonPropertyDescription("The unit's whole name, such as tailscaled.service.")
        @Required
        @Size(max = 255)
        String name,
    @JsonPropertyDescription("What to do after the extension's files changed.") @Default("Restart")
        ServiceAction onChange) {

  /** Fills in what the API server would have. */
  public Service {
    name = Values.text(name);
    onChange = Values.or(onChange, ServiceAction.RESTART);
  }
}
