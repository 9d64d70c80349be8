package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.crash.FileHook;
import io.kairos.extensions.agent.crash.FileStep;
import io.kairos.extensions.agent.crash.HookedFileSystem;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The store's file system has a broken inode: the file is there, and nobody can look at it. */
class UnreadableImageTest extends AgentScenario {
  private volatile Optional<Path> broken = Optional.empty();

  @Override
  Path seen(Path files) {
    return new HookedFileSystem(new BrokenInode()).path(files);
  }

  private final class BrokenInode implements FileHook {
    @Override
    public <T> T change(FileStep step, Effect<T> effect) throws IOException {
      return effect.run();
    }

    @Override
    public boolean syncs() {
      return true;
    }

    @Override
    public void read() {
      // the rest of the disk is well
    }

    @Override
    public void look(Path path) throws IOException {
      if (broken.filter(path::equals).isPresent()) {
        throw new FileSystemException(path.toString(), null, "Structure needs cleaning");
      }
    }
  }

  private void installedAndThenBroken() throws IOException {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    broken = Optional.of(folder.layout().images().resolve(tool.sha256(1)));
  }

  private void awaitTold() {
    awaitPhase(Phase.FAILED, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.STORE_ERROR);
    assertThat(entry().orElseThrow().message())
        .contains(broken.orElseThrow().toString(), "Structure needs cleaning");
  }

  @Test
  void anImageThatCannotBeLookedAtIsToldLeftAloneForAPauseAndTakenUpOnceItCan() throws Exception {
    installedAndThenBroken();
    awaitTold();
    assertThat(status().drift()).as("nothing is known of it").isEqualTo(DriftStatus.NONE);
    assertThat(host.merged()).isNotEmpty();

    long began = System.nanoTime();
    int looks = host.looks();
    await().pollInterval(Duration.ofMillis(1)).until(() -> host.looks() >= looks + 5);
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .as("five looks, of which polls bring one each 250 ms, and a pause's end another")
        .isGreaterThan(Duration.ofMillis(400));

    broken = Optional.empty();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    assertThat(entry().orElseThrow().attempts()).isZero();
    assertThat(host.refreshes()).hasSize(1);
    assertThat(status().drift()).isEqualTo(DriftStatus.NONE);
  }

  @Test
  void anImageThatCannotBeLookedAtWhenTheAgentStartsIsToldToo() throws Exception {
    installedAndThenBroken();
    awaitTold();
    agent.close();
    start();
    int looks = host.looks();
    await().until(() -> host.looks() > looks + 2);
    awaitTold();
    assertThat(status().drift()).isEqualTo(DriftStatus.NONE);
    broken = Optional.empty();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
  }
}
