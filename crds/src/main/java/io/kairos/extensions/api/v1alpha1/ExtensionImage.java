package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/**
 * An image for one architecture.
 *
 * @param architecture what it runs on
 * @param url where it lies
 * @param sha256 the digest of the whole file, 64 lower-case hex digits
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value =
        "self.url.matches('^(https?://[^/[:space:]]+/[^[:space:]]*|file:///[^[:space:]]+"
            + "|oci://[^/[:space:]]+/[a-z0-9][a-z0-9._/-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[a-f0-9]{64})?)$')",
    fieldPath = ".url",
    message =
        "url is https://HOST/PATH, http://HOST/PATH, oci://HOST/REPOSITORY[:TAG|@sha256:DIGEST] or"
            + " file:///PATH-ON-THE-HOST")
@ValidationRule(
    value = "!self.url.matches('^[a-z]+://[^/]*@')",
    fieldPath = ".url",
    message = "url carries a user name or password, which everyone could read: take it out")
@ValidationRule(
    value = "has(self.sha256)",
    fieldPath = ".sha256",
    reason = "FieldValueRequired",
    message = "every image needs its sha256: the 64 hex digits that `sha256sum FILE` prints")
@ValidationRule(
    value = "!has(self.sha256) || self.sha256.matches('^" + Api.DIGEST_PATTERN + "$')",
    fieldPath = ".sha256",
    message =
        "sha256 is 64 lower-case hex digits and nothing else, as `sha256sum FILE` prints them")
public record ExtensionImage(
    @JsonPropertyDescription(
            "What it runs on, as in the node label kubernetes.io/arch. Default: any.")
        @Default("any")
        Architecture architecture,
    @JsonPropertyDescription(
            "Where the image lies: https://, http://, oci:// (a registry) or file:// (a path on the host).")
        @Required
        @Size(max = 1024)
        String url,
    @JsonPropertyDescription(
            "The digest of the whole image file, also of one in a registry: 64 lower-case hex digits, as sha256sum"
                + " prints.")
        @Size(max = 128)
        String sha256) {

  /** Absent values as empty ones. */
  public ExtensionImage {
    architecture = Values.or(architecture, Architecture.ANY);
    url = Values.text(url);
    sha256 = Values.text(sha256);
  }
}
