package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.drain.Drains;
import io.kairos.extensions.operator.metrics.OperatorMetrics;
import io.kairos.extensions.operator.metrics.PassResult;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.Samples;
import io.kairos.extensions.operator.reconcile.Fleet.View;
import io.kairos.extensions.operator.rollout.ObjectEvent;
import io.kairos.extensions.operator.rollout.Write;
import io.kairos.extensions.operator.status.FleetPass;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs passes, one at a time. Whatever changed, a pass is over the whole fleet; one over a fleet
 * that is as the last completed pass left it is skipped.
 *
 * <p>A write that finds its object changed is left for the next pass, and with it what counts on it
 * ({@link io.kairos.extensions.operator.rollout.Agenda}). That is normal, agents report all the
 * time: the next pass starts from what is there then, soon, and later each time that nothing could
 * be done. So it is with an API server that cannot be reached. What the API server refuses of
 * writes that nothing else rests on is passed over; see {@link Refusals}.
 */
public final class FleetReconciler implements AutoCloseable {
  /** In case that a change was missed. */
  private static final Duration SAFETY_NET = Duration.ofSeconds(60);

  /** After own writes: the caches will wake us before. */
  private static final Duration AFTER_WRITES = Duration.ofSeconds(1);

  private static final Duration CLOSED = Duration.ofMillis(200);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(25);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  /** The longest where some of a pass could be done. */
  private static final Duration SHORT_PAUSE = Duration.ofMillis(100);

  private static final Logger log = LoggerFactory.getLogger(FleetReconciler.class);

  private final KubernetesClient client;
  private final Clock clock;
  private final String operatorNode;
  private final Fleet fleet;
  private final BooleanSupplier mayRun;
  private final EventWriter events;
  private final EventRecorder recorder;
  private final WriteCrew crew = new WriteCrew();
  private final PodMover pods;
  private final PassLoop loop = new PassLoop(this::reconcile);
  private final GateWatch gates;
  private final OperatorMetrics metrics;
  private final Refusals refusals = new Refusals();

  // Of the loop's thread alone.
  private Optional<FleetSnapshot> completed = Optional.empty();
  private Optional<Instant> lookAgain = Optional.empty();
  private int abortedInARow;
  private long pauseUntilNanos = System.nanoTime();

  /**
   * A reconciler that does nothing while it may not run.
   *
   * @param namespace the operator's own: where its own pod is, which is drained last
   * @param clock of deadlines, soaks and windows, and of the times of conditions
   * @param operatorNode the Node that this process runs on, empty where it does not know
   * @param mayRun whether caches are synced, and this process leads; asked before each write
   * @param metrics is told of each pass
   */
  FleetReconciler(
      KubernetesClient client,
      Fleet fleet,
      String namespace,
      Clock clock,
      String operatorNode,
      BooleanSupplier mayRun,
      OperatorMetrics metrics) {
    this.metrics = metrics;
    this.client = PassClient.of(client);
    this.operatorNode = operatorNode;
    this.fleet = fleet;
    this.clock = clock;
    this.mayRun = mayRun;
    this.gates = new GateWatch(client, loop::wake);
    ClusterEvents told = new ClusterEvents(this.client, clock, instance());
    this.events = new EventWriter(told);
    this.recorder = new EventRecorder(told);
    this.pods = new PodMover(this.client, clock, crew, events, namespace + "/" + instance());
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
    crew.close();
    gates.close();
  }

  private Duration reconcile() {
    if (!mayRun.getAsBoolean()) {
      return CLOSED;
    }
    Duration pause = Duration.ofNanos(pauseUntilNanos - System.nanoTime());
    return pause.isNegative() ? tryPass() : pause.plusMillis(1);
  }

  /** Whatever goes wrong, passes go on. */
  private Duration tryPass() {
    long begin = System.nanoTime();
    PassResult result = PassResult.FAILED;
    try {
      Ended ended = pass();
      result = ended.result();
      return ended.next();
    } catch (Writer.OutdatedException e) {
      result = PassResult.CONFLICT;
      log.debug("pass ended early: {}", e.getMessage());
      return startOver();
    } catch (KubernetesClientException e) {
      if (WriteCrew.isChanged(e)) {
        result = PassResult.CONFLICT;
        log.debug("pass ended early: {}", e.getMessage());
      } else if (mayRun.getAsBoolean()) {
        log.warn("pass failed, it will be tried again: {}", e.getMessage());
        log.debug("pass failed", e);
      }
      return startOver();
    } catch (RuntimeException e) {
      log.error("pass failed for a reason that is not the API server's, it will be tried again", e);
      return startOver();
    } finally {
      metrics.passed(Duration.ofNanos(System.nanoTime() - begin), result);
    }
  }

