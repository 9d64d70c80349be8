package io.kairos.extensions.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KubeApiTestClusterTest extends ClusterContract {

  private final List<KubeApiTestCluster> started = new ArrayList<>();

  @BeforeAll
  void start() {
    started.add(KubeApiTestCluster.start(binaries()));
    RunReport.ofThisBuild().record("cluster", cluster().describe());
  }

  @Override
  KubeApiTestCluster cluster() {
    return started.get(0);
  }

  @AfterAll
  void stop() {
    for (KubeApiTestCluster cluster : started) {
      List<ProcessHandle> processes = processes(cluster.kubeconfig().getParent());
      assertThat(processes).isNotEmpty();
      cluster.close();
      cluster.close();
      assertThat(processes).noneMatch(ProcessHandle::isAlive);
      assertThat(cluster.kubeconfig().getParent()).doesNotExist();
    }
  }

  @Test
  void saysWhatItIs() {
    assertThat(cluster().real()).isTrue();
    assertThat(cluster().describe())
        .matches("kube-apiserver v1\\.[0-9]+\\.[0-9]+ with etcd 3\\.[0-9.]+ \\(kube-api-test\\)");
    assertThat(cluster().describe()).contains(client.getKubernetesVersion().getGitVersion());
  }

  @Test
  void defaultsAreFilledInAndRulesAreKept() {
    assertThat(create("good", 10).<String>get("spec", "colour")).isEqualTo("grey");
    assertThatThrownBy(() -> create("large", 11))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("too large");
  }

  @Test
  void kubectlTakesTheKubeconfig() throws Exception {
    create("w", 1);
    assertThat(kubectl("get", "widgets", "-o", "name")).isEqualTo("widget.example.org/w\n");
  }

  @Test
  void onlyTheAdministratorMayDoEverything() {
    Config config = cluster().config();
    config.setImpersonateUsername("nobody");
    try (KubernetesClient nobody = new KubernetesClientBuilder().withConfig(config).build()) {
      assertRefused(403, () -> Widgets.of(nobody).list());
    }
  }

  @Test
  void aServiceAccountMayUseItsToken() throws Exception {
    client
        .resource(new NamespaceBuilder().withNewMetadata().withName("agents").endMetadata().build())
        .create();
    client
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace("agents")
                .withName("agent")
                .endMetadata()
                .build())
        .create();
    Config config = cluster().config();
    config.setClientCertFile(null);
    config.setClientKeyFile(null);
    config.setOauthToken(kubectl("create", "token", "agent", "-n", "agents").strip());
    try (KubernetesClient agent = new KubernetesClientBuilder().withConfig(config).build()) {
      assertThatThrownBy(() -> Widgets.of(agent).list())
          .hasMessageContaining("system:serviceaccount:agents:agent");
    }
  }

  @Test
  void theApiServerComesBackOnItsPortWithItsData() {
    create("w", 7);
    cluster().stopApiServer();
    Config impatient = cluster().config();
    impatient.setRequestRetryBackoffLimit(0);
    try (KubernetesClient cutOff = new KubernetesClientBuilder().withConfig(impatient).build()) {
      assertThatThrownBy(() -> Widgets.of(cutOff).list())
          .isInstanceOf(KubernetesClientException.class);
      cluster().startApiServer();
      assertThat(Widgets.of(cutOff).withName("w").get().<Integer>get("spec", "size")).isEqualTo(7);
    }
  }

  @Test
  void nothingListensBeyondThisMachine() throws Exception {
    Set<String> inodes =
        processes(cluster().kubeconfig().getParent()).stream()
            .flatMap(p -> sockets(p.pid()).stream())
            .collect(Collectors.toSet());
    List<String> listening = new ArrayList<>();
    for (String table : List.of("tcp", "tcp6")) {
      for (String line : Files.readAllLines(Path.of("/proc/net", table))) {
        String[] fields = line.strip().split("\\s+", -1);
        if (fields[3].equals("0A") && inodes.contains(fields[9])) {
          listening.add(fields[1].replaceFirst(":.*", ""));
        }
      }
    }
    assertThat(listening).isNotEmpty().containsOnly("0100007F");
  }

  @Test
  void aKilledJvmLeavesNoServerBehind() throws Exception {
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Abandoned.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (var out = jvm.inputReader()) {
      Path home = Path.of(String.valueOf(out.readLine()));
      List<ProcessHandle> orphans = processes(home);
      assertThat(orphans).hasSizeGreaterThanOrEqualTo(3);
      jvm.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      Awaitility.await()
          .atMost(10, TimeUnit.SECONDS)
          .untilAsserted(() -> assertThat(orphans).noneMatch(ProcessHandle::isAlive));
      TestClusters.Chosen next = TestClusters.best(Effort.CACHED_ONLY);
      started.add((KubeApiTestCluster) next.cluster());
      assertThat(next.notes()).isEmpty();
      assertThat(home).doesNotExist();
    } finally {
      jvm.destroyForcibly();
    }
  }

  @Test
  void programsThatDoNotRunGiveWayToTheMockServer(@TempDir Path folder) throws Exception {
    String version = binaries().version();
    Path home = Files.createDirectory(folder.resolve(binaries().folder().getFileName()));
    for (String program : List.of("etcd", "kube-apiserver", "kubectl")) {
      Files.writeString(home.resolve(program), "#!/bin/sh\necho broken as can be >&2; exit 1\n");
      assertThat(home.resolve(program).toFile().setExecutable(true)).isTrue();
    }
    TestClusters.Chosen chosen =
        TestClusters.choose(
            new KubeApiBinaries.Available(home, version, KubeApiBinaries.Source.CACHED),
            progress -> {});
    try (TestCluster cluster = chosen.cluster()) {
      assertThat(cluster.real()).isFalse();
      assertThat(chosen.notes()).singleElement().asString().contains("broken as can be");
    }
  }

  /** Starts a cluster, says where, and waits to be killed. */
  static final class Abandoned {

    private Abandoned() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] arguments) throws InterruptedException {
      KubeApiTestCluster cluster = KubeApiTestCluster.start(binaries());
      System.out.println(cluster.kubeconfig().getParent());
      TimeUnit.MINUTES.sleep(5);
    }
  }

  static KubeApiBinaries.Available binaries() {
    KubeApiBinaries found = KubeApiBinaries.find(Effort.CACHED_ONLY, progress -> {});
    if (found instanceof KubeApiBinaries.Available available) {
      return available;
    }
    RunReport.ofThisBuild().record("skipped", "KubeApiTestCluster: no API server on this machine");
    return abort("no API server on this machine");
  }

  private String kubectl(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(cluster().kubectl().orElseThrow().toString());
    command.addAll(List.of("--kubeconfig", cluster().kubeconfig().toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (InputStream out = process.getInputStream()) {
      String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(text).isZero();
      return text;
    }
  }

  private static List<ProcessHandle> processes(Path home) {
    return ProcessHandle.allProcesses()
        .filter(p -> p.info().commandLine().filter(c -> c.contains(home.toString())).isPresent())
        .toList();
  }

  private static List<String> sockets(long pid) {
    File[] files = new File("/proc/" + pid + "/fd").listFiles();
    List<String> inodes = new ArrayList<>();
    for (File file : files == null ? new File[0] : files) {
      try {
        String target = Files.readSymbolicLink(file.toPath()).toString();
        if (target.startsWith("socket:[")) {
          inodes.add(target.substring("socket:[".length(), target.length() - 1));
        }
      } catch (IOException closedMeanwhile) {
        // Not listening, then.
      }
    }
    return inodes;
  }
}
