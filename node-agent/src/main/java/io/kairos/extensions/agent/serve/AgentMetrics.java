package io.kairos.extensions.agent.serve;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Optional;
import java.util.function.LongSupplier;
import lombok.Builder;

/** An agent's metrics. No label grows: which node it is, the scrape knows. */
public final class AgentMetrics {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /**
   * Where the numbers come from; each only grows.
   *
   * @param applied refreshes after which the host showed what it should
   * @param failed refreshes after which it did not
   * @param downloadedBytes bytes of images that came over a network
   * @param drift what went without the agent's doing, and was put back
   */
  @Builder
  public record Numbers(
      LongSupplier applied,
      LongSupplier failed,
      LongSupplier downloadedBytes,
      LongSupplier drift) {}

  /** Of these numbers, and of this process. */
  public AgentMetrics(Numbers numbers) {
    String apply = "sysext.agent.apply";
    String what = "Changes put into effect on the host, or not.";
    counter(apply, what, numbers.applied(), "result", "succeeded");
    counter(apply, what, numbers.failed(), "result", "failed");
    counter(
        "sysext.agent.download.bytes",
        "Bytes of images that came over a network.",
        numbers.downloadedBytes());
    counter("sysext.agent.drift", "What went, and was put back.", numbers.drift());
    Gauge.builder("sysext.build.info", () -> 1)
        .description("Which build this is.")
        .tags("program", "agent", "version", version())
        .register(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  /** A counter holds its object by a weak reference, and stands still without it: so it is this. */
  private void counter(String name, String what, LongSupplier number, String... tags) {
    FunctionCounter.builder(name, this, metrics -> number.getAsLong())
        .description(what)
        .tags(tags)
        .register(registry);
  }

  private static String version() {
    return Optional.ofNullable(AgentMetrics.class.getPackage().getImplementationVersion())
        .orElse("unknown");
  }

  /** All of it, in Prometheus' text format. */
  public String scrape() {
    return registry.scrape();
  }
}
