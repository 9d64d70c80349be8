package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.image.TrustedCertificates;
import io.kairos.extensions.agent.store.BootState;
import io.kairos.extensions.agent.store.StoreLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A host whose PID 1 is systemd.
 *
 * <p>A refresh is a {@code ReloadOrRestartUnit} of systemd-sysext.service: a reload keeps the old
 * merge when an image is bad, and the service carries the host's own environment and image policy.
 * Where the unit cannot reload (systemd 252 without a drop-in) it is first given an {@code
 * ExecReload} in {@code /run/systemd/system}: a restart would unmerge everything first. No exit
 * code is believed: the merge is what the {@link MountTable} shows, and other mounts than before
 * are a real remount. A first refusal is tried once more, since a first merge is known to fail
 * where the second works.
 */
public final class SystemdHost implements Host {
  private static final String SERVICE = "systemd-sysext.service";
  private static final int CARRIES_MOUNTS_ALONG = 257;
  private static final Pattern MAJOR = Pattern.compile("\\d{1,6}");
  private static final Duration JOB_LIMIT = Duration.ofSeconds(90);

  private static final String GIVE_RELOAD =
      "mkdir -p /run/systemd/system/systemd-sysext.service.d\n"
          + "printf '[Service]\\nExecReload=systemd-sysext refresh\\n'"
          + " >/run/systemd/system/systemd-sysext.service.d/50-sysext-operator.conf";

  /**
   * As systemd looks for them: of files with one name the first counts, a masked one not at all.
   */
  private static final String VERITY_KEYS =
      """
      seen=/
      for folder in /etc /run /usr/local/lib /usr/lib; do
        for file in "$folder"/verity.d/*.crt; do
          name="${file##*/}"
          case "$seen" in *"/$name/"*) continue;; esac
          seen="$seen$name/"
          if [ -f "$file" ]; then cat "$file"; echo; fi
        done
      done
      """;

  private final StoreLayout layout;
  private final Bus bus;
  private final HostScripts scripts;
  private final SystemdUnits units;

  private volatile OptionalInt major = OptionalInt.empty();

  /** The mount units of the merge that was seen last. */
  private volatile List<String> mounts = List.of();

  /** Nothing is connected yet. */
  public SystemdHost(StoreLayout layout) {
    this.layout = layout;
    this.bus = new Bus(layout.here(Path.of("/run/dbus/system_bus_socket")));
    this.scripts = new HostScripts(bus, layout);
    this.units = new SystemdUnits(bus, scripts);
  }

  @Override
  public Identity identify() throws HostException {
    String architecture = bus.property(Systemd.PATH, Systemd.MANAGER, "Architecture", String.class);
    String version = version();
    String osRelease = scripts.run("cat /etc/os-release");
    MachineArchitecture machine =
        MachineArchitecture.ofSystemd(architecture)
            .orElseThrow(
                () ->
                    new HostException(
                        "systemd runs on an architecture unknown here: " + architecture));
    OsRelease.Parsed parsed = OsRelease.parse(osRelease.getBytes(StandardCharsets.UTF_8));
    if (parsed instanceof OsRelease.Invalid invalid) {
      throw new HostException(
          "the host's /etc/os-release, line " + invalid.line() + ": " + invalid.message());
    }
    OsRelease release = ((OsRelease.Valid) parsed).release();
    SysextUnit unit = sysextUnit(version);
    HostFacts facts =
        new HostFacts(machine, release, false, unit.hierarchies()).withPolicies(unit.policies());
    boolean trustedBoot = BootState.isTrustedBoot(layout);
    TrustedCertificates verityKeys =
        trustedBoot
            ? TrustedCertificates.readable(
                "the host's /etc/verity.d, /run/verity.d and /usr/lib/verity.d",
                scripts.run(VERITY_KEYS))
            : TrustedCertificates.NONE;
    return new Identity(facts, version, System.getProperty("os.version"), trustedBoot, verityKeys);
  }

  private SysextUnit sysextUnit(String version) throws HostException {
    String unit = bus.unit(SERVICE);
    List<List<String>> commands = new ArrayList<>();
    for (String property : List.of("ExecStart", "ExecReload")) {
      for (Object command : list(bus.property(unit, Systemd.SERVICE, property, Object.class))) {
        commands.add(list(((Object[]) command)[1]).stream().map(String::valueOf).toList());
      }
    }
    return SysextUnit.of(version, environment(), commands);
  }

