package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.Optional;
import lombok.Builder;

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
 * @param wave the wave of the policy's rollout that the node was admitted with, empty for none
 * @param attempt the nonce of the retry that the target was given for, empty before the first; a
 *     new one has the agent try again what failed
 * @param admittedTime when the operator admitted the target here, RFC 3339 by the operator's clock;
 *     empty where it was not
 * @param nextOrNull what may be downloaded and inspected, never linked; read it by {@link #next()}
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
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
        boolean remove,
    @JsonPropertyDescription("The wave that the node was admitted with.") @Size(max = 63)
        String wave,
    @JsonPropertyDescription(
            "The nonce of the retry that the target was given for; a new one has the agent try again what failed.")
        @Size(max = 63)
        String attempt,
    @JsonPropertyDescription("When the operator admitted the target here, by its own clock.")
        @Size(max = 40)
        String admittedTime,
    @JsonPropertyDescription(
            "What comes next: it may be downloaded and inspected, and is never linked.")
        @JsonProperty("next")
        Target nextOrNull) {

  /** Fills in what the API server would have. */
  public Assignment {
    type = Values.or(type, ExtensionType.SYSEXT);
    wave = Values.text(wave);
    attempt = Values.text(attempt);
    admittedTime = Values.text(admittedTime);
  }

  /** Of no wave, a first attempt, with nothing to come next. */
  public Assignment(
      ExtensionType type,
      String name,
      String extension,
      String policy,
      Target target,
      boolean remove) {
    this(type, name, extension, policy, target, remove, "", "", "", null);
  }

  /** What identifies it on a node. */
  @JsonIgnore
  public ExtensionKey key() {
    return new ExtensionKey(type, name);
  }

  /** What may be downloaded and inspected ahead of its turn. */
  public Optional<Target> next() {
    return Optional.ofNullable(nextOrNull);
  }

  /**
   * Whether another one asks the same of the host, whatever wave, attempt and time it was written
   * for, and whatever comes next.
   */
  @JsonIgnore
  public boolean isSameOrder(Assignment other) {
    return key().equals(other.key())
        && extension.equals(other.extension)
        && policy.equals(other.policy)
        && remove == other.remove
        && target.equals(other.target);
  }

  /** The same as a tombstone. */
  public Assignment tombstone() {
    return toBuilder().remove(true).nextOrNull(null).build();
  }
}
