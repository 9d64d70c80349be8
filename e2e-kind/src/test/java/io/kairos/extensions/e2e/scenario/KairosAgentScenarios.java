package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.scenario.KairosAgent.When;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Somebody works on a host of ours with {@code kairos-agent sysext}: whatever its commands do to
 * what we installed, while our agent runs or while it does not, the host comes back to what the
 * policy says, and it boots; and what they install of their own is theirs.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class KairosAgentScenarios {
  private static final String STORE = "/var/lib/kairos/extensions/";

  private World world;
  private FleetNode node;
  private KairosAgent theirs;
  private SampleImage hello;
  private SampleImage witness;
  private Map<String, String> settled = Map.of();

  abstract Hosts hosts();

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    assumeTrue(
        hosts() instanceof Hosts.Booted,
        () -> "nothing is merged, and --now restarts a unit: " + hosts().describe());
    world = World.on(hosts());
    node = world.boot("node-1");
    theirs = new KairosAgent(node);
    hello = world.image("hello", "1.0.0");
    witness = world.image("witness", "1.0.0");
    world.extension(hello);
    world.extension(witness);
    world.policy("ours", Activation.LIVE, "hello", "witness");
  }

  @AfterAll
  void endWorld() {
    if (world != null) {
      world.close();
    }
  }

  @BeforeEach
  void ours() {
    world.awaitActive(node, hello);
    world.awaitActive(node, witness);
    settled = HostFiles.of(node);
  }

  /** That everything is as it was before the commands. */
  private void awaitSettled(String after) {
    await("as the policy says, after " + after)
        .atMost(World.PATIENCE)
        .ignoreExceptionsMatching(
            HostFiles::isVanished) // a wrong image goes before the right comes
        .untilAsserted(
            () -> {
              assertThat(HostFiles.of(node)).isEqualTo(settled);
              for (SampleImage image : new SampleImage[] {hello, witness}) {
                assertThat(sha256(STORE + ".sysext-operator/images/" + image.sha256()))
                    .isEqualTo(image.sha256());
                World.assertRuns(node, image);
                assertThat(node.extension(image.name()).orElseThrow().phase())
                    .isEqualTo(Phase.ACTIVE);
              }
            });
  }

  private String sha256(String onHost) {
    try {
      byte[] bytes = Files.readAllBytes(node.layout().here(Path.of(onHost)));
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Another image of the same name, which nobody asked for. */
  private SampleImage unasked() {
    return world.fleet().images().plain("hello", "6.6.6");
  }

  @Test
  void itsListNamesEachOfOursOnceForTheStoreAndForEachProfile() {
    assertThat(theirs.list()).containsExactly("hello.raw", "witness.raw");
    assertThat(theirs.list("active")).containsExactly("hello.raw", "witness.raw");
    assertThat(theirs.list("passive")).containsExactly("hello.raw", "witness.raw");
    assertThat(theirs.list("common")).isEmpty();
  }

  @Test
  void whatItsCommandsChangeWhileTheAgentRunsIsPutRight() {
    commands()
        .forEach(
            (name, command) -> {
              command.accept(theirs);
              awaitSettled(name);
            });
  }

  private Map<String, Consumer<KairosAgent>> commands() {
    Map<String, Consumer<KairosAgent>> commands = new java.util.LinkedHashMap<>();
    commands.put("enable --active --now", k -> k.enable("hello", "active", When.NOW));
    commands.put("disable --active", k -> k.disable("hello", "active", When.LATER));
    commands.put("disable --active --now", k -> k.disable("hello", "active", When.NOW));
    commands.put("disable --passive --now", k -> k.disable("hello", "passive", When.NOW));
    commands.put("enable --recovery", k -> k.enable("hello", "recovery", When.LATER));
    commands.put("enable --common", k -> k.enable("hello", "common", When.LATER));
    commands.put(
        "enable --common --now",
        k ->
            assertThatThrownBy(() -> k.enable("hello", "common", When.NOW))
                .as("it made its link, and found one in /run")
                .hasRootCauseInstanceOf(java.nio.file.FileAlreadyExistsException.class));
    commands.put("remove", k -> k.remove("hello", When.LATER));
    commands.put("remove --now", k -> k.remove("hello", When.NOW));
    commands.put("remove of all, by a pattern", k -> k.remove("[a-z]+", When.NOW));
    commands.put("install of the same", k -> k.install(hello.path(), "hello.raw"));
    commands.put("install of another", k -> k.install(unasked().path(), "hello.raw"));
    return commands;
  }

  @Test
  void aHostBootsAndIsPutRightAfterItsCommandsDisabledAndEnabledElsewhere() {
    node.killAgent();
    theirs.disable("hello", "active", When.NOW);
    theirs.enable("hello", "common", When.LATER); // and passive still has it
    theirs.disable("witness", "passive", When.LATER);
    theirs.enable("witness", "recovery", When.LATER);

    node.reboot();

    World.assertRuns(node, hello);
    World.assertRuns(node, witness);
    awaitSettled("a reboot");
  }

  /** The same link in active and in common ends what links for a boot: all that would follow. */
  @Test
  void aHostBootsAndIsPutRightAfterItsCommandsRemovedOneAndEnabledTheOtherTwice() {
    node.killAgent();
    theirs.remove("hello", When.LATER);
    theirs.enable("witness", "common", When.LATER);

    node.reboot();

    World.assertRuns(node, witness);
    awaitSettled("a reboot");
  }

  @Test
  void anImageOverwrittenThroughOurLinkWhileNoAgentRunsIsNoticedAfterABoot() {
    node.killAgent();
    theirs.install(unasked().path(), "hello.raw");

    node.reboot();

    awaitSettled("a reboot");
  }

  @Test
  void whatItInstalledAndEnabledOfItsOwnStaysAndIsShown() throws IOException {
    SampleImage own = world.fleet().images().plain("own", "1.0.0");
    theirs.install(own.path(), "own.raw");
    theirs.enable("own", "active", When.NOW);
    World.assertRuns(node, own);

    await("it is shown")
        .atMost(World.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(node.state().orElseThrow().getStatus().unmanaged())
                    .anySatisfy(
                        file -> {
                          assertThat(file.file()).isEqualTo("own.raw");
                          assertThat(file.merged()).isTrue();
                        }));
    SampleImage fresh = world.image("hello", "1.1.0");
    world.extension(fresh);
    world.awaitActive(node, fresh);
    World.assertRuns(node, own);
    world.extension(hello);
    world.awaitActive(node, hello);
    assertThat(HostFiles.of(node)).containsKeys(STORE + "own.raw", STORE + "active/own.raw");
    World.assertRuns(node, own);

    theirs.remove("own", When.NOW);
    World.assertUnmerged(node, "own");
    world.awaitActive(node, hello);
  }

  @Test
  void whatItInstalledAndEnabledIsAdoptedByAPolicyThatAsksForTheVeryImage() {
    SampleImage tools = world.image("tools", "2.0.0");
    theirs.install(tools.path(), "tools.raw");
    theirs.enable("tools", "active", When.NOW);
    World.assertRuns(node, tools);

    world.extension(tools);
    world.policy("tools", Activation.LIVE, "tools");

    world.awaitActive(node, tools);
    World.assertRuns(node, tools);
    assertThat(HostFiles.of(node).keySet()).containsAll(World.linksOf("tools"));
    assertThat(theirs.list()).containsExactly("hello.raw", "tools.raw", "witness.raw");
    world.deletePolicy("tools");
    World.assertUnmerged(node, "tools");
    assertThat(theirs.list()).containsExactly("hello.raw", "witness.raw");
  }
}
