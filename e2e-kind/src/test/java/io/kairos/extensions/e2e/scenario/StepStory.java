package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Installs an extension with a service and a health check on a host, upgrades it, gives it a
 * version that is rolled back, and removes it; and knows what the host has to be like after each. A
 * witness of ours and an image of somebody else's are in effect all the while.
 */
final class StepStory {
  /** Each begins where the one before ended, the first where the last did. */
  enum Operation {
    INSTALL,
    UPGRADE,
    ROLLBACK,
    REMOVAL
  }

  private static final String POLICY = "hello";

  private static final String HEALTH =
      """
        services: [{name: hello.service, onChange: Restart}]
        healthChecks:
        - {name: content, command: [/usr/bin/hello-check], timeoutSeconds: 20}
      """;

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final World world;
  private final FleetNode node;
  private final HostKind kind;
  private final ApiWatch api;
  private final SampleImage witness;
  private final SampleImage theirs;
  private final SampleImage first;
  private final SampleImage second;
  private final SampleImage ill;
  private final Object theirInode;

  /**
   * Brings witness and somebody else's image into effect.
   *
   * @param node the only one of the world
   * @param api what it waits by
   */
  StepStory(World world, FleetNode node, HostKind kind, ApiWatch api) throws IOException {
    this.world = world;
    this.node = node;
    this.kind = kind;
    this.api = api;
    theirs = world.fleet().images().plain("theirs", "1.0.0");
    kind.putTheirs(node, theirs);
    node.host().exec("sync", "-f", kind.theirFile()).orThrow();
    theirInode = inode();
    witness = world.image("witness", "1.0.0");
    world.extension(witness);
    world.policy("witness", Activation.LIVE, "witness");
    world.awaitActive(node, witness);
    first = image("1.0.0", "Type=exec\nExecStart=/bin/sleep infinity");
    second = image("1.1.0", "Type=exec\nExecStart=/bin/sleep infinity");
    ill =
        image(
            "1.2.0",
            "Type=oneshot\nExecStart=/bin/false"); // a check that fails would be tried for some
    // seconds
  }

  private SampleImage image(String version, String service) {
    SampleImage image =
        world
            .fleet()
            .images()
            .image("hello", version)
            .executable("usr/bin/hello-check", "#!/bin/sh\nexit 0\n")
            .file("usr/lib/systemd/system/hello.service", "[Service]\n" + service + "\n")
            .build();
    world.fleet().server().serve(image);
    return image;
  }

  /** Asks for an operation. */
  void begin(Operation operation) {
    switch (operation) {
      case INSTALL -> {
        world.extension(first, HEALTH);
        world.policy(POLICY, Activation.LIVE, "hello");
      }
      case UPGRADE -> world.extension(second, HEALTH);
      case ROLLBACK -> world.extension(ill, HEALTH);
      case REMOVAL ->
          world.fleet().client().resources(NodeExtensionPolicy.class).withName(POLICY).delete();
    }
  }

  /** The files that an operation downloads. */
  List<Path> downloads(Operation operation) {
    return switch (operation) {
      case INSTALL -> List.of(first.path());
      case UPGRADE -> List.of(second.path());
      case ROLLBACK -> List.of(ill.path());
      case REMOVAL -> List.of();
    };
  }

  /** Whether the files are as they have to be after an operation. */
  boolean hasItsFiles(Operation operation) throws IOException {
    try {
      assertFiles(operation);
      return true;
    } catch (AssertionError notYet) {
      return false;
    }
  }

  /** Whether an operation is reported as done. */
  boolean isReported(Operation operation) {
    return switch (operation) {
      case INSTALL -> isReported(Phase.ACTIVE, first);
      case UPGRADE -> isReported(Phase.ACTIVE, second);
      case ROLLBACK -> isReported(Phase.ROLLED_BACK, second);
      case REMOVAL -> !api.hasPolicy(POLICY);
    };
  }

  /** What the node's state says. */
  Optional<ExtensionStatus> reported() {
    return api.extension(node.name(), "hello");
  }

