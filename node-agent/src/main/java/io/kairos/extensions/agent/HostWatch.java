package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes the agent soon after somebody changed the host, so that drift does not wait for the poll.
 *
 * <p><b>Files</b>: inotify on the folders of links, images and boot sentinels ({@link
 * StoreLayout#watched()}). Changes come in swarms, so the wake waits for a short silence, but not
 * for long. Lost events (an overflow) are a change. Folders are registered again and again, which
 * costs nothing for one that is still the same, so that one that was missing, replaced or moved
 * away is watched from then on; its coming and going is a change, too. Nothing is left out but what
 * every look at the host writes into the run folder itself ({@link StoreLayout#isOwnNote}): that
 * would be a loop. The agent's other writes wake it once more after its work; that look finds
 * nothing to do, writes nothing else, and it is quiet.
 *
 * <p><b>The merge</b> is no file. A subscription to PropertiesChanged of the mount units would make
 * PID 1 send every change of every unit of the host to every subscriber, has to be renewed after
 * each end of the connection and each re-execution of PID 1, and says nothing about what was missed
 * in between. {@link Host#mergeSign()} asks for the state of the few mounts of the merge in one
 * call, starts no process and leaves no line in the journal, so it is simply asked every few
 * seconds, and whenever files changed; whatever went wrong in between, the next answer is right. A
 * host that stops to answer, or answers again, is a change.
 *
 * <p>Where the kernel gives no inotify (its instances and watches are limited for each user) the
 * folders are left to the agent's poll, and the watch is tried again.
 */
final class HostWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostWatch.class);

  private static final Duration QUIET = Duration.ofMillis(50);
  private static final Duration LONGEST_SWARM = Duration.ofMillis(500);
  private static final Duration LONGEST_MERGE_POLL = Duration.ofSeconds(10);
  private static final Duration LONGEST_REGISTRATION = Duration.ofSeconds(5);

  /** Until the host has said who it is. */
  private static final Duration UNKNOWN = Duration.ofMillis(200);

  private final Supplier<List<StoreLayout>> layouts;
  private final Host host;
  private final Runnable changed;
  private final Duration mergePoll;
  private final Duration registration;
  private final Thread thread = new Thread(this::run, "host-watch");
  private final Map<Path, WatchKey> keys = new HashMap<>();
  private Optional<WatchService> inotify = Optional.empty();
  private Optional<String> mergeSign = Optional.empty();
  private boolean complained;
  private volatile boolean closed;

  /**
   * A watch that is not started yet.
   *
   * @param layouts of the classes that are looked after; none before the host said who it is
   * @param poll how often the agent looks by itself: nothing here is asked more rarely
   * @param changed called, from the watch's thread, after something changed
   */
  HostWatch(Supplier<List<StoreLayout>> layouts, Host host, Duration poll, Runnable changed) {
    this.layouts = layouts;
    this.host = host;
    this.changed = changed;
    this.mergePoll = shorter(poll, LONGEST_MERGE_POLL);
    this.registration = shorter(poll, LONGEST_REGISTRATION);
    thread.setDaemon(true);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  void start() {
    thread.start();
  }

  private void run() {
    long askMergeAt = System.nanoTime();
    try {
      while (!closed) {
        boolean isKnown = !layouts.get().isEmpty();
        boolean news = register();
        news |= await(news ? Duration.ZERO : isKnown ? registration : UNKNOWN);
        if (news) {
          gather();
        }
        // what the agent did meanwhile must not make a later merge look like the one before it
        if (news || System.nanoTime() - askMergeAt >= 0) {
          news |= hasMergeChanged();
          askMergeAt = System.nanoTime() + mergePoll.toNanos();
        }
        if (news && !closed) {
          changed.run();
        }
      }
    } catch (InterruptedException | ClosedWatchServiceException closing) {
      LOG.debug("closed");
    } finally {
      end();
    }
  }

  /** Waits for an event; tells whether one came that counts. */
  private boolean await(Duration longest) throws InterruptedException {
    if (inotify.isEmpty()) {
      Thread.sleep(longest.toMillis());
      return false;
    }
    WatchKey key = inotify.get().poll(longest.toNanos(), TimeUnit.NANOSECONDS);
    return key != null && counts(key);
  }

  /** Lets a swarm of changes pass. */
  private void gather() throws InterruptedException {
    long end = System.nanoTime() + LONGEST_SWARM.toNanos();
    while (inotify.isPresent() && System.nanoTime() - end < 0) {
      WatchKey key = inotify.get().poll(QUIET.toNanos(), TimeUnit.NANOSECONDS);
      if (key == null) {
        return;
      }
      boolean unused = counts(key);
    }
  }

  private boolean counts(WatchKey key) {
    boolean counts = false;
    for (WatchEvent<?> event : key.pollEvents()) {
      counts |=
          !(event.context() instanceof Path name)
              || !isRunFolder(key)
              || !StoreLayout.isOwnNote(name);
    }
    if (!key.reset()) { // its folder is gone
      counts |= keys.values().remove(key);
    }
    return counts;
  }

  private boolean isRunFolder(WatchKey key) {
    return layouts.get().stream().anyMatch(layout -> key.equals(keys.get(layout.run())));
  }

  /**
   * Registers what there is to watch.
   *
   * @return whether a folder is another one than before, or gone
   */
  private boolean register() {
    try {
      if (inotify.isEmpty()) {
        inotify = Optional.of(FileSystems.getDefault().newWatchService());
      }
      boolean news = false;
      for (StoreLayout layout : layouts.get()) {
        for (Path folder : layout.watched()) {
          news |= register(folder, inotify.get());
        }
      }
      complained = false;
      return news;
    } catch (IOException refused) {
      if (!complained) {
        LOG.warn(
            "folders of the host cannot be watched and are only polled until they can: {}",
            refused.toString());
        complained = true;
      }
      return false;
    }
  }

  private boolean register(Path folder, WatchService service) throws IOException {
    WatchKey before = keys.get(folder);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      keys.remove(folder);
      if (before != null) {
        before.cancel();
      }
      return before != null;
    }
    WatchKey now =
        folder.register( // the same folder gives the same key
            service,
            StandardWatchEventKinds.ENTRY_CREATE,
            StandardWatchEventKinds.ENTRY_DELETE,
            StandardWatchEventKinds.ENTRY_MODIFY);
    if (now.equals(before)) {
      return false;
    }
    keys.put(folder, now);
    if (before != null) {
      before.cancel();
    }
    return true;
  }

  private boolean hasMergeChanged() {
    Optional<String> before = mergeSign;
    try {
      mergeSign = Optional.of(host.mergeSign());
    } catch (HostException silent) {
      LOG.debug("the merge cannot be asked for: {}", silent.getMessage());
      mergeSign = Optional.empty();
    } catch (RuntimeException defect) {
      LOG.error("asking for the merge broke", defect);
      mergeSign = Optional.empty();
    }
    return !mergeSign.equals(before);
  }

  private void end() {
    try {
      if (inotify.isPresent()) {
        inotify.get().close();
      }
    } catch (IOException e) {
      LOG.debug("the watch did not close well: {}", e.toString());
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
