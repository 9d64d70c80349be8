package io.kairos.extensions.agent;

import io.kairos.extensions.agent.plan.Desired;
import io.kairos.extensions.agent.plan.Memory;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The image in work, on a thread of its own: one at a time on a node. Used by the agent's loop
 * alone.
 */
final class Stagings implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Stagings.class);

  private final Runnable signal;
  private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();

  private Optional<Running> running = Optional.empty();

  /** Adopts or fetches an image, and inspects it. */
  interface Work {
    /**
     * Does so.
     *
     * @throws InterruptedException when the thread is: it is to be given up
     */
    Staged stage() throws InterruptedException;
  }

  /** What came of an image; nothing where it was given up, as nobody wants it any more. */
  record Ended(Assignment assignment, Optional<Staged> outcome) {}

  private record Running(Assignment assignment, Thread thread) {}

  /**
   * None yet.
   *
   * @param signal called from another thread when one ended
   */
  Stagings(Runnable signal) {
    this.signal = signal;
  }

  /** Whether there is no image in work. */
  boolean isIdle() {
    return running.isEmpty();
  }

  /** Takes an image into work; there must be none. */
  void start(Assignment assignment, Work work) {
    Thread thread =
        new Thread(
            () -> {
              ended.add(new Ended(assignment, stage(assignment, work)));
              signal.run();
            },
            "stager");
    thread.setDaemon(true);
    running = Optional.of(new Running(assignment, thread));
    thread.start();
  }

  private static Optional<Staged> stage(Assignment assignment, Work work) {
    try {
      return Optional.of(work.stage());
    } catch (InterruptedException givenUp) {
      return Optional.empty();
    } catch (RuntimeException | Error defect) { // whatever it was, the next one gets its turn
      LOG.error("staging {} broke", assignment.name(), defect);
      return Optional.of(new Staged.NotStaged(Reasons.STORE_ERROR, "internal error: " + defect));
    }
  }

  /** A download that nobody wants any more must not hold up one that somebody does. */
  void keepOnly(Desired desired) {
    running
        .filter(
            one ->
                !Memory.uses(desired.of(one.assignment().type()))
                    .contains(Memory.use(one.assignment())))
        .ifPresent(one -> giveUp());
  }

  /** Gives up the image in work; what is there of it is kept for the next time. */
  void giveUp() {
    running.ifPresent(one -> one.thread().interrupt());
  }

  /** Takes what came of the image in work, once; then there is none any more. */
  Optional<Ended> ended() {
    Optional<Ended> one = Optional.ofNullable(ended.poll());
    if (one.isPresent()) {
      running = Optional.empty();
    }
    return one;
  }

  @Override
  public void close() {
    giveUp();
  }
}
