package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.agent.crash.FileHook;
import io.kairos.extensions.agent.crash.FileStep;
import io.kairos.extensions.agent.crash.HookedFileSystem;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A file that nobody needs cannot be deleted: somebody made it immutable. */
class UndeletableGarbageTest extends AgentScenario {
  private final AtomicInteger tries = new AtomicInteger();
  private volatile Optional<Path> immutable = Optional.empty();

  @Override
  Path seen(Path files) {
    return new HookedFileSystem(new Immutable()).path(files);
  }

  private final class Immutable implements FileHook {
    @Override
    public <T> T change(FileStep step, Effect<T> effect) throws IOException {
      if (step.kind() == FileStep.Kind.DELETE
          && immutable.filter(step.path()::equals).isPresent()) {
        tries.incrementAndGet();
        throw new FileSystemException(step.path().toString(), null, "Operation not permitted");
      }
      return effect.run();
    }

    @Override
    public boolean syncs() {
      return true;
    }

    @Override
    public void read() {
      // nothing is wrong with what is there
    }

    @Override
    public void look(Path path) {
      // nor with looking
    }
  }

  private Optional<Condition> told() {
    return Conditions.find(status().conditions(), Conditions.GARBAGE_LEFT);
  }

  private void awaitTold() {
    await()
        .untilAsserted(
            () ->
                assertThat(told())
                    .hasValueSatisfying(
                        condition -> {
                          assertThat(condition.getReason()).isEqualTo(Reasons.STORE_ERROR);
                          assertThat(condition.getMessage())
                              .contains(
                                  immutable.orElseThrow().getFileName().toString(),
                                  "Operation not permitted");
                        }));
  }

  private Path image(int version) {
    return folder.layout().images().resolve(tool.sha256(version));
  }

  @Test
  void anImageThatCannotBeDeletedIsToldAndTriedAgainAfterAGrowingPause() throws Exception {
    want(tool.live(1));
    start();
    tool.awaitInstalled(1);
    awaitPhase(Phase.ACTIVE, 1);
    immutable = Optional.of(image(1));
    Path other = folder.layout().staging().resolve("0".repeat(64) + ".part");

    want(tool.live(2));
    awaitPhase(Phase.ACTIVE, 2);
    awaitTold();
    Files.createFile(other);
    await().untilAsserted(() -> assertThat(other).as("other garbage").doesNotExist());
    int first = tries.get();
    await().atMost(Duration.ofSeconds(20)).until(() -> tries.get() > first);
    int before = tries.get();
    int looks = host.looks();
    await().atMost(Duration.ofSeconds(20)).until(() -> tries.get() > before);
    assertThat(tries.get() - before).isEqualTo(1);
    assertThat(host.looks() - looks).as("polls in between").isGreaterThan(3);
    awaitPhase(Phase.ACTIVE, 2);

    immutable = Optional.empty();
    await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(image(1)).doesNotExist());
    await().untilAsserted(() -> assertThat(told()).isEmpty());
  }

  @Test
  void aRemovalThatCannotDeleteItsImageSaysSo() throws Exception {
    want(tool.live(1));
    start();
    tool.awaitInstalled(1);
    awaitPhase(Phase.ACTIVE, 1);
    immutable = Optional.of(image(1));

    want(tool.live(1).tombstone());
    awaitPhase(Phase.REMOVING, 1);
    await()
        .untilAsserted(
            () ->
                assertThat(entry().orElseThrow())
                    .returns(Reasons.STORE_ERROR, e -> e.reason())
                    .satisfies(e -> assertThat(e.message()).contains("Operation not permitted")));
    assertThat(host.merged()).isEmpty();
    awaitTold();

    immutable = Optional.empty();
    await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(image(1)).doesNotExist());
    awaitPhase(Phase.REMOVED, 1);
  }
}
