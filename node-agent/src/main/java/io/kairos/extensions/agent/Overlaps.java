package io.kairos.extensions.agent;

import io.kairos.extensions.agent.image.CarriedFiles;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImageBytes;
import io.kairos.extensions.agent.image.ImageTree;
import io.kairos.extensions.agent.image.OpenedImage;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.VersionOrder;
import io.kairos.extensions.agent.report.Evidence;
import io.kairos.extensions.agent.report.OverlapCondition;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.FileOverlap;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds files that several extensions of a class carry. A merge stacks extensions by their names in
 * version order (systemd's strverscmp_improved), the last one on top, and says nothing of what it
 * hides. Images are listed beside the agent's loop, each once in its life; nothing waits for it.
 * Used by the agent's loop alone.
 */
final class Overlaps implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Overlaps.class);

  /** Two extensions that share a file as a rule share many. */
  private static final int MOST_NAMED = 5;

  private static final int MOST_PAIRS = 10;

  /** A path may have thousands. */
  private static final int MOST_CHARACTERS = 200;

  private final ExtensionType type;
  private final Path images;
  private final Runnable signal;

  /** By digest; only the thread that lists has it. */
  private final Map<String, Optional<CarriedFiles>> listed = new HashMap<>();

  private final AtomicBoolean busy = new AtomicBoolean();
  private Optional<Thread> running = Optional.empty();
  private Task wanted = new Task(Map.of(), Optional.empty());
  private volatile Found found = new Found(wanted, Evidence.Compared.NOTHING);

  /**
   * What is compared.
   *
   * @param byName images by the extension's name
   * @param host by which an image's partition and hierarchies are chosen
   */
  private record Task(Map<String, String> byName, Optional<HostFacts> host) {}

  private record Found(Task task, Evidence.Compared compared) {}

  /**
   * Nothing is compared yet.
   *
   * @param type the class
   * @param images the folder in which they are named by their digests
   * @param signal called from another thread when a comparison ended
   */
  Overlaps(ExtensionType type, Path images, Runnable signal) {
    this.type = type;
    this.images = images;
    this.signal = signal;
  }

  /**
   * What the images share that are assigned, to be merged, and there; nothing is known of any until
   * they were compared.
   *
   * @param assignments of the class
   * @param host where it can merge the class
   */
  Evidence.Compared of(List<Assignment> assignments, HostView view, Optional<HostFacts> host) {
    Map<String, String> byName =
        assignments.stream()
            .filter(one -> !one.remove() && one.target().activation() != Activation.STAGE)
            .filter(one -> view.images().contains(one.target().image().sha256()))
            .collect(
                Collectors.toMap(
                    Assignment::name, one -> one.target().image().sha256(), (a, b) -> a));
    return byName.size() < 2 || host.isEmpty()
        ? new Evidence.Compared(byName.keySet(), List.of())
        : of(byName, host);
  }

  private Evidence.Compared of(Map<String, String> byName, Optional<HostFacts> host) {
    Found last = found;
    wanted = new Task(Map.copyOf(byName), host);
    if (last.task().equals(wanted)) {
      return last.compared();
    }
    if (busy.compareAndSet(false, true)) {
      Task task = wanted;
      Thread thread = new Thread(() -> work(task), "overlaps");
      thread.setDaemon(true);
      running = Optional.of(thread);
      thread.start();
    }
    return Evidence.Compared.NOTHING;
  }

  /** Whoever hears of the end finds it free for the next. */
  private void work(Task task) {
    try {
      compare(task);
    } finally {
      busy.set(false);
      signal.run();
    }
  }

  private void compare(Task task) {
    List<FileOverlap> overlaps = new ArrayList<>();
    try {
      listed.keySet().retainAll(task.byName().values());
      List<String> names = task.byName().keySet().stream().sorted(VersionOrder.INSTANCE).toList();
      for (int i = 0; i < names.size(); i++) {
        for (int j = i + 1; j < names.size() && overlaps.size() < MOST_PAIRS; j++) {
          pair(task, names.get(i), names.get(j)).ifPresent(overlaps::add);
        }
      }
      overlaps.forEach(one -> LOG.warn("{}", OverlapCondition.message(one)));
    } catch (ClosedByInterruptException closing) {
      return;
    } catch (IOException | RuntimeException | Error e) { // or the next look would begin it again
      LOG.warn("extensions could not be compared: {}", e.toString());
    }
    found = new Found(task, new Evidence.Compared(task.byName().keySet(), overlaps));
  }

  private Optional<FileOverlap> pair(Task task, String hidden, String shown) throws IOException {
    String below = task.byName().get(hidden);
    Optional<CarriedFiles> one = files(below, task);
    Optional<CarriedFiles> other = files(task.byName().get(shown), task);
    int shared = one.isPresent() && other.isPresent() ? one.get().shared(other.get()) : 0;
    if (shared == 0) {
      return Optional.empty();
    }
    List<String> named;
    try (FileChannel channel = open(below)) {
      named = other.get().named(tree(channel, task), hierarchies(task), MOST_NAMED);
    }
    List<String> files = named.stream().map(Overlaps::shortened).toList();
    return Optional.of(new FileOverlap(type, hidden, shown, files, shared));
  }

  private static String shortened(String path) {
    return path.length() > MOST_CHARACTERS ? path.substring(0, MOST_CHARACTERS) + "…" : path;
  }

  private Optional<CarriedFiles> files(String sha256, Task task) throws IOException {
    Optional<CarriedFiles> known = listed.get(sha256);
    if (known != null) {
      return known;
    }
    Optional<CarriedFiles> files = Optional.empty();
    try (FileChannel channel = open(sha256)) {
      files = Optional.of(CarriedFiles.of(tree(channel, task), hierarchies(task)));
    } catch (ClosedByInterruptException closing) {
      throw closing;
    } catch (IOException e) {
      LOG.warn("the files of image {} are not compared with others: {}", sha256, e.toString());
    }
    listed.put(sha256, files);
    return files;
  }

  private FileChannel open(String sha256) throws IOException {
    return FileChannel.open(
        images.resolve(sha256), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
  }

  private static ImageTree tree(FileChannel channel, Task task) throws IOException {
    return OpenedImage.open(ImageBytes.of(channel), task.host().orElseThrow().architecture())
        .tree();
  }

  private static List<String> hierarchies(Task task) {
    return task.host().orElseThrow().hierarchies();
  }

  @Override
  public void close() {
    running.ifPresent(Thread::interrupt);
  }
}
