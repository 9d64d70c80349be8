package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import java.util.Optional;
import lombok.Builder;

/**
 * Where one extension stands on the node.
 *
 * @param type the extension class
 * @param name the image's name on the host
 * @param phase where it stands
 * @param version what the phase speaks of: the version wanted
 * @param sha256 the digest that is in effect, empty where none is: merged, or else linked in a
 *     profile
 * @param profiles the profiles whose links show the wanted image
 * @param merged whether PID 1 shows it merged
 * @param revision the revision that the phase speaks of
 * @param attempts tries since the revision or the last success, 0 before the first
 * @param reason CamelCase, of {@link Reasons}
 * @param message what a person needs to know
 * @param lastTransitionTime when phase or reason moved, RFC 3339
 * @param soaked whether it stayed as wanted for the whole soak
 * @param stagedRevision the revision of {@link Assignment#target()}, {@link Assignment#next()} or
 *     {@link Upcoming#target()} whose image is verified in the store, the newest of them; empty for
 *     none
 * @param lastFailureOrNull what failed here last, kept while the agent tries again and when it
 *     succeeds; read it by {@link #lastFailure()}
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ExtensionStatus(
    @JsonPropertyDescription("The extension class.") @Required @Default("Sysext")
        ExtensionType type,
    @JsonPropertyDescription("The image's name on the host.") @Required String name,
    @JsonPropertyDescription("Where it stands.") @Required Phase phase,
    @JsonPropertyDescription("The version that the phase speaks of.") String version,
    @JsonPropertyDescription("The digest that is in effect: merged, or else linked in a profile.")
        String sha256,
    @JsonPropertyDescription("The profiles whose links show the wanted image.")
        List<Profile> profiles,
    @JsonPropertyDescription("Whether PID 1 shows it merged.") boolean merged,
    @JsonPropertyDescription("The revision that the phase speaks of.") String revision,
    @JsonPropertyDescription("Tries since the revision or the last success.") int attempts,
    @JsonPropertyDescription("Why, in CamelCase.") String reason,
    @JsonPropertyDescription("Why, for a person.") String message,
    @JsonPropertyDescription("When phase or reason moved.") String lastTransitionTime,
    @JsonPropertyDescription("Whether it stayed as wanted for the whole soak.") boolean soaked,
    @JsonPropertyDescription(
            "The revision whose image is verified in the store, also ahead of its turn.")
        String stagedRevision,
    @JsonPropertyDescription("What failed here last, kept when a further try succeeds.")
        @JsonProperty("lastFailure")
        LastFailure lastFailureOrNull) {

  /** Absent values as empty ones. */
  public ExtensionStatus {
    type = Values.or(type, ExtensionType.SYSEXT);
    version = Values.text(version);
    sha256 = Values.text(sha256);
    profiles = Values.list(profiles);
    revision = Values.text(revision);
    reason = Values.text(reason);
    message = Values.text(message);
    lastTransitionTime = Values.text(lastTransitionTime);
    stagedRevision = Values.text(stagedRevision);
  }

  /** What identifies it on the node. */
  @JsonIgnore
  public ExtensionKey key() {
    return new ExtensionKey(type, name);
  }

  /** What failed here last, if anything did. */
  public Optional<LastFailure> lastFailure() {
    return Optional.ofNullable(lastFailureOrNull);
  }

  /**
   * A failure. It counts for its revision and attempt alone.
   *
   * @param revision the revision that failed
   * @param attempt {@link Assignment#attempt()} of the assignment that failed
   * @param reason CamelCase, of {@link Reasons}
   * @param message what a person needs to know
   * @param time when it failed, RFC 3339 by the node's clock: to be shown, never to be reckoned
   *     with
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record LastFailure(
      @JsonPropertyDescription("The revision that failed.") String revision,
      @JsonPropertyDescription("The attempt that failed.") String attempt,
      @JsonPropertyDescription("Why, in CamelCase.") String reason,
      @JsonPropertyDescription("Why, for a person.") String message,
      @JsonPropertyDescription("When, by the node's clock.") String time) {
    /** Absent values as empty ones. */
    public LastFailure {
      revision = Values.text(revision);
      attempt = Values.text(attempt);
      reason = Values.text(reason);
      message = Values.text(message);
      time = Values.text(time);
    }
  }
}
