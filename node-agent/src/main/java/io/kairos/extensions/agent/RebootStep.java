package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.plan.Backoff;
import io.kairos.extensions.agent.report.Evidence;
import java.time.Duration;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reboots the host when a plan says so. A host that refuses is asked again after growing pauses;
 * one that agreed and is still up after a while, too. Used by the agent's loop alone.
 */
final class RebootStep {
  private static final Logger LOG = LoggerFactory.getLogger(RebootStep.class);

  /** As long as a kubelet may take to end its pods, and units to stop. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Host host;
  private final String salt;
  private Evidence.Reboot state = new Evidence.Reboot.None();
  private int refusals;
  private long againAtMillis;

  RebootStep(Host host, String salt) {
    this.host = host;
    this.salt = salt;
  }

  /**
   * Reboots, if that is due.
   *
   * @return when to come again
   */
  OptionalLong run(boolean due, long nowMillis) {
    if (!due) {
      state = new Evidence.Reboot.None();
      refusals = 0;
      againAtMillis = nowMillis;
      return OptionalLong.empty();
    }
    if (state instanceof Evidence.Reboot.None || againAtMillis <= nowMillis) {
      againAtMillis = nowMillis + ask();
    }
    return OptionalLong.of(againAtMillis);
  }

  private long ask() {
    try {
      LOG.info("the host is told to reboot");
      host.reboot();
      state = new Evidence.Reboot.Begun();
      refusals = 0;
      return PATIENCE.toMillis();
    } catch (HostException e) {
      LOG.warn("the host does not reboot: {}", e.getMessage());
      state = new Evidence.Reboot.Refused(String.valueOf(e.getMessage()));
      refusals++;
      return Backoff.millis(refusals, salt);
    }
  }

  /** What became of it. */
  Evidence.Reboot state() {
    return state;
  }
}
