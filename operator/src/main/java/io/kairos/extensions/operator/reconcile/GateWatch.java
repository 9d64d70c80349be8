package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.gate.GateCompiler;
import io.kairos.extensions.operator.gate.GateCompiler.Compiled;
import io.kairos.extensions.operator.gate.GateExpression;
import io.kairos.extensions.operator.plan.GateVerdict;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the gates of policies whose rollout is in work, again and again, beside the passes: a pass
 * waits for no gate, and takes the verdicts as they are.
 *
 * <p>A gate is asked for the first time when its policy is seen to have work, and from then on each
 * {@link #INTERVAL}, one at a time. Verdicts of policies that are through are forgotten, so that a
 * new rollout begins with a question. One that is too old, for the API server does not answer,
 * counts no more.
 */
final class GateWatch implements AutoCloseable {
  /** Between two questions. */
  static final Duration INTERVAL = Duration.ofSeconds(5);

  /** As long as a verdict counts. */
  private static final Duration FRESH = Duration.ofSeconds(60);

  private static final Logger log = LoggerFactory.getLogger(GateWatch.class);

  private final GateReader reader;
  private final Runnable changed;
  private final ScheduledThreadPoolExecutor clockwork;

  // Of the passes' thread alone.
  private final Map<Gate, Compiled> compiled = new HashMap<>();
  private Optional<GateCompiler> compiler = Optional.empty();

  // Guarded by this.
  private final Map<Gate, Reading> readings = new HashMap<>();
  private final Map<Gate, Question> asked = new HashMap<>();

  private record Reading(GateVerdict verdict, long atNanos) {}

  /** One that is asked again and again, until another one of its gate takes its place, or none. */
  private static final class Question {
    private final Gate gate;
    private final GateExpression expression;

    private Question(Gate gate, GateExpression expression) {
      this.gate = gate;
      this.expression = expression;
    }
  }

  /**
   * A watch that asks nothing yet.
   *
   * @param changed called when a verdict is another one than before
   */
  GateWatch(KubernetesClient client, Runnable changed) {
    this.reader = new GateReader(client);
    this.changed = changed;
    this.clockwork =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "gates");
              thread.setDaemon(true);
              return thread;
            });
    clockwork.setRemoveOnCancelPolicy(true);
    clockwork.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /**
   * The verdicts on the gates of these policies, as far as there are any; gates that were not asked
   * yet are, from now on.
   */
  Map<Gate, GateVerdict> verdicts(Collection<NodeExtensionPolicy> policies) {
    Map<Gate, GateVerdict> verdicts = new HashMap<>();
    Map<Gate, GateExpression> wanted = new HashMap<>();
    Set<Gate> all = new HashSet<>();
    for (NodeExtensionPolicy policy : policies) {
      for (Gate gate : policy.getSpec().rollout().gates()) {
        all.add(gate);
        Compiled result = compiled.computeIfAbsent(gate, this::compile);
        if (result instanceof Compiled.Unusable unusable) {
          verdicts.put(gate, new GateVerdict.Invalid(unusable.message()));
        } else if (result instanceof Compiled.Usable usable && isInWork(policy)) {
          wanted.put(gate, usable.expression());
        }
      }
    }
    compiled.keySet().retainAll(all);
    verdicts.putAll(read(wanted));
    return verdicts;
  }

  private Compiled compile(Gate gate) {
    if (compiler.isEmpty()) {
      compiler = Optional.of(new GateCompiler());
    }
    return compiler.get().compile(gate);
  }

  /** Not through, as far as its status tells: a policy that has new work says so first. */
  private static boolean isInWork(NodeExtensionPolicy policy) {
    Optional<Condition> ready =
        Conditions.find(policy.getStatus().conditions(), Conditions.READY)
            .filter(condition -> condition.getStatus().equals(Conditions.TRUE));
    boolean through =
        ready.isPresent()
            && policy.getStatus().observedGeneration() == policy.getMetadata().getGeneration();
    return !through && !policy.getSpec().paused() && !policy.isMarkedForDeletion();
  }

  private synchronized Map<Gate, GateVerdict> read(Map<Gate, GateExpression> wanted) {
    readings.keySet().retainAll(wanted.keySet());
    asked.keySet().retainAll(wanted.keySet());
    wanted.forEach(
        (gate, expression) ->
            asked.computeIfAbsent(
                gate,
                g -> {
                  Question question = new Question(g, expression);
                  later(question, Duration.ZERO);
                  return question;
                }));
    Map<Gate, GateVerdict> result = new HashMap<>();
    readings.forEach(
        (gate, reading) -> {
          if (System.nanoTime() - reading.atNanos() < FRESH.toNanos()) {
            result.put(gate, reading.verdict());
          }
        });
    return result;
  }

  private void later(Question question, Duration delay) {
    if (!clockwork.isShutdown()) {
      var unused = clockwork.schedule(() -> ask(question), delay.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private synchronized boolean isAsked(Question question) {
    return asked.get(question.gate) == question;
  }

  private void ask(Question question) {
    if (!isAsked(question)) {
      return;
    }
    GateVerdict verdict = verdict(question);
    boolean other;
    synchronized (this) {
      if (!isAsked(question)) {
        return;
      }
      Reading before = readings.put(question.gate, new Reading(verdict, System.nanoTime()));
      other = before == null || !before.verdict().equals(verdict);
      later(question, INTERVAL);
    }
    if (other) {
      log.info("gate {}: {}", question.gate.name(), verdict);
      changed.run();
    }
  }

  private GateVerdict verdict(Question question) {
    try {
      return reader.ask(question.gate, question.expression);
    } catch (RuntimeException e) {
      log.error("gate {} could not be asked", question.gate.name(), e);
      return new GateVerdict.Closed(
          Reasons.GATE_CHECK_FAILED, "it could not be asked, see the operator's log: " + e);
    }
  }

  @Override
  public void close() {
    clockwork.shutdownNow();
  }
}
