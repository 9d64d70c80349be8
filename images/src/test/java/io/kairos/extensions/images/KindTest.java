package io.kairos.extensions.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** On kind, by the {@code kind} and {@code docker} of the machine. */
class KindTest extends ContainerClusterScenarios {

  @Override
  Optional<String> missing() throws InterruptedException {
    if (Shell.ask(List.of("kind", "version")).isEmpty()) {
      return Optional.of("no kind on the PATH (go install sigs.k8s.io/kind@latest)");
    }
    return Shell.ask(List.of("docker", "version")).isPresent()
        ? Optional.empty()
        : Optional.of("docker, which kind calls, reaches no engine");
  }

  @Override
  ContainerCluster cluster() throws IOException, InterruptedException {
    return new Kind(
        "sysext-" + ProcessHandle.current().pid(), Shell.run(List.of("kind", "version")));
  }

  /**
   * A cluster.
   *
   * @param name of its own, so that clusters of other builds are left alone
   * @param version of kind, which decides on that of Kubernetes
   */
  private record Kind(String name, String version) implements ContainerCluster {
    @Override
    public String describe() {
      return version;
    }

    @Override
    public void start() throws IOException, InterruptedException {
      // kind would write into the kubeconfig of whoever runs the build.
      Path elsewhere = Files.createTempFile("kind-", ".kubeconfig");
      try {
        kind("create", "cluster", "--wait", "3m", "--kubeconfig", elsewhere.toString());
      } finally {
        Files.delete(elsewhere);
      }
    }

    @Override
    public String kubeconfig() throws IOException, InterruptedException {
      return kind("get", "kubeconfig");
    }

    @Override
    public void load(Path archive) throws IOException, InterruptedException {
      kind("load", "image-archive", archive.toString());
    }

    @Override
    public void onNode(String... command) throws IOException, InterruptedException {
      List<String> all = new ArrayList<>(List.of("docker", "exec", name + "-control-plane"));
      all.addAll(List.of(command));
      Shell.run(all);
    }

    @Override
    public void remove() throws IOException, InterruptedException {
      kind("delete", "cluster");
    }

    private String kind(String... command) throws IOException, InterruptedException {
      List<String> all = new ArrayList<>(List.of("kind"));
      all.addAll(List.of(command));
      all.addAll(List.of("--name", name));
      return Shell.run(all);
    }
  }
}
