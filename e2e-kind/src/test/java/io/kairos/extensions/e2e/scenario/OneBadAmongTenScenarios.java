package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.ImageFormat;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Ten good images and one bad one in the same policy: the ten stay merged while the bad one is
 * handled. A {@link LoopReader} on the host measures it.
 *
 * <p>What is promised: no read fails as long as nothing of the good ones changes, since nothing is
 * refreshed then, or a refresh fails before it changes anything. Where good ones do change, each
 * refresh has a window of some milliseconds in which systemd has the old merge off and the new one
 * not yet on; there are no more of these windows than refreshes, and none is left open.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class OneBadAmongTenScenarios {
  private static final int TEN = 10;
  private static final String ODD = "odd";
  private static final String POLICY = "all";

  private World world;
  private FleetNode node;
  private List<String> names;
  private List<SampleImage> ten = List.of();
  private String label = "";
  private int versions;

  abstract Hosts hosts();

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    assumeTrue(
        hosts() instanceof Hosts.Booted,
        () -> "nothing is merged, so nothing can be missed: " + hosts().describe());
    assumeTrue(
        SampleImages.formats().contains(ImageFormat.SQUASHFS),
        "mksquashfs is not installed: no bad images can be made");
    world = World.on(hosts());
    node = world.boot(LoopReader.on(HostOptions.named("node-1")));
    names = IntStream.range(0, TEN).mapToObj(i -> "good-" + i).toList();
    ten = names.stream().map(name -> good(name, nextVersion())).toList();
    ten.forEach(world::extension);
  }

  @AfterAll
  void endWorld() {
    if (world != null) {
      world.close();
    }
  }

  @BeforeEach
  void theTenAreMerged(TestInfo test) {
    label = getClass().getSimpleName() + " " + test.getDisplayName();
    give(Activation.LIVE, names);
    ten.forEach(image -> world.awaitActive(node, image));
  }

  @AfterEach
  void theTenAreMergedStillAndNothingIsLeftOfTheOther() {
    ten.forEach(image -> World.assertRuns(node, image));
    give(Activation.LIVE, names);
    org.awaitility.Awaitility.await("nothing of the bad one is left")
        .atMost(World.PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(HostFiles.of(node).keySet())
                  .noneMatch(path -> path.contains(ODD) || path.contains("staging"));
              assertThat(node.extension(ODD)).isEmpty();
            });
    ten.forEach(image -> World.assertRuns(node, image));
  }

  private String nextVersion() {
    versions++;
    return "1.0." + versions;
  }

  private SampleImage good(String name, String version) {
    SampleImage image = LoopReader.readable(world.fleet().images(), name, version).build();
    world.fleet().server().serve(image);
    return image;
  }

  private SampleImage bad(BadKind kind) {
    SampleImage image = kind.make(world.fleet().images(), ODD, nextVersion());
    world.fleet().server().serve(image);
    return image;
  }

  private void give(Activation activation, List<String> extensions) {
    world.policy(POLICY, activation, extensions.toArray(String[]::new));
  }

  private List<String> eleven() {
    return Stream.concat(names.stream(), Stream.of(ODD)).toList();
  }

  private ExtensionStatus awaitRefused(BadKind kind) {
    ExtensionStatus status = world.awaitPhase(node, ODD, kind.phase());
    assertThat(status.reason()).isNotEmpty();
    assertThat(status.message()).isNotEmpty();
    return status;
  }

  private Map<String, String> versionsOf(List<SampleImage> images) {
    return images.stream().collect(Collectors.toMap(SampleImage::name, SampleImage::version));
  }

  private LoopReader.Report told(LoopReader.Report report) {
    System.out.println(label + ": " + report.describe());
    return report;
  }

  @ParameterizedTest
  @EnumSource(BadKind.class)
  void installedAmongThem(BadKind kind) {
    String mergeId = World.mergeId(node);
    LoopReader reader = new LoopReader(node).start(names);
    world.extension(bad(kind));

    give(Activation.LIVE, eleven());
    awaitRefused(kind);

    assertNothingWasMissed(told(reader.stop()), ten);
    assertThat(World.mergeId(node)).isEqualTo(mergeId);
    World.assertUnmerged(node, ODD);
  }

  @Test
  void refusedOnceMoreByAnAgentThatStarts() {
    world.extension(bad(BadKind.UNMOUNTABLE));
    give(Activation.LIVE, eleven());
    awaitRefused(BadKind.UNMOUNTABLE);
    String mergeId = World.mergeId(node);
    LoopReader reader = new LoopReader(node).start(names);

    world.restartAgent(node);
    awaitRefused(BadKind.UNMOUNTABLE);

    assertNothingWasMissed(told(reader.stop()), ten);
    assertThat(World.mergeId(node)).isEqualTo(mergeId);
  }

  @ParameterizedTest
  @EnumSource(BadKind.class)
  void aNewVersionOfOneOfEleven(BadKind kind) {
    SampleImage before = good(ODD, nextVersion());
    world.extension(before);
    give(Activation.LIVE, eleven());
    world.awaitActive(node, before);
    String mergeId = World.mergeId(node);
    LoopReader reader = new LoopReader(node).start(eleven());

    world.extension(bad(kind));
    ExtensionStatus status = awaitRefused(kind);

    assertThat(status.sha256()).isEqualTo(before.sha256());
    List<SampleImage> merged = new ArrayList<>(ten);
    merged.add(before);
    assertNothingWasMissed(told(reader.stop()), merged);
    assertThat(World.mergeId(node)).isEqualTo(mergeId);
    World.assertRuns(node, before);
  }

  private void assertNothingWasMissed(LoopReader.Report report, List<SampleImage> merged) {
    assertThat(report.reads()).as("reads").isGreaterThan(1_000);
    assertThat(report.misses()).as("of %d reads", report.reads()).isEmpty();
    assertThat(report.first()).isEqualTo(versionsOf(merged));
    assertThat(report.last()).isEqualTo(versionsOf(merged));
  }

  @Test
  void allElevenAtOnce() {
    world.deletePolicy(POLICY);
    names.forEach(name -> World.assertUnmerged(node, name));
    long before = refreshes();
    LoopReader reader = new LoopReader(node).start(names);
    world.extension(bad(BadKind.UNMOUNTABLE));

    give(Activation.LIVE, eleven());
    ten.forEach(image -> world.awaitActive(node, image));
    awaitRefused(BadKind.UNMOUNTABLE);

    LoopReader.Report report = told(reader.stop());
    assertThat(report.last()).isEqualTo(versionsOf(ten));
    assertThat(report.gaps()).hasSizeLessThanOrEqualTo((int) (refreshes() - before));
  }

  @Test
  void newVersionsOfAllElevenAtOnce() {
    SampleImage before = good(ODD, nextVersion());
    world.extension(before);
    give(Activation.LIVE, eleven());
    world.awaitActive(node, before);
    long refreshes = refreshes();
    LoopReader reader = new LoopReader(node).start(eleven());

    ten = names.stream().map(name -> good(name, nextVersion())).toList();
    world.extension(bad(BadKind.UNMOUNTABLE));
    ten.forEach(world::extension);
    ten.forEach(image -> world.awaitActive(node, image));
    awaitRefused(BadKind.UNMOUNTABLE);

    LoopReader.Report report = told(reader.stop());
    List<SampleImage> merged = new ArrayList<>(ten);
    merged.add(before);
    assertThat(report.last()).isEqualTo(versionsOf(merged));
    assertThat(report.gaps()).hasSizeLessThanOrEqualTo((int) (refreshes() - refreshes));
    World.assertRuns(node, before);
  }

  /** How often the host has merged anew in this boot, by what its systemd says. */
  private long refreshes() {
    return node.host()
        .exec(
            "sh",
            "-c",
            "journalctl --sync; journalctl --unit=systemd-sysext --output=cat --no-pager")
        .stdout()
        .lines()
        .filter(line -> line.startsWith("Reloaded ") || line.startsWith("Finished "))
        .count();
  }

  @Test
  void rebootedWithTheBadOneWanted() {
    world.extension(bad(BadKind.UNMOUNTABLE));
    give(Activation.LIVE, eleven());
    awaitRefused(BadKind.UNMOUNTABLE);
    new LoopReader(node).readInEachBoot(names);

    world.reboot(node);
    awaitRefused(BadKind.UNMOUNTABLE);

    assertNothingWasMissed(told(new LoopReader(node).stop()), ten);
    World.assertUnmerged(node, ODD);
  }

  /**
   * The one case in which a bad image stands in the way of a boot: it is for the next boot, so that
   * nothing tries it before, and only the kernel can tell. The ten come back with the agent, which
   * takes the bad one out.
   */
  @Test
  void aBootThatTheBadOneStopsIsMendedByTheAgent() {
    SampleImage bad = bad(BadKind.UNMOUNTABLE);
    world.extension(bad);
    give(Activation.NEXT_BOOT, eleven());
    world.awaitPhase(node, ODD, Phase.PENDING_REBOOT);
    new LoopReader(node).readInEachBoot(names);

    world.reboot(node);
    awaitRefused(BadKind.UNMOUNTABLE);

    ten.forEach(image -> world.awaitActive(node, image));
    LoopReader.Report report = told(new LoopReader(node).stop());
    assertThat(report.last()).isEqualTo(versionsOf(ten));
    assertThat(report.gaps())
        .as("once the ten are back")
        .hasSizeLessThanOrEqualTo((int) refreshes() - 1);
    assertThat(HostFiles.of(node).keySet())
        .as("what the next boot links")
        .doesNotContain("/var/lib/kairos/extensions/active/" + ODD + ".raw");
  }
}
