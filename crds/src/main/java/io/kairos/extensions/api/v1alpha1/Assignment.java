package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/**
 * One extension on one node.
 *
 * @param type the extension class
 * @param name the image's name on the host
 * @param extension the SystemExtension it comes from
 * @param policy the NodeExtensionPolicy that gives it
 * @param target what shall be
 * @param remove true: a tombstone, the only thing that removes; stays until the agent reports
 *     {@link Phase#REMOVED}
 */
public record Assignment(
    @JsonPropertyDescription("The extension class.") @Required @Default("Sysext")
        ExtensionType type,
    @JsonPropertyDescription("The image's name on the host.") @Required @Size(min = 1, max = 63)
        String name,
    @JsonPropertyDescription("The SystemExtension it comes from.") @Required @Size(max = 253)
        String extension,
    @JsonPropertyDescription("The NodeExtensionPolicy that gives it.") @Required @Size(max = 253)
        String policy,
    @JsonPropertyDescription("What shall be.") @Required Target target,
    @JsonPropertyDescription(
            "A tombstone: the only thing that removes. It stays until the agent reports Removed.")
        @Default("false")
        boolean remove) {

  /** Fills in what the API server would have. */
  public Assignment {
    type = Values.or(type, ExtensionType.SYSEXT);
  }

  /** What identifies it on a node. */
  @JsonIgnore
  public ExtensionKey key() {
    return new ExtensionKey(type, name);
  }

  /** The same as a tombstone. */
  public Assignment tombstone() {
    return new Assignment(type, name, extension, policy, target, true);
  }
}
