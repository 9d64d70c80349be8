package io.kairos.extensions.e2e.api;

import java.util.List;

/**
 * A resource as a person applies it.
 *
 * @param title what it is, for the test's report
 * @param resource YAML
 * @param said what the answer has to contain, each of them
 */
record Applied(String title, String resource, List<String> said) {
  static final String SHA = "0123456789abcdef".repeat(4);
  static final String URL = "https://extensions.example.org/hello-1.0.0.raw";
  static final String IMAGE = "{url: '" + URL + "', sha256: " + SHA + "}";

  /** Where a policy's rules do not matter. */
  static final String EVERYWHERE = "nodeSelector: {}, extensions: [{name: hello}]";

  static String extension(String name, String spec) {
    return resource("SystemExtension", name, spec);
  }

  static String policy(String name, String spec) {
    return resource("NodeExtensionPolicy", name, spec);
  }

  static String resource(String kind, String name, String spec) {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: %s
        metadata: {name: %s}
        spec: %s
        """
        .formatted(kind, name, spec);
  }

  @Override
  public String toString() {
    return title;
  }
}
