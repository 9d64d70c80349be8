package io.kairos.extensions.operator.metrics;

import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.metrics.FleetGauges.Value;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.status.SlotUse;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The operator's metrics. Labels are policies, and words of a closed list: what an agent may say
 * freely is never one.
 */
public final class OperatorMetrics implements AutoCloseable {
  private static final double[] STAYS = {1, 5, 15, 60, 300, 900, 3600, 21600, 86400};
  private static final String FAILURES = "sysext.node.failures";
  private static final String POLICY = "policy";
  private static final String UNKNOWN_REASON = "Other";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Set<String> reasons = reasons();
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final MultiGauge nodes;
  private final MultiGauge paused;
  private final MultiGauge slots;
  private final MultiGauge drainBlocked;

  private Optional<FleetSnapshot> last = Optional.empty();

  /** With nothing measured yet but this process. */
  public OperatorMetrics() {
    nodes = gauge("sysext.policy.nodes", "Nodes of a policy, as its status counts them.");
    paused =
        gauge(
            "sysext.rollout.paused",
            "1 while a policy gives its newest revision to no further node, and why.");
    slots = gauge("sysext.slots", "Slots of maxUnavailable: taken, and there.");
    drainBlocked =
        gauge("sysext.drain.blocked", "Nodes whose drain is refused by a PodDisruptionBudget.");
    Gauge.builder("sysext.build.info", () -> 1)
        .description("Which build this is.")
        .tags("program", "operator", "version", version())
        .register(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
  }

  private MultiGauge gauge(String name, String description) {
    return MultiGauge.builder(name).description(description).register(registry);
  }

  private static String version() {
    return Optional.ofNullable(OperatorMetrics.class.getPackage().getImplementationVersion())
        .orElse("unknown");
  }

  private static Set<String> reasons() {
    return Arrays.stream(Reasons.class.getFields())
        .filter(field -> Modifier.isStatic(field.getModifiers()))
        .map(OperatorMetrics::value)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static String value(Field constant) {
    try {
      return String.valueOf(constant.get(null));
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(constant + " is public", e);
    }
  }

  /**
   * Takes the measures of a fleet, and counts what happened since the last time.
   *
   * @param slotsOfPolicies by policy
   */
  public synchronized void observe(FleetSnapshot fleet, Map<String, SlotUse> slotsOfPolicies) {
    FleetGauges now = FleetGauges.of(fleet, slotsOfPolicies);
    show(nodes, "state", now.nodes());
    show(paused, "reason", now.paused());
    show(slots, "kind", now.slots());
    show(drainBlocked, "", now.drainBlocked());
    last.map(before -> Happenings.between(before, fleet)).ifPresent(this::count);
    forgetPoliciesBut(fleet.policies().keySet());
    last = Optional.of(fleet);
  }

  private static void show(MultiGauge gauge, String kind, List<Value> values) {
    gauge.register(
        values.stream()
            .map(
                value ->
                    MultiGauge.Row.of(
                        kind.isEmpty()
                            ? Tags.of(POLICY, value.policy())
                            : Tags.of(POLICY, value.policy(), kind, value.kind()),
                        value.value()))
            .collect(Collectors.toList()),
        true);
  }

  private void count(Happenings happened) {
    happened
        .failures()
        .forEach(
            failure ->
                Counter.builder(FAILURES)
                    .description("Failures that agents told of.")
                    .tags(
                        POLICY,
                        failure.policy(),
                        "reason",
                        reasons.contains(failure.reason()) ? failure.reason() : UNKNOWN_REASON)
                    .register(registry)
                    .increment());
    happened
        .stays()
        .forEach(
            stay ->
                DistributionSummary.builder("sysext.state.duration")
                    .description("How long extensions were in a phase that they left.")
                    .baseUnit("seconds")
                    .serviceLevelObjectives(STAYS)
                    .tag("state", stay.state())
                    .register(registry)
                    .record(stay.seconds()));
  }

  private void forgetPoliciesBut(Set<String> policies) {
    registry.find(FAILURES).counters().stream()
        .filter(counter -> !policies.contains(counter.getId().getTag(POLICY)))
        .forEach(registry::remove);
  }

  /**
   * A pass over the fleet ended.
   *
   * @param took how long it took, its writes included
   * @param result how
   */
  public void passed(Duration took, PassResult result) {
    Timer.builder("sysext.pass.duration")
        .description("Passes over the fleet.")
        .tag("result", result.text())
        .register(registry)
        .record(took);
  }

  /** All of it, in Prometheus' text format. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
