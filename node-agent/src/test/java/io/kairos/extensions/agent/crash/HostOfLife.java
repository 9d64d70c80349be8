package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.TrustedCertificates;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The host as one process of the agent talks to it: each command is a step, and may go wrong. */
final class HostOfLife implements Host, Units {
  private final Machine machine;
  private final Machine.Life life;
  private final Faults faults;

  HostOfLife(Machine machine, Machine.Life life, Faults faults) {
    this.machine = machine;
    this.life = life;
    this.faults = faults;
  }

  private void requireAnswer(String what) throws HostException {
    if (faults.unanswered(what)) {
      machine.note("  the bus did not answer");
      throw new HostException("the bus did not answer");
    }
  }

  @Override
  public Identity identifyAgain(Identity known) {
    life.read();
    return known;
  }

  @Override
  public Identity identify() {
    life.read();
    HostFacts facts = Images.host();
    return new Identity(
        facts.architecture(),
        facts.osRelease(),
        Map.of(facts.extensionClass(), facts),
        "257",
        "6.1",
        false,
        !machine.layout().looksIntoProfile(),
        TrustedCertificates.NONE);
  }

  @Override
  public Map<ExtensionClass, String> unmergedAtBoot() {
    return Map.of();
  }

  @Override
  public Map<ExtensionClass, Merge> merges() throws HostException {
    life.read();
    requireAnswer("merge");
    Systemd systemd = machine.systemd();
    return Map.of(ExtensionClass.SYSEXT, new Merge(systemd.mergeId(), systemd.merged().keySet()));
  }

  @Override
  public String mergeSign() {
    life.read();
    return machine.systemd().mergeId();
  }

  @Override
  public Refreshed refresh(
      ExtensionClass extensionClass, Set<String> wanted, Set<String> unwanted, boolean reloadUnits)
      throws HostException {
    return life.take("5 refresh", this::refresh);
  }

  private Refreshed refresh() throws HostException {
    Optional<Faults.Refresh> fault = faults.refresh();
    fault.ifPresent(what -> machine.note("  " + what));
    try {
      return switch (fault.map(Enum::name).orElse("")) {
        case "REFUSED" -> new Refreshed.Refused("the job timed out");
        case "CHANGES_NOTHING" -> new Refreshed.Done();
        case "UNMERGES_ALL" -> {
          machine.systemd().unmerge();
          yield new Refreshed.Done();
        }
        case "UNANSWERED" -> throw new HostException("the bus did not answer");
        case "DONE_BUT_UNANSWERED" -> {
          boolean unused = machine.systemd().refresh();
          throw new HostException("the bus went away");
        }
        default ->
            machine.systemd().refresh()
                ? new Refreshed.Done()
                : new Refreshed.Refused("an image is bad");
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Units units() {
    return this;
  }

  @Override
  public void reload() throws HostException {
    Object unused =
        life.take(
            "5 daemon-reload",
            () -> {
              requireAnswer("daemon-reload");
              return "";
            });
  }

  @Override
  public UnitState state(String unit) throws HostException {
    life.read();
    requireAnswer("unit");
    return unit(true);
  }

  private static UnitState unit(boolean works) {
    return works
        ? new UnitState("loaded", "active", "running", "success", "1", 0)
        : new UnitState("loaded", "failed", "failed", "exit-code", "", 0);
  }

  @Override
  public UnitState change(String unit, ServiceAction action) throws HostException {
    return life.take(
        "5 service changed",
        () -> {
          requireAnswer("service");
          String name = unit.replace(".service", "");
          String image = machine.systemd().merged().getOrDefault(name, "");
          return unit(!image.equals(Sample.ILL.sha256()));
        });
  }

  @Override
  public boolean begin(String unit) throws HostException {
    return life.take(
        "R service begun",
        () -> {
          requireAnswer("begin");
          return true;
        });
  }

  @Override
  public void stop(String unit) throws HostException {
    Object unused =
        life.take(
            "R service stopped",
            () -> {
              requireAnswer("stop");
              return "";
            });
  }

  /** Its power is cut instead. */
  @Override
  public boolean isGoingDown() throws HostException {
    life.read();
    requireAnswer("going down");
    return false;
  }

  @Override
  public String journal(String unit) {
    life.read();
    return "it said why";
  }

  @Override
  public Ran run(List<String> command, Duration limit) throws HostException {
    return life.take(
        "5 health check",
        () -> {
          requireAnswer("health check");
          return new Ran.Exited(0, "");
        });
  }

  @Override
  public void reboot() {
    throw new UnsupportedOperationException("no scenario asks for it");
  }

  @Override
  public void close() {
    // nothing is held open
  }
}
