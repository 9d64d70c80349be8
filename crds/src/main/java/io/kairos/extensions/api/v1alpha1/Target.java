package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.kairos.extensions.api.schema.DeepMerge;
import java.util.List;
import lombok.Builder;

/**
 * What an assignment wants on the host.
 *
 * @param revision the policy's revision that this is part of
 * @param version the version to show
 * @param image the one image for this node
 * @param profiles the boot profiles to enable it in
 * @param activation how it gets merged
 * @param soakSeconds how long it has to stay merged to count as proven, in seconds
 * @param services units of the host that belong to it
 * @param healthChecks tell whether it works
 * @param signatureOrNull who has to have signed the image; read it by {@link #signature()}
 * @param afterDrain whether what it would disturb waits for a {@link Maintenance} that allows it
 * @param requiresOrNull what it needs of the host; read it by {@link #requires()}
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          profiles: {minItems: 1, maxItems: 4}
          soakSeconds: {minimum: 0, maximum: 86400}
          services: {maxItems: 16}
          healthChecks: {maxItems: 16}
        """)
public record Target(
    @JsonPropertyDescription("The policy's revision that this is part of.")
        @Required
        @Size(max = 63)
        String revision,
    @JsonPropertyDescription("The version to show.") @Required @Size(max = 63) String version,
    @JsonPropertyDescription("The one image for this node.") @Required ResolvedImage image,
    @JsonPropertyDescription("The boot profiles to enable it in.") @Required List<Profile> profiles,
    @JsonPropertyDescription("How it gets merged.") @Required Activation activation,
    @JsonPropertyDescription("How long it has to stay merged to count as proven.") int soakSeconds,
    @JsonPropertyDescription("Units of the host that belong to it.") List<Service> services,
    @JsonPropertyDescription("Tell whether it works.") List<HealthCheck> healthChecks,
    @JsonPropertyDescription(
            "Who has to have signed the image. Absent: the host decides by its own image policy.")
        @JsonProperty("signature")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        Signature signatureOrNull,
    @JsonPropertyDescription("Whether a live change waits for a maintenance that allows it.")
        @JsonInclude(JsonInclude.Include.NON_DEFAULT)
        boolean afterDrain,
    @JsonPropertyDescription(
            "What it needs of the host; extensions by the names of their SystemExtensions.")
        @JsonProperty("requires")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        Requirements requiresOrNull) {

  /** Absent values as empty ones. */
  public Target {
    profiles = Values.list(profiles);
    services = Values.list(services);
    healthChecks = Values.list(healthChecks);
    signatureOrNull = Signature.orNull(signatureOrNull);
  }

  /** Who has to have signed the image. */
  public Signature signature() {
    return Values.or(signatureOrNull, Signature.HOST);
  }

  /** What it needs of the host. */
  public Requirements requires() {
    return Values.or(requiresOrNull, Requirements.NONE);
  }

  /**
   * An image, resolved.
   *
   * @param url where it lies
   * @param sha256 the digest of the whole file, 64 lower-case hex digits
   * @param pullSecret the Secret whose user or token the source asks for, empty for none
   * @param caBundle the ConfigMap whose certificates to believe there as well, empty for none
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record ResolvedImage(
      @Required @Size(max = 1024) String url,
      @Required @Size(min = 64, max = 64) String sha256,
      @JsonPropertyDescription("The Secret whose user or token the source asks for.")
          @Size(max = 63)
          String pullSecret,
      @JsonPropertyDescription("The ConfigMap whose certificates to believe there as well.")
          @Size(max = 63)
          String caBundle) {

    /** Absent values as empty ones. */
    public ResolvedImage {
      pullSecret = Values.text(pullSecret);
      caBundle = Values.text(caBundle);
    }

    /** One that everybody may have, from a server that everybody believes. */
    public ResolvedImage(String url, String sha256) {
      this(url, sha256, "", "");
    }
  }
}
