package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.fleet.Fleet;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.fleet.ImageServer.Answer;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.ImageFormat;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What is wrong with an image is said by reason and message, and what is merged already is not so
 * much as remounted.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BadImageScenarios {
  private static final int STORE_MEBIBYTES = 16;

  private World world;
  private FleetNode node;
  private SampleImage good;
  private String mergeId;

  abstract Hosts hosts();

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    assumeTrue(
        SampleImages.formats().contains(ImageFormat.SQUASHFS),
        "mksquashfs is not installed: no bad images can be made");
    world = World.on(hosts());
    HostOptions options = HostOptions.named("node-1");
    node =
        world.boot(hosts() instanceof Hosts.Booted ? options.withState(STORE_MEBIBYTES) : options);
    good = world.image("good", "1.0.0");
    world.extension(good);
    world.policy("good", Activation.LIVE, "good");
    world.awaitActive(node, good);
  }

  @AfterAll
  void endWorld() {
    if (world != null) {
      world.close();
    }
  }

  @BeforeEach
  void remember() {
    mergeId = node.host().merges() ? World.mergeId(node) : "";
  }

  @AfterEach
  void theGoodOneWasNeverTouched() {
    World.assertRuns(node, good);
    if (node.host().merges()) {
      assertThat(World.mergeId(node)).isEqualTo(mergeId);
      assertThat(World.merged(node)).contains("/extensions/good/");
    }
    world.deletePolicy("bad");
    assertThat(HostFiles.of(node).keySet())
        .noneMatch(path -> path.contains("bad") || path.contains("staging"));
    assertThat(HostFiles.of(node).keySet().stream().filter(path -> path.contains("/images/")))
        .containsExactly("/var/lib/kairos/extensions/.sysext-operator/images/" + good.sha256());
  }

  @Test
  void aWrongDigest() {
    SampleImage image = world.image("bad", "1.0.0");
    ExtensionStatus status =
        fails(world.fleet().server().https(image), "0".repeat(64), Phase.FAILED);

    assertThat(status.reason()).isEqualTo(Reasons.DIGEST_MISMATCH);
    assertThat(status.message()).contains(image.sha256()).contains("0".repeat(64));
    assertThat(status.attempts()).isPositive();
  }

  @Test
  void aMissingFile() {
    ExtensionStatus status =
        fails(world.fleet().server().https("nowhere.raw"), "0".repeat(64), Phase.FAILED);

    assertThat(status.reason()).isEqualTo(Reasons.DOWNLOAD_REFUSED);
    assertThat(status.message()).contains("nowhere.raw").contains("404");
  }

  @Test
  void aTruncatedDownload() {
    SampleImage image = world.image("bad", "1.0.0");
    world.fleet().server().answer("cut.raw", new Answer.CutOff(image.path(), 1000));
    ExtensionStatus status =
        fails(world.fleet().server().https("cut.raw"), image.sha256(), Phase.FAILED);

    assertThat(status.reason()).isEqualTo(Reasons.DOWNLOAD_INTERRUPTED);
    // how many of the 1000 bytes the client hands on before it reports the break is its own affair
    Matcher told =
        Pattern.compile("broke off after (\\d+) of " + image.size() + " bytes")
            .matcher(status.message());
    assertThat(told.find()).as(status.message()).isTrue();
    assertThat(Integer.parseInt(told.group(1))).isBetween(0, 1000);
  }

  @Test
  void aServerThatNobodyVouchesFor() throws IOException, InterruptedException {
    Path elsewhere = Files.createDirectories(world.fleet().folder().resolve("elsewhere"));
    try (var other = io.kairos.extensions.e2e.fleet.ImageServer.start(elsewhere)) {
      ExtensionStatus status = fails(other.https("x.raw"), "0".repeat(64), Phase.FAILED);

      assertThat(status.reason()).isEqualTo(Reasons.SOURCE_UNREACHABLE);
      assertThat(status.message()).contains("TLS").contains("SYSEXT_CA_FILE");
    }
  }

  @Test
  void aFileFromAFolderThatIsNotAllowed() {
    ExtensionStatus status = fails("file:///etc/shadow", "0".repeat(64), Phase.FAILED);

    assertThat(status.reason()).isEqualTo(Reasons.SOURCE_NOT_ALLOWED);
    assertThat(status.message()).contains("/etc/shadow").contains("/var/lib/kairos/images");
  }

  @Test
  void anotherArchitecture() {
    String other = Fleet.architecture().equals("arm64") ? "x86-64" : "arm64";
    ExtensionStatus status = unfit(Map.of("ID", "_any", "ARCHITECTURE", other));

    assertThat(status.reason()).isEqualTo("ArchitectureMismatch");
    assertThat(status.message()).contains(other);
  }

  @Test
  void anotherVersionOfTheSystem() {
    Map<String, String> host = new HashMap<>(release());
    host.put("VERSION_ID", "99.9");
    ExtensionStatus status = unfit(host);

    assertThat(status.reason()).isEqualTo("OsMismatch");
    assertThat(status.message()).contains("99.9");
  }

  private Map<String, String> release() {
    var found = node.state().orElseThrow().getStatus().host().osRelease();
    return Map.of("ID", found.id());
  }

  @Test
  void aMisnamedExtensionRelease() {
    SampleImage image = world.fleet().images().image("bad", "1.0.0").releaseName("other").build();
    world.fleet().server().serve(image);
    ExtensionStatus status =
        fails(world.fleet().server().https(image), image.sha256(), Phase.INCOMPATIBLE);

    assertThat(status.reason()).isEqualTo("ExtensionReleaseMisnamed");
    assertThat(status.message())
        .contains("extension-release.other")
        .contains("extension-release.bad");
  }

  @Test
  void garbage() throws Exception {
    Path file = world.fleet().folder().resolve("garbage.raw");
    Files.writeString(file, "<html>Not what you wanted</html>".repeat(200));
    world.fleet().server().answer("garbage.raw", new Answer.Whole(file));
    String sha256 =
        HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    ExtensionStatus status =
        fails(world.fleet().server().https("garbage.raw"), sha256, Phase.INCOMPATIBLE);

    assertThat(status.reason()).isEqualTo("NotAnImage");
  }

  @Test
  void aFullDisk() {
    assumeTrue(node.host().merges(), "a plain directory has no file system of its own to fill");
    SampleImage image =
        world.fleet().images().image("bad", "1.0.0").filler((2L * STORE_MEBIBYTES) << 20).build();
    world.fleet().server().serve(image);
    ExtensionStatus status =
        fails(world.fleet().server().https(image), image.sha256(), Phase.FAILED);

    assertThat(status.reason()).isEqualTo(Reasons.INSUFFICIENT_STORAGE);
    assertThat(status.message()).contains("make room");
  }

  private ExtensionStatus unfit(Map<String, String> release) {
    SampleImage image = world.fleet().images().image("bad", "1.0.0").release(release).build();
    world.fleet().server().serve(image);
    return fails(world.fleet().server().https(image), image.sha256(), Phase.INCOMPATIBLE);
  }

  /** Asks for it, and waits until node, policy and extension all say that it does not work. */
  private ExtensionStatus fails(String url, String sha256, Phase phase) {
    world.extension("bad", "1.0.0", url, sha256);
    world.impatientPolicy("bad", Activation.LIVE, "bad");
    ExtensionStatus status = world.awaitPhase(node, "bad", phase);
    assertThat(world.awaitPolicy("bad", Conditions.FALSE).getMessage()).isNotEmpty();
    org.awaitility.Awaitility.await("the policy names the node that failed")
        .atMost(World.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        world
                            .fleet()
                            .client()
                            .resources(NodeExtensionPolicy.class)
                            .withName("bad")
                            .get()
                            .getStatus()
                            .failedNodes())
                    .singleElement()
                    .satisfies(
                        failed -> {
                          assertThat(failed.node()).isEqualTo("node-1");
                          assertThat(failed.reason()).isEqualTo(status.reason());
                        }));
    return status;
  }
}
