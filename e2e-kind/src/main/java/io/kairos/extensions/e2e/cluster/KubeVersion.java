package io.kairos.extensions.e2e.cluster;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which Kubernetes is asked for: a minor version, {@code 1.30}, or one release of it, {@code
 * 1.30.14}.
 */
record KubeVersion(String text) {

  /** System property: the version that tests are to run on; without it, any will do. */
  static final String PROPERTY = "kube.version";

  private static final Pattern FORM = Pattern.compile("[0-9]+\\.[0-9]+(\\.[0-9]+)?");

  /**
   * Refuses what is no version.
   *
   * @throws IllegalArgumentException with the forms that there are
   */
  KubeVersion {
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "-D%s=%s: give a minor version, 1.30, or a release of it, 1.30.14"
              .formatted(PROPERTY, text));
    }
  }

  /** What this run of the build was told. */
  static Optional<KubeVersion> asked() {
    return Optional.ofNullable(System.getProperty(PROPERTY))
        .filter(text -> !text.isBlank())
        .map(KubeVersion::new);
  }

  /** Whether a release is what is asked for. */
  boolean includes(String release) {
    return release.equals(text) || release.startsWith(text + ".");
  }

  /** Whether it leaves the patch release open. */
  boolean isMinor() {
    return text.indexOf('.') == text.lastIndexOf('.');
  }
}
