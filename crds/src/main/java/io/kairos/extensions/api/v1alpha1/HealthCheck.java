package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import java.util.Optional;
import lombok.Builder;

/**
 * Tells whether an extension works on its host: run after it was merged and its services were dealt
 * with, and once more at the end of its soak. Exactly one of the four kinds is set.
 *
 * @param name for messages
 * @param unit has to be active, as one and the same invocation, for five seconds; empty for none
 * @param file has to exist on the host, an absolute path; empty for none
 * @param httpGetOrNull has to be answered by a status from 200 to 399; read it by {@link
 *     #httpGet()}
 * @param command a program of the host and its arguments, has to exit with 0; run as root; empty
 *     for none
 * @param timeoutSeconds it has to pass within this time, in seconds
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value =
        "[has(self.unit), has(self.file), has(self.httpGet), has(self.command)].filter(x, x).size()"
            + " == 1",
    message = "set exactly one of unit, file, httpGet and command")
@ValidationRule(
    value =
        "!has(self.unit) ||"
            + " self.unit.matches('^[A-Za-z0-9:_.@-]+[.](service|socket|timer|path|target|mount|slice)$')",
    fieldPath = ".unit",
    message = "unit is a unit's whole name, such as tailscaled.service")
@ValidationRule(
    value = "!has(self.file) || self.file.matches('^/[^[:cntrl:]]+$')",
    fieldPath = ".file",
    message = "file is an absolute path on the host")
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          timeoutSeconds: {minimum: 5, maximum: 3600}
          command:
            maxItems: 32
            items: {maxLength: 1024}
        """)
public record HealthCheck(
    @JsonPropertyDescription("For messages.") @Required @Size(min = 1, max = 63) String name,
    @JsonPropertyDescription(
            "A unit that has to be active, without a restart, for five seconds in a row.")
        @Size(max = 255)
        String unit,
    @JsonPropertyDescription("An absolute path that has to exist on the host.") @Size(max = 1024)
        String file,
    @JsonPropertyDescription("A request to the host that has to be answered well.")
        @JsonProperty("httpGet")
        HttpGet httpGetOrNull,
    @JsonPropertyDescription(
            "A program of the host and its arguments that has to exit with 0. It is run as root, so the agent's own"
                + " configuration has to allow commands.")
        List<String> command,
    @JsonPropertyDescription("It has to pass within this time.") @Default("60")
        int timeoutSeconds) {

  private static final int DEFAULT_SECONDS = 60;

  /** Absent values as empty ones. */
  public HealthCheck {
    name = Values.text(name);
    unit = Values.text(unit);
    file = Values.text(file);
    command = Values.list(command);
    timeoutSeconds = timeoutSeconds == 0 ? DEFAULT_SECONDS : timeoutSeconds;
  }

  /** The request, where the check is one. */
  public Optional<HttpGet> httpGet() {
    return Optional.ofNullable(httpGetOrNull);
  }

  /**
   * A request to {@code http://127.0.0.1} of the host.
   *
   * @param port from 1 to 65535
   * @param path with its leading {@code /}
   */
  @ValidationRule(
      value = "!has(self.path) || self.path.matches('^/[!-~]*$')",
      fieldPath = ".path",
      message = "path begins with '/' and has no spaces")
  @SchemaCustomizer(
      value = DeepMerge.class,
      input = "properties: {port: {minimum: 1, maximum: 65535}}")
  public record HttpGet(
      @JsonPropertyDescription("The port on the host's loopback.") @Required int port,
      @JsonPropertyDescription("The path.") @Default("/") @Size(max = 1024) String path) {

    /** Fills in what the API server would have. */
    public HttpGet {
      path = Values.or(path, "/");
    }
  }
}
