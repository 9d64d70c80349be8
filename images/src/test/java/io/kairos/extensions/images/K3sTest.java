package io.kairos.extensions.images;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * On k3s, by Testcontainers. Where its image comes from elsewhere than Docker Hub, or another
 * release is to be tried: {@code -Dk3s.image=registry.example.org/k3s:v1.33.4-k3s1}.
 */
class K3sTest extends ContainerClusterScenarios {
  private static final DockerImageName K3S = DockerImageName.parse("rancher/k3s:v1.33.4-k3s1");

  @Override
  Optional<String> missing() {
    return Optional.empty();
  }

  @Override
  ContainerCluster cluster() {
    DockerImageName image = image();
    return new K3s(image.asCanonicalNameString(), new K3sContainer(image));
  }

  private static DockerImageName image() {
    String named = System.getProperty("k3s.image", "");
    return named.isEmpty() ? K3S : DockerImageName.parse(named).asCompatibleSubstituteFor(K3S);
  }

  /**
   * A cluster.
   *
   * @param image what it really runs on, for the report
   * @param container of that image
   */
  private record K3s(String image, K3sContainer container) implements ContainerCluster {
    @Override
    public String describe() {
      return image;
    }

    @Override
    public void start() {
      container.start();
    }

    @Override
    public String kubeconfig() {
      return container.getKubeConfigYaml();
    }

    @Override
    public void load(Path archive) throws IOException, InterruptedException {
      String file = "/tmp/" + archive.getFileName();
      copy(archive, file);
      onNode("ctr", "-n", "k8s.io", "images", "import", file);
    }

    @Override
    public void copy(Path file, String onNode) {
      container.copyFileToContainer(MountableFile.forHostPath(file), onNode);
    }

    @Override
    public String onNode(String... command) throws IOException, InterruptedException {
      var result = container.execInContainer(StandardCharsets.UTF_8, command);
      if (result.getExitCode() != 0) {
        throw new IOException(String.join(" ", command) + ": " + result.getStderr());
      }
      return result.getStdout().strip();
    }

    @Override
    public void remove() {
      container.stop();
    }
  }
}
