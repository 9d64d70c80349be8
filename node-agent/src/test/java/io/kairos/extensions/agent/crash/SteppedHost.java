package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A host each of whose commands is a step at a gate. */
final class SteppedHost implements Host, Units {
  private final Host host;
  private final StepGate gate;

  /**
   * Wraps.
   *
   * @param host closes with this one
   */
  SteppedHost(Host host, StepGate gate) {
    this.host = host;
    this.gate = gate;
  }

  @Override
  public Identity identify() throws HostException {
    return ask("identify", host::identify);
  }

  @Override
  public Identity identifyAgain(Identity before) throws HostException {
    return ask("identify", () -> host.identifyAgain(before));
  }

  @Override
  public Map<ExtensionClass, Merge> merges() throws HostException {
    return ask("merges", host::merges);
  }

  @Override
  public String mergeSign() throws HostException {
    return ask("merge sign", host::mergeSign);
  }

  @Override
  public Refreshed refresh(
      ExtensionClass extensionClass, Set<String> wanted, Set<String> unwanted, boolean reloadUnits)
      throws HostException {
    String name = "5 refresh";
    return gate.take(
        name,
        () -> {
          if (gate.faults().refuses(name)) {
            return new Refreshed.Refused("the job was refused");
          }
          Refreshed outcome =
              gate.faults()
                  .ask(name, () -> host.refresh(extensionClass, wanted, unwanted, reloadUnits));
          if (outcome instanceof Refreshed.Refused refused) {
            gate.faults().note("- " + name + ": " + refused.message());
          }
          return outcome;
        });
  }

  private <T> T ask(String name, Machine.Call<T, HostException> question) throws HostException {
    gate.read();
    return gate.faults().ask(name, question);
  }

  private <T> T take(String name, Machine.Call<T, HostException> command) throws HostException {
    return gate.take(name, () -> gate.faults().ask(name, command));
  }

  @Override
  public Units units() {
    return this;
  }

  @Override
  public void reboot() throws HostException {
    gate.read();
    host.reboot();
  }

  @Override
  public void close() {
    host.close();
  }

  @Override
  public void reload() throws HostException {
    Object unused =
        this.<Object>take(
            "5 daemon-reload",
            () -> {
              host.units().reload();
              return "";
            });
  }

  @Override
  public Map<ExtensionClass, String> unmergedAtBoot() throws HostException {
    return ask("unmerged at boot", host::unmergedAtBoot);
  }

  @Override
  public UnitState state(String unit) throws HostException {
    return ask("unit", () -> host.units().state(unit));
  }

  @Override
  public UnitState change(String unit, ServiceAction action) throws HostException {
    return take("5 service changed", () -> host.units().change(unit, action));
  }

  @Override
  public boolean begin(String unit) throws HostException {
    return take("R service begun", () -> host.units().begin(unit));
  }

  @Override
  public void stop(String unit) throws HostException {
    Object unused =
        this.<Object>take(
            "R service stopped",
            () -> {
              host.units().stop(unit);
              return "";
            });
  }

  @Override
  public boolean isGoingDown() throws HostException {
    return ask("going down", host.units()::isGoingDown);
  }

  @Override
  public String journal(String unit) throws HostException {
    return ask("journal", () -> host.units().journal(unit));
  }

  @Override
  public Ran run(List<String> command, Duration limit) throws HostException {
    return take("5 health check", () -> host.units().run(command, limit));
  }
}
