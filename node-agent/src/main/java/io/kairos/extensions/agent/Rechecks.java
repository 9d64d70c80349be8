package io.kairos.extensions.agent;

import io.kairos.extensions.agent.store.VerifiedImages;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The image of a class that is being hashed again, on a thread of its own: one at a time. Used by
 * the agent's loop alone.
 */
final class Rechecks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rechecks.class);

  private final VerifiedImages images;
  private final Runnable signal;
  private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();

  private Optional<Thread> running = Optional.empty();

  /**
   * One that ended.
   *
   * @param sha256 the image
   * @param outcome what came of it
   */
  record Ended(String sha256, Outcome outcome) {}

  /** What came of hashing an image. */
  sealed interface Outcome {
    /**
     * It has a digest.
     *
     * @param image what was found
     */
    record Hashed(VerifiedImages.Checked image) implements Outcome {}

    /** There was none any more. */
    record Gone() implements Outcome {}

    /**
     * It could not be looked at: nothing is known of it.
     *
     * @param message why
     */
    record Failed(String message) implements Outcome {}
  }

  /**
   * None yet.
   *
   * @param signal called from another thread when one ended
   */
  Rechecks(VerifiedImages images, Runnable signal) {
    this.images = images;
    this.signal = signal;
  }

  /** Hashes an image, unless one is being hashed. */
  void start(String sha256) {
    if (running.isPresent()) {
      return;
    }
    Thread thread =
        new Thread(
            () -> {
              ended.add(new Ended(sha256, check(sha256)));
              signal.run();
            },
            "recheck");
    thread.setDaemon(true);
    running = Optional.of(thread);
    thread.start();
  }

  private Outcome check(String sha256) {
    try {
      return new Outcome.Hashed(images.check(sha256));
    } catch (NoSuchFileException gone) {
      return new Outcome.Gone();
    } catch (IOException e) {
      return new Outcome.Failed("it cannot be looked at: " + e);
    } catch (InterruptedException closing) {
      return new Outcome.Failed("the agent ends");
    } catch (RuntimeException | Error defect) { // whatever it was, the next one gets its turn
      LOG.error("hashing image {} broke", sha256, defect);
      return new Outcome.Failed("internal error: " + defect);
    }
  }

  /** Takes what came of it, once; then there is none any more. */
  Optional<Ended> ended() {
    Optional<Ended> one = Optional.ofNullable(ended.poll());
    if (one.isPresent()) {
      running = Optional.empty();
    }
    return one;
  }

  @Override
  public void close() {
    running.ifPresent(Thread::interrupt);
  }
}
