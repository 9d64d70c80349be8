package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.Requirements;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.Signature;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The revision of a policy: {@code v1-} and the first 16 hex digits of the SHA-256 of a canonical
 * JSON of what it gives its nodes: the matched extensions (type, name, imageName, version, images,
 * requirements, services, health checks, signature), the profiles and the activation. Who gets it,
 * and how fast, is no part of it, nor is by which pull secret it is fetched: the digests say what
 * comes.
 *
 * <p>Keys and lists are sorted, there is no white space, and every field is written out here by
 * hand: an upgrade of this program, or of a library, must not move the revision of an unchanged
 * policy, for that would roll through the whole fleet. Another form would need another prefix. A
 * field that came later is written only where it is set, so that the fields before it stand.
 */
final class Revision {
  private static final int DIGITS = 16;

  private Revision() {}

  /** The revision of a policy that gives this. */
  static String of(RevisionContent content) {
    return "v1-" + Digests.sha256(canonical(content)).substring(0, DIGITS);
  }

  /** The revision of a policy that matches these extensions. */
  static String of(NodeExtensionPolicySpec spec, Collection<Extension> matched) {
    return of(RevisionContent.of(spec, matched));
  }

  /** What is hashed. */
  static String canonical(NodeExtensionPolicySpec spec, Collection<Extension> matched) {
    return canonical(RevisionContent.of(spec, matched));
  }

  private static String canonical(RevisionContent content) {
    return "{\"activation\":"
        + quoted(content.activation().text())
        + ",\"extensions\":"
        + content.extensions().stream()
            .map(Revision::extension)
            .collect(Collectors.joining(",", "[", "]"))
        + ",\"profiles\":"
        + content.profiles().stream()
            .map(profile -> quoted(profile.text()))
            .collect(Collectors.joining(",", "[", "]"))
        + "}";
  }

  private static String extension(RevisionContent.Item extension) {
    return "{"
        + list("healthChecks", extension.spec().healthChecks(), Revision::check)
        + "\"imageName\":"
        + quoted(extension.imageName())
        + ",\"images\":"
        + extension.spec().images().stream()
            .sorted(Comparator.comparing(image -> image.architecture().text()))
            .map(Revision::image)
            .collect(Collectors.joining(",", "[", "]"))
        + ",\"name\":"
        + quoted(extension.name())
        + ","
        + requires(extension.spec().requires())
        + list("services", extension.spec().services(), Revision::service)
        + signature(extension.spec().signature())
        + "\"type\":"
        + quoted(extension.spec().type().text())
        + ",\"version\":"
        + quoted(extension.spec().version())
        + "}";
  }

  /** A member with its comma, or nothing where the list is empty. */
  private static <T> String list(String name, List<T> values, Function<T, String> json) {
    return values.isEmpty()
        ? ""
        : values.stream().map(json).collect(Collectors.joining(",", quoted(name) + ":[", "],"));
  }

  private static String service(Service service) {
    return "{\"name\":"
        + quoted(service.name())
        + ",\"onChange\":"
        + quoted(service.onChange().text())
        + "}";
  }

  private static String check(HealthCheck check) {
    return "{"
        + list("command", check.command(), Revision::quoted)
        + "\"file\":"
        + quoted(check.file())
        + check
            .httpGet()
            .map(
                get ->
                    ",\"httpGet\":{\"path\":"
                        + quoted(get.path())
                        + ",\"port\":"
                        + get.port()
                        + "}")
            .orElse("")
        + ",\"name\":"
        + quoted(check.name())
        + ",\"timeoutSeconds\":"
        + check.timeoutSeconds()
        + ",\"unit\":"
        + quoted(check.unit())
        + "}";
  }

  private static String signature(Signature signature) {
    if (signature.equals(Signature.HOST)) {
      return "";
    }
    return "\"signature\":{\"policy\":"
        + quoted(signature.policy().text())
        + signature
            .configMap()
            .map(name -> ",\"trustedCertificates\":{\"configMap\":" + quoted(name) + "}")
            .orElse("")
        + "},";
  }

  /** Nothing at all where nothing is required, as before there were requirements. */
  private static String requires(Requirements requires) {
    return requires.isEmpty()
        ? ""
        : "\"requires\":{\"extensions\":"
            + requires.extensions().stream()
                .sorted()
                .map(Revision::quoted)
                .collect(Collectors.joining(",", "[", "]"))
            + ",\"kernel\":"
            + quoted(requires.kernel())
            + ",\"systemd\":"
            + quoted(requires.systemd())
            + "},";
  }

  private static String image(ExtensionImage image) {
    return "{\"architecture\":"
        + quoted(image.architecture().text())
        + ",\"sha256\":"
        + quoted(image.sha256())
        + ",\"url\":"
        + quoted(image.url())
        + "}";
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < 0x20) {
        json.append("\\u00").append(HexFormat.of().toHexDigits((byte) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
