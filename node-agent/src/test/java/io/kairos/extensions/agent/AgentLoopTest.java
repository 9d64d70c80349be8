package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.plan.Storage;
import io.kairos.extensions.agent.report.StatusWriter;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loops that end and begin again on real files, told what to do without an API server between. */
class AgentLoopTest {
  private static final String NODE = "node-1";

  private final MockApi api = new MockApi();

  @TempDir private Path root;
  private HostFolder folder;
  private FakeHost host;
  private ToolImages tool;
  private AgentLoop loop;
  private StatusWriter writer;
  private long generation;
  private Duration poll = Duration.ofMillis(250);

  @BeforeEach
  void prepare() throws IOException {
    folder = HostFolder.in(root);
    host = new FakeHost(folder.layout());
    tool = new ToolImages(folder, host);
    start();
  }

  private void start() throws IOException {
    AgentConfig config =
        AgentConfig.of(NODE, root).toBuilder()
            .fileFolders(List.of(ToolImages.FOLDER))
            .statusPause(Duration.ofMillis(50))
            .poll(poll)
            .images(new Storage.Limits(0, OptionalLong.empty()))
            .build();
    Sources sources =
        new Sources(config.siteCa(), folder.layout().host(), config.fileFolders(), config.fetch());
    writer = new StatusWriter(api.client(), NODE, config.statusPause());
    loop = new AgentLoop(config, host, sources, writer, Clock.systemUTC(), Uptime.SYSTEM);
    loop.start();
  }

  /** As a process that is killed: nothing is finished first. */
  private void die() {
    loop.close();
    writer.close();
  }

  @AfterEach
  void close() {
    die();
    api.close();
  }

  private void want(Assignment... assignments) {
    NodeExtensionState state = new NodeExtensionState();
    state.setMetadata(
        new ObjectMetaBuilder()
            .withName(NODE)
            .withUid("uid-1")
            .withGeneration(++generation)
            .build());
    state.setSpec(new NodeExtensionStateSpec(List.of(assignments)));
    loop.desire(Optional.of(state));
  }

  @Test
  void theNextBootMerges() throws Exception {
    Path link = folder.at(ToolImages.EXTENSIONS + "active/tool.raw");
    want(tool.wanted(1, Activation.NEXT_BOOT));
    await().until(() -> Files.isSymbolicLink(link));
    assertThat(host.merged()).isEmpty();
    die();

    host.boot();
    assertThat(host.merged()).containsOnlyKeys("tool");
    start();
    want(tool.wanted(1, Activation.NEXT_BOOT));
    tool.awaitInstalled(1);
    assertThat(host.refreshes()).isEmpty();
  }

  @Test
  void aHostThatDoesNotReadItsUnitFilesAnewIsLookedAfterAndAskedAgain() throws Exception {
    want(tool.live(1));
    tool.awaitInstalled(1);
    die();
    host.units().refusesReloads(true);
    start();
    want(tool.live(2));
    tool.awaitInstalled(2);

    host.units().refusesReloads(false);

    await().until(() -> host.units().done().contains("reload"));
  }

  private void startAnewPollingRarely() throws IOException {
    die();
    poll = Duration.ofHours(1);
    start();
  }

  @Test
  void driftIsNoticedLongBeforeThePoll() throws Exception {
    startAnewPollingRarely();
    want(tool.live(1));
    tool.awaitInstalled(1);
    Files.delete(folder.at(ToolImages.EXTENSIONS + "active/tool.raw"));
    tool.awaitInstalled(1);
    Files.delete(folder.at("/run/extensions/tool.raw"));
    tool.awaitInstalled(1);
    host.unmerge();
    await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> tool.assertInstalled(1));
  }

  @Test
  void itsOwnWorkDoesNotKeepItAwake() throws Exception {
    startAnewPollingRarely();
    want(tool.live(1));
    tool.awaitInstalled(1);
    want(tool.live(2));
    tool.awaitInstalled(2);
    await()
        .pollInterval(Duration.ofMillis(1_500)) // longer than a swarm is waited for
        .until(
            new java.util.concurrent.Callable<>() {
              private int before = -1;

              @Override
              public Boolean call() {
                int looks = host.looks();
                boolean quiet = looks == before;
                before = looks;
                return quiet;
              }
            });
  }

  /** As a mount goes on showing it, an open folder is there without a name. */
  @Test
  void aRunFolderThatTheHostReplacedIsToldFromAHostThatDoesNotAnswer() throws Exception {
    Path run = folder.at("/run/extensions");
    host.silent(true);
    want(tool.live(1));
    await().until(() -> loop.trouble().isPresent());
    assertThat(loop.deafFor()).isZero();

    Path aside = Files.createDirectory(folder.at("/aside"));
    try (DirectoryStream<Path> open = Files.newDirectoryStream(aside)) {
      Path seen = opened(aside);
      Files.delete(aside);
      Files.delete(run);
      Files.createSymbolicLink(run, seen);
      await().until(() -> loop.deafFor().toMillis() > 0);
      assertThat(loop.trouble().orElseThrow()).contains("the run folder was deleted on the host");

      Files.delete(run);
      Files.createDirectory(run);
      await().until(() -> loop.deafFor().isZero());
      assertThat(open).isNotNull();
    }
    host.silent(false);
    tool.awaitInstalled(1);
  }

  private static Path opened(Path file) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path one : all) {
        if (leadsTo(one, file)) {
          return one;
        }
      }
    }
    throw new AssertionError(file + " is not open");
  }

  private static boolean leadsTo(Path link, Path file) throws IOException {
    try {
      return Files.readSymbolicLink(link).equals(file);
    } catch (NoSuchFileException closedMeanwhile) {
      return false;
    }
  }

  @Test
  void withoutAWordNothingIsTouched() throws Exception {
    want(tool.live(1));
    tool.awaitInstalled(1);
    die();
    start();
    loop.desire(Optional.empty());
    await().during(Duration.ofMillis(400)).untilAsserted(() -> tool.assertInstalled(1));
  }

  @Test
  void anAgentThatDiesAtAnyMomentLeavesNothingHalfDone() throws Exception {
    long seed = 20260101;
    Random random = new Random(seed);
    System.out.println("moments of seed " + seed);
    for (int i = 0; i < 30; i++) {
      want(tool.live(1 + random.nextInt(3)));
      LockSupport.parkNanos(random.nextInt(60_000_000));
      die();
      if (random.nextInt(4) == 0) {
        host.boot();
      }
      start();
    }
    want(tool.live(2));
    tool.awaitInstalled(2);
    want(tool.live(2).tombstone());
    await().untilAsserted(() -> assertThat(folder.entries()).isEmpty());
    assertThat(host.merged()).isEmpty();
  }
}
