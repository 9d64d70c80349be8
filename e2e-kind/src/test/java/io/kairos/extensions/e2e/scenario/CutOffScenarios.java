package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.fleet.ImageServer.Answer;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * An agent that is killed, and a host whose power is cut, at random moments of an install: what
 * comes back converges, with every file in its place and no other. The seed is printed; {@code
 * -Dcutoff.seed=} repeats a run.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CutOffScenarios {
  private static final int CUTS = 6;
  private static final int WINDOW_MILLIS = 900;

  private World world;
  private FleetNode node;
  private SampleImage witness;

  abstract Hosts hosts();

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    assumeTrue(
        hosts() instanceof Hosts.Booted, () -> "no power can be cut here: " + hosts().describe());
    world = World.on(hosts());
    node = world.boot("node-1");
    witness = world.image("witness", "1.0.0");
    world.extension(witness);
    world.policy("witness", Activation.LIVE, "[active, passive]", 0, "witness");
    world.awaitActive(node, witness);
  }

  @AfterAll
  void endWorld() {
    if (world != null) {
      world.close();
    }
  }

  @Test
  void anAgentKilledAtAnyMomentOfAnInstallCarriesOn() throws InterruptedException {
    cut(
        "agentkill",
        () -> {
          node.killAgent();
          World.awaitRuns(node, witness); // it never stood on the agent
          node.startAgent();
        });
  }

  @Test
  void aHostCutOffAtAnyMomentOfAnInstallCarriesOn() throws InterruptedException {
    cut("powercut", node::cutPowerAndBoot);
  }

  private void cut(String name, Runnable blow) throws InterruptedException {
    long seed = Long.getLong("cutoff.seed", System.nanoTime());
    System.out.println(getClass().getSimpleName() + " " + name + ": seed " + seed);
    Random random = new Random(seed);
    SampleImage image = world.fleet().images().image(name, "1.0.0").filler(2 << 20).build();
    String file = image.path().getFileName().toString();
    world.fleet().server().answer(file, new Answer.Slow(image.path(), 8 << 20));
    world.extension(image);
    Set<String> expected = new HashSet<>();
    for (String extension : Set.of("witness", name)) {
      expected.addAll(World.linksOf(extension));
    }
    for (SampleImage one : Set.of(witness, image)) {
      expected.add("/var/lib/kairos/extensions/.sysext-operator/images/" + one.sha256());
    }

    for (int round = 0; round < CUTS; round++) {
      int moment = random.nextInt(WINDOW_MILLIS);
      world.policy(name, Activation.LIVE, "[active, passive]", 0, name);
      TimeUnit.MILLISECONDS.sleep(
          moment); // the moment is what is random here; nothing is waited for

      blow.run();

      world.awaitActive(node, image);
      World.assertRuns(node, image);
      World.assertRuns(node, witness);
      assertThat(HostFiles.of(node).keySet())
          .as("round %d, after %d ms", round, moment)
          .isEqualTo(expected);
      world.deletePolicy(name);
      World.assertUnmerged(node, name);
      assertThat(HostFiles.of(node).keySet())
          .noneMatch(path -> path.contains(name) || path.contains(image.sha256()));
    }
  }
}
