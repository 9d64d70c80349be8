package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/**
 * An extension that a node has nothing of yet and waits to be admitted for. Of one that it has in
 * another version, {@link Assignment#next()} says the same.
 *
 * @param type the extension class
 * @param name the image's name on the host
 * @param extension the SystemExtension it comes from
 * @param policy the NodeExtensionPolicy that will give it
 * @param target what shall be, once it is assigned
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Upcoming(
    @JsonPropertyDescription("The extension class.") @Required @Default("Sysext")
        ExtensionType type,
    @JsonPropertyDescription("The image's name on the host.") @Required @Size(min = 1, max = 63)
        String name,
    @JsonPropertyDescription("The SystemExtension it comes from.") @Required @Size(max = 253)
        String extension,
    @JsonPropertyDescription("The NodeExtensionPolicy that will give it.")
        @Required
        @Size(max = 253)
        String policy,
    @JsonPropertyDescription("What shall be, once it is assigned.") @Required Target target) {

  /** Fills in what the API server would have. */
  public Upcoming {
    type = Values.or(type, ExtensionType.SYSEXT);
  }

  /** Ahead of an assignment. */
  public static Upcoming of(Assignment assignment) {
    return new Upcoming(
        assignment.type(),
        assignment.name(),
        assignment.extension(),
        assignment.policy(),
        assignment.target());
  }

  /** What identifies it on a node. */
  @JsonIgnore
  public ExtensionKey key() {
    return new ExtensionKey(type, name);
  }

  /** As it is assigned when its turn comes, but for what the admission adds. */
  public Assignment assigned() {
    return new Assignment(type, name, extension, policy, target, false);
  }
}