  private boolean isReported(Phase phase, SampleImage inEffect) {
    return reported()
        .filter(one -> one.phase() == phase && one.sha256().equals(inEffect.sha256()))
        .isPresent();
  }

  /** The version that is in effect after an operation; empty for none. */
  private String after(Operation operation) {
    return switch (operation) {
      case INSTALL -> first.version();
      case UPGRADE, ROLLBACK -> second.version();
      case REMOVAL -> "";
    };
  }

  private String before(Operation operation) {
    return switch (operation) {
      case INSTALL -> after(Operation.REMOVAL);
      case UPGRADE -> after(Operation.INSTALL);
      case ROLLBACK -> after(Operation.UPGRADE);
      case REMOVAL -> after(Operation.ROLLBACK);
    };
  }

  /** Waits until an operation is done, and looks at everything. */
  void awaitDone(Operation operation) {
    await(operation + " reported").atMost(PATIENCE).until(() -> isReported(operation));
    await("the files after " + operation)
        .atMost(PATIENCE)
        .untilAsserted(() -> assertFiles(operation));
    if (operation == Operation.REMOVAL) {
      World.assertUnmerged(node, "hello");
    }
    assertThat(running()).isEqualTo(after(operation));
    assertOthersRun();
  }

  /** None of it ever stands on the agent, or on what becomes of the extension. */
  void assertOthersRun() {
    World.assertRuns(node, witness);
    World.assertRuns(node, theirs);
  }

  /** What the host runs of it while no agent does. */
  void assertWholeVersion(Operation during) {
    Set<String> versions = new HashSet<>(List.of(before(during), after(during)));
    if (during == Operation.ROLLBACK) {
      versions.add(ill.version()); // on trial
    }
    assertThat(running()).as("what runs").isIn(versions);
  }

  /** What a boot gives before any agent runs. */
  void assertBooted(Operation during) {
    assertOthersRun();
    assertThat(running())
        .as("what the boot gives, before any agent")
        .isIn(before(during), after(during));
  }

  /** What the host itself runs of hello; empty for nothing. */
  private String running() {
    return node.host()
        .exec("sh", "-c", "hello 2>/dev/null")
        .stdout()
        .strip()
        .replaceFirst("^hello ", "");
  }

  private Object inode() throws IOException {
    return Files.readAttributes(
        node.layout().here(Path.of(kind.theirFile())),
        "unix:ino,size,mode,lastModifiedTime",
        LinkOption.NOFOLLOW_LINKS);
  }

  private void assertFiles(Operation operation) throws IOException {
    Map<String, String> files = HostFiles.of(node);
    Set<String> images = new HashSet<>();
    Map<String, String> others = new TreeMap<>(files);
    for (String path : files.keySet()) {
      if (path.startsWith(kind.images())) {
        images.add(path.substring(kind.images().length()));
        others.remove(path);
      }
    }
    Set<String> expected = new HashSet<>(kind.linksOf("witness"));
    expected.addAll(kind.theirs());
    if (operation == Operation.REMOVAL) {
      assertThat(images).containsExactly(witness.sha256());
    } else {
      expected.addAll(kind.linksOf("hello"));
      SampleImage linked = operation == Operation.INSTALL ? first : second;
      assertThat(others.get(kind.linkOf("hello"))).endsWith(linked.sha256());
      assertThat(images)
          .contains(witness.sha256(), linked.sha256())
          .isSubsetOf(witness.sha256(), first.sha256(), second.sha256(), ill.sha256());
    }
    assertThat(others.keySet()).isEqualTo(expected);
    assertThat(node.layout().here(Path.of(kind.theirFile())))
        .hasBinaryContent(Files.readAllBytes(theirs.path()));
    assertThat(inode()).as("somebody else's file").isEqualTo(theirInode);
    if (kind == HostKind.KAIROS) {
      assertThat(others.get(kind.linkOf("theirs"))).isEqualTo("-> " + kind.theirFile());
    }
  }
}
