package io.kairos.extensions.e2e.cluster;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The etcd, kube-apiserver and kubectl that tests run on, or why there are none.
 *
 * <p>They live where kube-api-test keeps them, {@code $KUBE_API_TEST_DIR} or {@code
 * ~/.kubeapitest}, in {@code k8s/VERSION-OS-ARCH/}. A complete version that is there is used, the
 * newest first, and before all others one of the minor version that is built where there is none.
 * Otherwise kube-api-test's own download is tried, and where that cannot be reached, Go builds the
 * same programs from their released modules. {@code -Dkube.version=1.30} asks for one version, and
 * no other will do.
 */
public sealed interface KubeApiBinaries {

  /** All three programs are on this machine. */
  record Available(Path folder, String version, Source source) implements KubeApiBinaries {

    /** The program in the cluster's store. */
    public Path etcd() {
      return folder.resolve("etcd");
    }

    /** The API server. */
    public Path apiServer() {
      return folder.resolve("kube-apiserver");
    }

    /** The command line of the same version. */
    public Path kubectl() {
      return folder.resolve("kubectl");
    }
  }

  /**
   * They are not here and cannot be had with this effort: a reason for each way that was looked at.
   */
  record Unavailable(List<String> reasons) implements KubeApiBinaries {
    public Unavailable {
      reasons = List.copyOf(reasons);
    }
  }

  /** How the programs came to be here. */
  enum Source {
    CACHED,
    DOWNLOADED,
    BUILT
  }

  /**
   * Looks in kube-api-test's folder for what this run of the build was told to use; tells {@code
   * progress} of everything that takes a while.
   *
   * @throws IllegalStateException if it was told to use a version that this effort does not get:
   *     nobody shall believe that the tests ran on it
   */
  static KubeApiBinaries find(Effort effort, Consumer<String> progress) {
    Optional<KubeVersion> asked = KubeVersion.asked();
    KubeApiBinaries found = new BinaryFinder(home(), asked, progress).find(effort);
    if (asked.isPresent() && found instanceof Unavailable unavailable && effort != Effort.BUILD) {
      throw new IllegalStateException(
          "%s: `mvn -pl e2e-kind exec:java@provide-api-server -D%s=%s` gets it"
              .formatted(
                  String.join("; ", unavailable.reasons()),
                  KubeVersion.PROPERTY,
                  asked.get().text()));
    }
    return found;
  }

  /** The folder that kube-api-test uses. */
  static Path home() {
    String configured = System.getenv("KUBE_API_TEST_DIR");
    return configured == null || configured.isBlank()
        ? Path.of(System.getProperty("user.home"), ".kubeapitest")
        : Path.of(configured).toAbsolutePath();
  }
}
