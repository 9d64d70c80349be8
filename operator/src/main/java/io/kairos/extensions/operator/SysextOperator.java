package io.kairos.extensions.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationServiceOverrider;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.kairos.extensions.operator.metrics.OperatorMetrics;
import io.kairos.extensions.operator.reconcile.Controllers;
import io.kairos.extensions.operator.reconcile.FleetReconciler;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator, running. It can live within another program: it never ends the process, and it
 * leaves the client that it was given open.
 *
 * <p>Passes run once all caches are synced and, with leader election, while this process leads. One
 * that has lost the lease never works again; see {@link #lost()}.
 */
public final class SysextOperator implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SysextOperator.class);

  private static final int THREADS = 2;
  private static final Duration CACHE_SYNC_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration STUCK = Duration.ofMinutes(5);

  /** An informer that reconnects is unhealthy for a moment; that is no reason to be killed. */
  private static final Duration UNHEALTHY = Duration.ofMinutes(2);

  private final Operator operator;
  private final FleetReconciler fleet;
  private final OperatorMetrics metrics = new OperatorMetrics();
  private final CompletableFuture<Void> lost = new CompletableFuture<>();
  private final Optional<Probes> probes;
  private final Optional<HeldLease> lease;

  private volatile boolean controllersStarted;
  private volatile boolean leading;
  private volatile boolean synced;
  private volatile boolean closed;
  private volatile long healthyAtNanos = System.nanoTime();

  private SysextOperator(KubernetesClient client, OperatorConfig config, Clock clock) {
    leading = !config.leaderElection();
    lease =
        config.leaderElection()
            ? Optional.of(
                new HeldLease(client, config.leaseNamespace(), config.leaseName(), identity()))
            : Optional.empty();
    operator = new Operator(overrider -> configure(overrider, client));
    fleet =
        Controllers.register(
            operator,
            client,
            config.leaseNamespace(),
            config.nodeName(),
            clock,
            this::mayRun,
            metrics);
    probes =
        config.probePort() < 0
            ? Optional.empty()
            : Optional.of(
                Probes.serve(config.probePort(), this::deadly, this::unready, metrics::scrape));
  }

  /**
   * Starts an operator; returns once its caches are synced, or after 30 seconds without.
   *
   * @param client stays the caller's: not closed here
   * @param clock of deadlines, soaks and windows, and of the times of conditions
   * @throws io.javaoperatorsdk.operator.OperatorException if it cannot start, for instance because
   *     it may not use the lease
   */
  public static SysextOperator start(KubernetesClient client, OperatorConfig config, Clock clock) {
    SysextOperator started = new SysextOperator(client, config, clock);
    try {
      started.operator.start();
      started.controllersStarted = true;
      started.fleet.start();
      return started;
    } catch (RuntimeException e) {
      started.close();
      throw e;
    }
  }

  private void configure(ConfigurationServiceOverrider overrider, KubernetesClient client) {
    overrider
        .withKubernetesClient(client)
        .withCloseClientOnStop(false)
        .withConcurrentReconciliationThreads(THREADS)
        .withStopOnInformerErrorDuringStartup(false)
        .withCacheSyncTimeout(CACHE_SYNC_TIMEOUT)
        .withReconciliationTerminationTimeout(STOP_TIMEOUT)
        .withUseSSAToPatchPrimaryResource(false);
    lease.ifPresent(
        held ->
            overrider.withLeaderElectionConfiguration(
                LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(held.name())
                    .withLeaseNamespace(held.namespace())
                    .withIdentity(held.holder())
                    .withExitOnStopLeading(false)
                    .withLeaderCallbacks(
                        new LeaderCallbacks(this::lead, this::stopLeading, leader -> {}))
                    .build()));
  }

  /** Tells apart even two operators in one pod, or one process. */
  private static String identity() {
    return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("sysext-operator")
        + "_"
        + UUID.randomUUID();
  }

  private void lead() {
    log.info("leading");
    controllersStarted = true; // JOSDK asks for the lease after it has started the controllers
    leading = true;
  }

  private void stopLeading() {
    leading = false;
    if (!closed) {
      log.warn("the lease is lost");
    }
    lost.complete(null);
  }

  private boolean mayRun() {
    if (closed || lost.isDone() || !leading || !controllersStarted) {
      return false;
    }
    return isSynced();
  }

  private boolean isSynced() {
    if (!synced) {
      synced = operator.getRuntimeInfo().allEventSourcesAreHealthy();
    }
    return synced;
  }

  /** What only a restart mends. */
  private Optional<String> deadly() {
    if (!fleet.isAlive() && !closed) {
      return Optional.of("passes have ended");
    }
    if (fleet.runningFor().compareTo(STUCK) > 0) {
      return Optional.of("a pass has been running for " + fleet.runningFor().toSeconds() + " s");
    }
    if (operator.getRuntimeInfo().allEventSourcesAreHealthy()) {
      healthyAtNanos = System.nanoTime();
      return Optional.empty();
    }
    Duration unhealthy = Duration.ofNanos(System.nanoTime() - healthyAtNanos);
    return unhealthy.compareTo(UNHEALTHY) > 0
        ? Optional.of("informers have been unhealthy for " + unhealthy.toSeconds() + " s")
        : Optional.empty();
  }

  private Optional<String> unready() {
    return isSynced() ? Optional.empty() : Optional.of("caches are not synced yet");
  }

  /** Whether its caches are synced, so that it works, or would as the leader. */
  public boolean isReady() {
    return unready().isEmpty();
  }

  /** Whether it needs no restart. */
  public boolean isLive() {
    return deadly().isEmpty();
  }

  /** Whether it does the work now. */
  public boolean isLeading() {
    return leading && !lost.isDone() && !closed;
  }

  /** Done once the lease is lost, or the operator closed: it will not work again. */
  public CompletionStage<Void> lost() {
    return lost.minimalCompletionStage();
  }

  /** Where probes and metrics are served, if they are. */
  public OptionalInt probePort() {
    return probes.map(p -> OptionalInt.of(p.port())).orElseGet(OptionalInt::empty);
  }

  /**
   * Stops, within about a second. A pass ends after the write that it is at; then the next may
   * lead.
   */
  @Override
  public void close() {
    boolean led = isLeading();
    closed = true;
    probes.ifPresent(Probes::close);
    fleet.close();
    operator.stop();
    if (led && !fleet.isAlive()) {
      lease.ifPresent(HeldLease::giveBack);
    }
    metrics.close();
    lost.complete(null);
  }
}
