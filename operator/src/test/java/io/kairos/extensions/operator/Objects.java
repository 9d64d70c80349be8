package io.kairos.extensions.operator;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import java.util.List;

/** Objects for tests against an API server. */
final class Objects {
  private Objects() {}

  static Node node(String name) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .addToLabels("kubernetes.io/arch", "amd64")
        .endMetadata()
        .withNewStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .endCondition()
        .withNewNodeInfo()
        .withArchitecture("amd64")
        .endNodeInfo()
        .endStatus()
        .build();
  }

  static SystemExtension extension(String name, String version) {
    SystemExtension extension = new SystemExtension();
    extension.getMetadata().setName(name);
    extension.setSpec(spec(name, version));
    return extension;
  }

  static SystemExtensionSpec spec(String name, String version) {
    String digest = String.format("%064x", (name + version).hashCode() & 0xffffffffL);
    return SystemExtensionSpec.builder()
        .version(version)
        .images(
            List.of(
                new ExtensionImage(
                    Architecture.AMD64, "https://example.org/" + name + ".raw", digest)))
        .build();
  }

  static NodeExtensionPolicy policy(String name, int maxUnavailable, String extension) {
    NodeExtensionPolicy policy = new NodeExtensionPolicy();
    policy.getMetadata().setName(name);
    policy.setSpec(
        NodeExtensionPolicySpec.builder()
            .extensions(List.of(ExtensionReference.byName(extension)))
            .activation(Activation.LIVE)
            .rollout(new Rollout(new IntOrString(maxUnavailable), 0))
            .build());
    return policy;
  }
}