  /**
   * A pass that came to its end.
   *
   * @param next when to run the next at the latest
   */
  private record Ended(PassResult result, Duration next) {}

  private Ended pass() {
    View now = fleet.view();
    View gated =
        now.withGates(gates.verdicts(now.policies().values())).withRefusals(refusals.held());
    events.tell(gated.states().values());
    recorder.retry();
    boolean draining = Drains.isUnderWay(gated.snapshot());
    if (!draining
        && completed.isPresent()
        && completed.get().equals(gated.snapshot())
        && !isDue()) {
      return new Ended(PassResult.UNCHANGED, untilDue(rest(List.of(), false)));
    }
    completed = Optional.empty();
    View view = gated.withPods(pods.look(Drains.draining(gated.snapshot())));
    FleetPass.Outcome outcome =
        FleetPass.of(view.snapshot(), new Circumstances(clock.instant(), operatorNode));
    metrics.observe(view.snapshot(), outcome.slots());
    List<Write> writes = outcome.writes();
    Writer writer = new Writer(client, clock, fleet, view, pods, recorder);
    refusals.begin();
    WriteCrew.Outcome written =
        crew.work(writes, write -> write(writer, write, view.snapshot()), mayRun);
    refusals.news().forEach(refused -> tell(view, refused));
    if (refusals.end() && written != WriteCrew.Outcome.STOPPED) {
      abortedInARow = 0;
      lookAgain = outcome.lookAgain();
      return new Ended(PassResult.REFUSED, untilDue(Refusals.RETRY));
    }
    return switch (written) {
      case STOPPED -> new Ended(PassResult.STOPPED, CLOSED);
      case NONE_DONE ->
          throw new Writer.OutdatedException("the first write found its object changed");
      case SOME_OUTDATED -> {
        // much was done: a conflict after a hundred of these is no hundredth conflict
        abortedInARow = Math.min(abortedInARow, 2);
        yield new Ended(PassResult.PARTIAL, pause(SHORT_PAUSE));
      }
      case ALL_DONE -> {
        abortedInARow = 0;
        lookAgain = outcome.lookAgain();
        completed = Optional.of(view.snapshot());
        yield new Ended(PassResult.COMPLETED, untilDue(rest(writes, draining)));
      }
    };
  }

  private Duration rest(List<Write> writes, boolean draining) {
    if (!writes.isEmpty() || draining) {
      return AFTER_WRITES;
    }
    return refusals.held().isEmpty() ? SAFETY_NET : Refusals.RETRY;
  }

  private WriteCrew.Answer write(Writer writer, Write write, FleetSnapshot before) {
    if (refusals.isMoot(write)) {
      return WriteCrew.Answer.DONE;
    }
    try {
      writer.write(write);
      tell(before, write);
      return WriteCrew.Answer.DONE;
    } catch (KubernetesClientException e) {
      return switch (refusals.judge(write, e)) {
        case PASS_OVER -> WriteCrew.Answer.DONE;
        case LEAVE_NODE -> WriteCrew.Answer.NODE_REFUSED;
        case END_PASS -> {
          refusals.hold(write, before, e);
          throw e;
        }
      };
    }
  }

  /** The policies that wait for a node say so to people. */
  private void tell(View view, Refusals.NodeRefusal refused) {
    FleetSnapshot.State state = view.snapshot().states().get(refused.write().node());
    for (String policy : refused.write().policies(state.spec())) {
      Optional.ofNullable(view.policies().get(policy))
          .ifPresent(
              object ->
                  recorder.tell(
                      object,
                      new ObjectEvent(
                          Reasons.WRITE_REFUSED,
                          true,
                          "node " + refused.write().node() + ": " + refused.message())));
    }
  }

  private boolean isDue() {
    return lookAgain.map(time -> !clock.instant().isBefore(time)).orElse(false);
  }

  /** Until the clock makes another pass due, and no longer than that. */
  private Duration untilDue(Duration longest) {
    return lookAgain
        .map(time -> Duration.between(clock.instant(), time))
        .map(wait -> wait.isNegative() ? Duration.ZERO : wait.plusMillis(1))
        .filter(wait -> wait.compareTo(longest) < 0)
        .orElse(longest);
  }

  private Duration startOver() {
    fleet.forgetOwnWrites();
    return pause(LONGEST_PAUSE);
  }

  private Duration pause(Duration longest) {
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(abortedInARow++, 10));
    if (pause.compareTo(longest) > 0) {
      pause = longest;
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
