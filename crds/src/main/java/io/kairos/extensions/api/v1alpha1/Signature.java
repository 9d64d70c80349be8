package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Optional;

/**
 * Who has to have signed an extension's images.
 *
 * @param policy who decides whether they have to be signed
 * @param trustedCertificatesOrNull by whom, where this says Required; read it by {@link
 *     #configMap()}
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value = "!has(self.trustedCertificates) || self.policy == 'Required'",
    fieldPath = ".trustedCertificates",
    message =
        "trustedCertificates count only where a signature is required: set policy: Required beside"
            + " them, or take them out")
public record Signature(
    @JsonPropertyDescription(
            "Host: each host decides by its own image policy. Required: an image that none of the trusted certificates"
                + " signed is refused everywhere.")
        @Default("Host")
        SignaturePolicy policy,
    @JsonPropertyDescription(
            "Whose signatures count. Without, the agents' own configuration says (SYSEXT_TRUSTED_CERTIFICATES).")
        @JsonProperty("trustedCertificates")
        Certificates trustedCertificatesOrNull) {

  /** Each host decides: what is not said means this. */
  public static final Signature HOST = new Signature(SignaturePolicy.HOST, null);

  /** Absent values as their defaults. */
  public Signature {
    policy = Values.or(policy, SignaturePolicy.HOST);
  }

  /** A signature of one of the certificates in a ConfigMap is required. */
  public static Signature requiredBy(String configMap) {
    return new Signature(SignaturePolicy.REQUIRED, new Certificates(configMap));
  }

  /** Whether an image has to be signed, whatever the host says. */
  public boolean required() {
    return policy == SignaturePolicy.REQUIRED;
  }

  /** The ConfigMap with the trusted certificates, where one is named. */
  public Optional<String> configMap() {
    return Optional.ofNullable(trustedCertificatesOrNull).map(Certificates::configMap);
  }

  /** Nothing where it says no more than what holds anyway, so that it is left out of JSON. */
  static Signature orNull(Signature signature) {
    return HOST.equals(signature) ? null : signature;
  }

  /**
   * Where certificates are.
   *
   * @param configMap in the operator's namespace; each of its values is one or more PEM
   *     certificates
   */
  @ValidationRule(
      value = "self.configMap.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
      fieldPath = ".configMap",
      message = "configMap is a name of lower-case letters, digits and '-', without dots")
  public record Certificates(
      @JsonPropertyDescription(
              "A ConfigMap in the operator's namespace, each of whose values is one or more PEM certificates.")
          @Required
          @Size(min = 1, max = 63)
          String configMap) {

    /** Absent values as empty ones. */
    public Certificates {
      configMap = Values.text(configMap);
    }
  }
}
