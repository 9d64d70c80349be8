package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.store.HostFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real folders, the kernel's own events. */
class HostWatchTest {
  private static final String EXTENSIONS = "/var/lib/kairos/extensions/";
  private static final Duration SILENCE = Duration.ofMillis(650);

  private final AtomicInteger wakes = new AtomicInteger();

  @TempDir private Path root;
  private HostFolder folder;
  private FakeHost host;
  private HostWatch watch;

  @BeforeEach
  void start() throws IOException {
    folder = HostFolder.in(root);
    host = new FakeHost(folder.layout());
    watchPolling(Duration.ofMillis(200));
  }

  private void watchPolling(Duration poll) {
    int before = wakes.get();
    watch = new HostWatch(() -> List.of(folder.layout()), host, poll, wakes::incrementAndGet);
    watch.start();
    awaitWakes(before);
    awaitSilence();
  }

  @AfterEach
  void close() {
    watch.close();
  }

  private void awaitWakes(int more) {
    await().until(() -> wakes.get() > more);
  }

  private void awaitSilence() {
    await()
        .pollInterval(Duration.ofMillis(20))
        .until(
            new java.util.concurrent.Callable<>() {
              private int seen = -1;
              private long since;

              @Override
              public Boolean call() {
                if (seen != wakes.get()) {
                  seen = wakes.get();
                  since = System.nanoTime();
                }
                return System.nanoTime() - since > SILENCE.toNanos();
              }
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        EXTENSIONS + "tool.raw",
        EXTENSIONS + "active/tool.raw",
        EXTENSIONS + "common/tool.raw",
        EXTENSIONS + ".sysext-operator/images/0123",
        EXTENSIONS + ".sysext-operator/good/tool",
        "/run/extensions/tool.raw",
        "/run/cos/passive_mode"
      })
  void whatComesIntoAFolderWakes(String file) throws IOException {
    int before = wakes.get();
    folder.file(file, "x");
    awaitWakes(before);
  }

  @Test
  void whatChangesOrGoesWakes() throws IOException {
    String file = EXTENSIONS + ".sysext-operator/images/0123";
    folder.file(file, "x");
    awaitSilence();
    int changed = wakes.get();
    folder.file(file, "xx");
    awaitWakes(changed);
    awaitSilence();
    int gone = wakes.get();
    Files.delete(folder.at(file));
    awaitWakes(gone);
  }

  @Test
  void whatALookWritesItselfDoesNotWake() throws IOException {
    int before = wakes.get();
    folder.file("/run/extensions/.sysext-operator.json", "{}");
    folder.file("/run/extensions/.sysext-operator-1.out.part", "");
    Files.delete(folder.at("/run/extensions/.sysext-operator-1.out.part"));
    awaitSilence();
    assertThat(wakes).hasValue(before);
  }

  @Test
  void aFolderThatIsReplacedIsWatchedAgain() throws IOException {
    int before = wakes.get();
    Path active = folder.at(EXTENSIONS + "active");
    Files.move(active, folder.at("/active.old"), StandardCopyOption.ATOMIC_MOVE);
    Files.createDirectory(active);
    awaitWakes(before);
    awaitSilence();
    int replaced = wakes.get();
    folder.link(EXTENSIONS + "active/tool.raw", "x");
    awaitWakes(replaced);
    awaitSilence();
    int quiet = wakes.get();
    Files.writeString(folder.at("/active.old/tool.raw"), "of no interest any more");
    awaitSilence();
    assertThat(wakes).hasValue(quiet);
  }

  @Test
  void aFolderThatGoesAndComesIsWatchedAgain() throws IOException {
    Path cos = folder.at("/run/cos");
    int before = wakes.get();
    Files.delete(cos.resolve("active_mode"));
    Files.delete(cos);
    awaitWakes(before);
    awaitSilence();
    int gone = wakes.get();
    Files.createDirectory(cos);
    awaitWakes(gone);
    awaitSilence();
    int back = wakes.get();
    Files.writeString(cos.resolve("passive_mode"), "");
    awaitWakes(back);
  }

  @Test
  void aSwarmOfChangesWakesOnceOrTwiceButNotForEach() throws IOException {
    int before = wakes.get();
    for (int i = 0; i < 2_000; i++) { // more than the kernel's list of a folder holds unread
      folder.file(EXTENSIONS + "active/" + i % 10 + ".raw", "x");
    }
    awaitWakes(before);
    awaitSilence();
    assertThat(wakes.get() - before).isLessThan(200);
  }

  @Test
  void anUnmergeByHandWakes() throws Exception {
    folder.file("/srv/tool", "x").link(EXTENSIONS + "active/tool.raw", "/srv/tool");
    host.boot();
    assertThat(host.merged()).containsOnlyKeys("tool");
    awaitSilence();
    int before = wakes.get();
    host.unmerge();
    awaitWakes(before);
  }

  /** What it saw before the merge is what it sees after the unmerge. */
  @Test
  void anUnmergeWakesThoughTheMergeBeforeItWasNotAskedForYet() throws Exception {
    watch.close();
    watchPolling(Duration.ofSeconds(3));
    int quiet = wakes.get();
    folder.file("/srv/tool", "x").link(EXTENSIONS + "active/tool.raw", "/srv/tool");
    host.boot();
    awaitWakes(quiet);
    awaitSilence();
    int merged = wakes.get();
    host.unmerge();
    awaitWakes(merged);
  }

  @Test
  void aHostThatFallsSilentWakesOnceAndOnceMoreWhenItAnswers() {
    int before = wakes.get();
    host.silent(true);
    awaitWakes(before);
    awaitSilence();
    int silent = wakes.get();
    host.silent(false);
    awaitWakes(silent);
  }
}
