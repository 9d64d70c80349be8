package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
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
    value = "!self.url.matches('^[a-z]+://[^/]*@')",
    message = "url carries a user name or password, which everyone could read")
public record ExtensionImage(
    @JsonPropertyDescription(
            "What it runs on, as in the node label kubernetes.io/arch. Default: any.")
        @Default("any")
        Architecture architecture,
    @JsonPropertyDescription(
            "Where the image lies: https://, http:// or file:// (a path on the host).")
        @Required
        @Size(max = 1024)
        @Pattern("^(https?://[^/\\s]+/\\S*|file:///\\S+)$")
        String url,
    @JsonPropertyDescription(
            "The digest of the whole file: 64 lower-case hex digits, as sha256sum prints.")
        @Size(min = 64, max = 64)
        @Pattern("^[a-f0-9]{64}$")
        String sha256) {

  /** Absent values as empty ones. */
  public ExtensionImage {
    architecture = Values.or(architecture, Architecture.ANY);
    url = Values.text(url);
    sha256 = Values.text(sha256);
  }
}