  /** What the service is told; it may be told anew at any time. */
  private List<String> environment() throws HostException {
    Object variables =
        bus.property(bus.unit(SERVICE), Systemd.SERVICE, "Environment", Object.class);
    return list(variables).stream().map(String::valueOf).toList();
  }

  /** The bus library gives some arrays as lists. */
  private static List<?> list(Object array) {
    return array instanceof List<?> list ? list : List.of((Object[]) array);
  }

  @Override
  public Merge merge() throws HostException {
    List<String> hierarchies = SysextUnit.hierarchies(environment());
    String printed = scripts.run(MountTable.script(hierarchies));
    Merge merge = MountTable.parse(printed);
    mounts = MountTable.points(printed).stream().map(MountUnit::of).toList();
    return new Merge(
        merge.id(),
        merge.names(),
        carriesMountsAlong() ? Map.of() : MountTable.visibleBelow(printed, hierarchies),
        MountTable.rivals(printed));
  }

  /**
   * From 257 on a merge takes the mounts below a hierarchy along. Before, it covers them up, and a
   * refresh ends those that lie on the merge before it: tried on 252 and 257; on 255 by report
   * (systemd issue 31922).
   */
  private boolean carriesMountsAlong() throws HostException {
    if (major.isEmpty()) {
      String version = version();
      Matcher number = MAJOR.matcher(version);
      major = OptionalInt.of(number.lookingAt() ? Integer.parseInt(number.group()) : 0);
    }
    return major.getAsInt() >= CARRIES_MOUNTS_ALONG;
  }

  private String version() throws HostException {
    return bus.property(Systemd.PATH, Systemd.MANAGER, "Version", String.class);
  }

  @Override
  public String mergeSign() throws HostException {
    List<String> units = mounts;
    if (units.isEmpty()) {
      return "";
    }
    return bus.manager("ListUnitsByNames", m -> m.listUnitsByNames(units)).stream()
        .map(unit -> unit.name + " " + unit.active)
        .sorted()
        .collect(Collectors.joining(", "));
  }

  @Override
  public Refreshed refresh(Set<String> wanted, Set<String> unwanted, boolean reloadUnits)
      throws HostException {
    giveReload();
    Refreshed outcome = refreshOnce(wanted, unwanted);
    if (outcome instanceof Refreshed.Refused) {
      outcome = refreshOnce(wanted, unwanted);
    }
    if (reloadUnits && outcome instanceof Refreshed.Done) {
      units.reload();
    }
    return outcome;
  }

  @Override
  public Units units() {
    return units;
  }

  private Refreshed refreshOnce(Set<String> wanted, Set<String> unwanted) throws HostException {
    Merge before = merge();
    String unit = bus.unit(SERVICE);
    bus.manager("ReloadOrRestartUnit " + SERVICE, m -> m.reloadOrRestartUnit(SERVICE, "replace"));
    boolean ended = Waiting.until(JOB_LIMIT, () -> units.isIdle(unit));
    if (!ended) {
      return new Refreshed.Refused(
          SERVICE + " was still at work after " + JOB_LIMIT.toSeconds() + " s");
    }
    String result = bus.property(unit, Systemd.SERVICE, "Result", String.class);
    int status = bus.property(unit, Systemd.SERVICE, "ExecMainStatus", Integer.class);
    Merge after = merge();
    boolean shown =
        !after.id().equals(before.id())
            && after.names().containsAll(wanted)
            && unwanted.stream().noneMatch(after.names()::contains);
    return shown ? new Refreshed.Done() : new Refreshed.Refused(words(result, status));
  }

  private void giveReload() throws HostException {
    if (!bus.property(bus.unit(SERVICE), Systemd.UNIT, "CanReload", Boolean.class)) {
      scripts.run(GIVE_RELOAD);
      units.reload();
    }
  }

  /** What the service itself said last: its own words tell more than its exit code. */
  private String words(String result, int status) throws HostException {
    String journal =
        scripts
            .run("journalctl --unit=" + SERVICE + " --lines=6 --output=cat --no-pager || true")
            .strip()
            .replace('\n', ';');
    List<String> parts = new ArrayList<>();
    parts.add(
        SERVICE + " did not merge what is linked (result " + result + ", status " + status + ")");
    if (!journal.isEmpty()) {
      parts.add(journal);
    }
    return String.join(": ", parts);
  }

  @Override
  public void close() {
    bus.close();
  }
}
