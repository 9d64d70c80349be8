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
 * What an extension is.
 *
 * @param type the extension class
 * @param version the version shown everywhere; it does not select the image, the digest does
 * @param imageName the name on the host, empty for the name of the object; see {@link
 *     SystemExtension#imageName()}
 * @param images one image an architecture
 * @param services units of the host that belong to it
 * @param healthChecks tell whether it works; one that fails brings the version before back
 * @param signatureOrNull who has to have signed them; read it by {@link #signature()}
 * @param requiresOrNull what it needs to work; read it by {@link #requires()}
 * @param conflicts SystemExtensions that must not be on the same node
 * @param pullSecretOrNull what the images' servers ask for; read it by {@link #pullSecret()}
 * @param caBundleOrNull whom else to believe there; read it by {@link #caBundle()}
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "self.type == oldSelf.type",
    fieldPath = ".type",
    message = "type cannot be changed: make a new SystemExtension")
@ValidationRule(
    value =
        "has(self.imageName) == has(oldSelf.imageName) && (!has(self.imageName) || self.imageName =="
            + " oldSelf.imageName)",
    fieldPath = ".imageName",
    message = "imageName cannot be changed: make a new SystemExtension")
@ValidationRule(
    value =
        "!has(self.imageName) ||" + " self.imageName.matches('^" + Api.IMAGE_NAME_PATTERN + "$')",
    fieldPath = ".imageName",
    message =
        "imageName is a plain name, no path: letters, digits, '_' and '-', with single dots between them")
@ValidationRule(
    value = "!has(self.imageName) || !self.imageName.matches('[.](raw|sysext|confext)$')",
    fieldPath = ".imageName",
    message = "imageName goes without .raw, .sysext or .confext: take the ending off")
@ValidationRule(
    value = "self.version.matches('^[A-Za-z0-9]([A-Za-z0-9._+~-]*[A-Za-z0-9])?$')",
    fieldPath = ".version",
    message =
        "version is made of letters, digits, '.', '_', '+', '~' and '-', with a letter or digit at both ends")
@ValidationRule(
    value = "self.images.size() == 1 || self.images.all(i, i.architecture != 'any')",
    fieldPath = ".images",
    message = "with more than one image each has to name its architecture; 'any' goes alone")
@SchemaCustomizer(
    value = DeepMerge.class,
    input =
        """
        properties:
          images:
            minItems: 1
            maxItems: 8
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [architecture]
          services:
            maxItems: 16
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [name]
          healthChecks:
            maxItems: 16
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [name]
          conflicts: {maxItems: 16, x-kubernetes-list-type: set, items: {minLength: 1, maxLength: 63}}
        """)
public record SystemExtensionSpec(
    @JsonPropertyDescription(
            "The extension class: Sysext (over /usr and /opt), or Confext (over /etc, which can be neither written to nor"
                + " executed from while one is merged; systemd 254 and newer). Immutable.")
        @Default("Sysext")
        ExtensionType type,
    @JsonPropertyDescription(
            "The version shown everywhere. The digest, not the version, says which image it is.")
        @Required
        @Size(max = 63)
        String version,
    @JsonPropertyDescription(
            "The image's name on the host: a plain name of letters, digits, '.', '_' and '-', no path. The image has to"
                + " hold usr/lib/extension-release.d/extension-release.NAME, a Confext"
                + " etc/extension-release.d/extension-release.NAME. Default: metadata.name. Immutable.")
        @Size(max = 63)
        String imageName,
    @JsonPropertyDescription("One image an architecture.") @Required List<ExtensionImage> images,
    @JsonPropertyDescription("Units of the host that belong to the extension.")
        List<Service> services,
    @JsonPropertyDescription(
            "Run on the host after activation; one that fails brings the version before back.")
        List<HealthCheck> healthChecks,
    @JsonPropertyDescription(
            "Who has to have signed the images. Default: each host decides by its own image policy.")
        @JsonProperty("signature")
        Signature signatureOrNull,
    @JsonPropertyDescription("What it needs to work.") @JsonProperty("requires")
        Requirements requiresOrNull,
    @JsonPropertyDescription("SystemExtensions that must not be on the same node.")
        List<String> conflicts,
    @JsonPropertyDescription(
            "A Secret in the operator's namespace with what the images' servers ask for: of type"
                + " kubernetes.io/dockerconfigjson (the entry of the server's host is taken),"
                + " kubernetes.io/basic-auth, or Opaque with a bearer token in the key token. Sent over"
                + " https only, and to the host of the URL only.")
        @JsonProperty("pullSecret")
        SecretReference pullSecretOrNull,
    @JsonPropertyDescription(
            "A ConfigMap in the operator's namespace with PEM certificates of authorities to believe for these"
                + " images, beside the usual ones.")
        @JsonProperty("caBundle")
        ConfigMapReference caBundleOrNull) {

  /**
   * Fills in what the API server would have: it does so for objects that passed it, tests' objects
   * did not.
   */
  public SystemExtensionSpec {
    type = Values.or(type, ExtensionType.SYSEXT);
    version = Values.text(version);
    imageName = Values.text(imageName);
    images = Values.list(images);
    services = Values.list(services);
    healthChecks = Values.list(healthChecks);
    signatureOrNull = Signature.orNull(signatureOrNull);
    conflicts = Values.list(conflicts);
  }

  /** Who has to have signed the images. */
  public Signature signature() {
    return Values.or(signatureOrNull, Signature.HOST);
  }

  /** What it needs to work. */
  public Requirements requires() {
    return Values.or(requiresOrNull, Requirements.NONE);
  }

  /** The Secret with what the images' servers ask for. */
  public Optional<SecretReference> pullSecret() {
    return Optional.ofNullable(pullSecretOrNull);
  }

  /** The ConfigMap with the authorities to believe beside the usual ones. */
  public Optional<ConfigMapReference> caBundle() {
    return Optional.ofNullable(caBundleOrNull);
  }
}
