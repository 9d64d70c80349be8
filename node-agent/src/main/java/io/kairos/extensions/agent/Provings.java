package io.kairos.extensions.agent;

import io.kairos.extensions.agent.plan.Proved;
import io.kairos.extensions.agent.plan.Proving;
import io.kairos.extensions.agent.prove.Prover;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The proofs that run now, each on a thread of its own: one that takes an hour holds up nothing but
 * its own extension. Used by the agent's loop alone.
 */
final class Provings implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Provings.class);

  private final Prover prover;
  private final Runnable signal;
  private final Map<ExtensionKey, Running> running = new HashMap<>();
  private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();

  /** A proof that ended. */
  record Ended(Proving proving, Proved outcome) {}

  private record Running(Assignment assignment, Thread thread) {}

  /**
   * None yet.
   *
   * @param signal called from another thread when one ended
   */
  Provings(Prover prover, Runnable signal) {
    this.prover = prover;
    this.signal = signal;
  }

  void start(Proving proving) {
    Assignment assignment = proving.assignment();
    Thread thread =
        new Thread(
            () -> {
              ended.add(new Ended(proving, prove(proving)));
              signal.run();
            },
            "proof-" + assignment.name());
    thread.setDaemon(true);
    running.put(assignment.key(), new Running(assignment, thread));
    thread.start();
  }

  private Proved prove(Proving proving) {
    try {
      return prover.prove(proving);
    } catch (InterruptedException abandoned) {
      return new Proved.Abandoned();
    } catch (RuntimeException defect) {
      LOG.error("the proof of {} broke", proving.assignment().name(), defect);
      return new Proved.Unanswered("internal error: " + defect);
    }
  }

  /** Gives up those of what is wanted no more; they end soon, and are taken like others. */
  void keepOnly(List<Assignment> assignments) {
    running.values().stream()
        .filter(one -> assignments.stream().noneMatch(now -> isSame(now, one.assignment())))
        .forEach(one -> one.thread().interrupt());
  }

  /** What else is noted of an assignment makes no other proof of it. */
  private static boolean isSame(Assignment one, Assignment other) {
    return one.key().equals(other.key())
        && one.remove() == other.remove()
        && one.target().equals(other.target());
  }

  /** One that ended; it stays until it is {@link #taken}, for accounting for it may fail. */
  Optional<Ended> ended() {
    return Optional.ofNullable(ended.peek());
  }

  /** It was accounted for. */
  void taken(Ended one) {
    ended.remove(one);
    running.remove(one.proving().assignment().key());
  }

  @Override
  public void close() {
    running.values().forEach(one -> one.thread().interrupt());
  }
}
