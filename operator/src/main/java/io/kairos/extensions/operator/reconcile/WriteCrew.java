package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.operator.rollout.Agenda;
import io.kairos.extensions.operator.rollout.Write;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the API server on behalf of passes, several requests at once where they do not count on each
 * other: most of a request's time is spent waiting for the answer, and a pass over a large fleet
 * has hundreds. For one pass at a time.
 */
final class WriteCrew implements AutoCloseable {
  /** As many as a controller of Kubernetes has workers; its API server shares itself out. */
  private static final int HANDS = 8;

  private static final Logger log = LoggerFactory.getLogger(WriteCrew.class);

  private final ExecutorService hands =
      Executors.newFixedThreadPool(
          HANDS,
          task -> {
            Thread thread = new Thread(task, "pass-requests");
            thread.setDaemon(true);
            return thread;
          });

  /** What came of one write. */
  enum Answer {
    /** It is done. */
    DONE,
    /** Its object is no longer as it was read. */
    OUTDATED,
    /** It is one of a node, and the API server will not have it. */
    NODE_REFUSED
  }

  /** What came of the writes of a pass. */
  enum Outcome {
    /** All are done, but for those of nodes that were refused. */
    ALL_DONE,
    /** Some found their object changed, and are left for the next pass; others are done. */
    SOME_OUTDATED,
    /** The first found its object changed. */
    NONE_DONE,
    /** The process may not write any more. */
    STOPPED
  }

  /**
   * Does the writes of a pass.
   *
   * @param writer does one write, or says that its node is refused; several threads call it, for
   *     one node one at a time
   * @param mayGoOn asked before each write
   * @throws KubernetesClientException if the API server does not answer, or refuses for another
   *     reason than that the object has changed
   */
  Outcome work(List<Write> writes, Function<Write, Answer> writer, BooleanSupplier mayGoOn) {
    Agenda agenda = new Agenda(writes);
    int done = 0;
    while (!agenda.isOver()) {
      List<Write> ready = agenda.ready();
      List<Answer> answers = all(ready.stream().map(w -> task(w, writer, mayGoOn)).toList());
      if (!mayGoOn.getAsBoolean() || Thread.currentThread().isInterrupted()) {
        return Outcome.STOPPED;
      }
      for (int i = 0; i < answers.size(); i++) {
        switch (answers.get(i)) {
          case DONE -> {
            agenda.done(ready.get(i));
            done++;
          }
          case OUTDATED -> agenda.outdated(ready.get(i));
          case NODE_REFUSED -> agenda.refused((Write.OfNode) ready.get(i));
        }
      }
    }
    if (!agenda.hasOutdated()) {
      return Outcome.ALL_DONE;
    }
    return done == 0 ? Outcome.NONE_DONE : Outcome.SOME_OUTDATED;
  }

  private static Callable<Answer> task(
      Write write, Function<Write, Answer> writer, BooleanSupplier mayGoOn) {
    return () -> {
      if (!mayGoOn.getAsBoolean() || Thread.currentThread().isInterrupted()) {
        return Answer.OUTDATED;
      }
      log.debug("{}", write);
      try {
        return writer.apply(write);
      } catch (KubernetesClientException e) {
        if (!isChanged(e)) {
          throw e;
        }
        log.debug("refused: {}: {}", write, e.getMessage());
        return Answer.OUTDATED;
      }
    };
  }

  /** Whether an answer says that an object is no longer as it was read. */
  static boolean isChanged(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_CONFLICT
        || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
  }

  /**
   * Does all tasks, and waits for them. A single one is done by the caller's thread.
   *
   * @return what they return, in order
   * @throws RuntimeException the first of those that they throw, once all have ended
   */
  <T> List<T> all(List<Callable<T>> tasks) {
    try {
      if (tasks.size() == 1) {
        return List.of(tasks.get(0).call());
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : hands.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KubernetesClientException("interrupted", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    hands.shutdownNow();
  }
}
