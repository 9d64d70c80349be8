package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.Samples;
import io.kairos.extensions.operator.reconcile.Fleet.View;
import io.kairos.extensions.operator.rollout.Write;
import io.kairos.extensions.operator.status.FleetPass;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs passes, one at a time. Whatever changed, a pass is over the whole fleet; one over a fleet
 * that is as the last completed pass left it is skipped.
 *
 * <p>A write that finds its object changed ends the pass. That is normal, agents report all the
 * time: the next pass starts from what is there then, soon, and later each time it happens again.
 * So it is with an API server that cannot be reached.
 */
public final class FleetReconciler implements AutoCloseable {
  /** In case that a change was missed. */
  private static final Duration SAFETY_NET = Duration.ofSeconds(60);

  /** After own writes: the caches will wake us before. */
  private static final Duration AFTER_WRITES = Duration.ofSeconds(1);

  private static final Duration CLOSED = Duration.ofMillis(200);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(25);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  private static final Logger log = LoggerFactory.getLogger(FleetReconciler.class);

  private final KubernetesClient client;
  private final Clock clock;
  private final Fleet fleet;
  private final BooleanSupplier mayRun;
  private final EventWriter events;
  private final PassLoop loop = new PassLoop(this::reconcile);

  // Of the loop's thread alone.
  private Optional<FleetSnapshot> completed = Optional.empty();
  private int abortedInARow;
  private long pauseUntilNanos = System.nanoTime();

  /**
   * A reconciler that does nothing while it may not run.
   *
   * @param clock only for the times of conditions
   * @param mayRun whether caches are synced, and this process leads; asked before each write
   */
  FleetReconciler(KubernetesClient client, Fleet fleet, Clock clock, BooleanSupplier mayRun) {
    this.client = client;
    this.fleet = fleet;
    this.clock = clock;
    this.mayRun = mayRun;
    this.events = new EventWriter(client, clock, instance());
  }

  private static String instance() {
    String name = Optional.ofNullable(System.getenv("HOSTNAME")).orElse("sysext-operator");
    return name.substring(0, Math.min(name.length(), 128));
  }

  /** Starts to run passes, as soon as they may run. */
  public void start() {
    loop.start();
  }

  /** Something changed. */
  void wake() {
    loop.wake();
  }

  /** How long the running pass has been running, zero without one. */
  public Duration runningFor() {
    return loop.runningFor();
  }

  /** Whether passes will go on. */
  public boolean isAlive() {
    return loop.isAlive();
  }

  @Override
  public void close() {
    loop.close();
  }

  private Duration reconcile() {
    if (!mayRun.getAsBoolean()) {
      return CLOSED;
    }
    Duration pause = Duration.ofNanos(pauseUntilNanos - System.nanoTime());
    return pause.isNegative() ? pass() : pause.plusMillis(1);
  }

  private Duration pass() {
    View view = fleet.view();
    events.tell(view.states().values());
    if (completed.isPresent() && completed.get().equals(view.snapshot())) {
      return SAFETY_NET;
    }
    completed = Optional.empty();
    try {
      String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
      List<Write> writes = FleetPass.writes(view.snapshot(), now);
      Writer writer = new Writer(client, fleet, view);
      for (Write write : writes) {
        if (!mayRun.getAsBoolean() || Thread.currentThread().isInterrupted()) {
          return CLOSED;
        }
        log.debug("{}", write);
        writer.write(write);
        tell(view.snapshot(), write);
      }
      abortedInARow = 0;
      completed = Optional.of(view.snapshot());
      return writes.isEmpty() ? SAFETY_NET : AFTER_WRITES;
    } catch (Writer.OutdatedException e) {
      log.debug("pass ended early: {}", e.getMessage());
      return pause();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT
          || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        log.debug("pass ended early: {}", e.getMessage());
      } else if (mayRun.getAsBoolean()) {
        log.warn("pass failed, it will be tried again: {}", e.getMessage());
        log.debug("pass failed", e);
      }
      return pause();
    } catch (RuntimeException e) {
      log.error("pass failed for a reason that is not the API server's, it will be tried again", e);
      return pause();
    }
  }

  private Duration pause() {
    fleet.forgetOwnWrites();
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(abortedInARow++, 10));
    if (pause.compareTo(LONGEST_PAUSE) > 0) {
      pause = LONGEST_PAUSE;
    }
    pauseUntilNanos = System.nanoTime() + pause.toNanos();
    return pause.plusMillis(1);
  }

  /** One line for each transition. */
  private static void tell(FleetSnapshot before, Write write) {
    if (write instanceof Write.PolicyStatus status) {
      FleetSnapshot.Policy policy = before.policies().get(status.policy());
      List<String> batch = status.status().rollout().admitting();
      if (!batch.isEmpty() && !batch.equals(policy.status().rollout().admitting())) {
        log.info(
            "policy {}: {} admitted for {}: {}",
            policy.name(),
            Samples.count(batch.size(), "node"),
            status.status().rollout().revision(),
            Samples.of(batch, 5));
      }
      tell("policy " + policy.name(), policy.status(), status.status());
    } else if (write instanceof Write.RemoveFinalizer gone && gone.kind() == Write.Kind.POLICY) {
      log.info("policy {}: removed from all nodes", gone.name());
    } else if (write instanceof Write.DeleteState gone) {
      log.info("node {}: the state of a Node that is gone is deleted", gone.node());
    }
  }

  private static void tell(
      String what, NodeExtensionPolicyStatus before, NodeExtensionPolicyStatus after) {
    Optional<Condition> was = Conditions.find(before.conditions(), Conditions.READY);
    Optional<Condition> is = Conditions.find(after.conditions(), Conditions.READY);
    if (is.isPresent() && !is.map(Condition::getReason).equals(was.map(Condition::getReason))) {
      log.info(
          "{}: Ready={} {}: {}",
          what,
          is.get().getStatus(),
          is.get().getReason(),
          is.get().getMessage());
    }
  }
}
