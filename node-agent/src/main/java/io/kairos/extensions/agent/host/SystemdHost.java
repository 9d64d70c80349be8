package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.image.TrustedCertificates;
import io.kairos.extensions.agent.store.BootState;
import io.kairos.extensions.agent.store.HostPaths;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A host whose PID 1 is systemd.
 *
 * <p>A refresh is a {@code ReloadOrRestartUnit} of the class's unit: a reload keeps the old merge
 * when an image is bad, and the service carries the host's own environment and image policy. A unit
 * that cannot do so as it is gets {@link UnitDropIns} first. No exit code is believed: the merge is
 * what the {@link MountTable} shows, and other mounts than before are a real remount. A first
 * refusal is tried once more, since a first merge is known to fail where the second works.
 */
public final class SystemdHost implements Host {
  private static final String LOGIND = "systemd-logind.service";
  private static final int CARRIES_MOUNTS_ALONG = 257;
  private static final Pattern MAJOR = Pattern.compile("\\d{1,6}");
  private static final Duration JOB_LIMIT = Duration.ofSeconds(90);

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

  /**
   * Not by its folders: whoever runs the agent makes those of every layout. immucore leaves a
   * sentinel in each boot; the build of an image writes the release file, or at first its variables
   * into os-release.
   */
  private static final String KAIROS =
      """
      kind=other
      for file in /run/cos/*_mode /etc/kairos-release /usr/bin/kairos-agent; do
        if [ -e "$file" ]; then kind=kairos; fi
      done
      if grep -q '^KAIROS_' /etc/os-release; then kind=kairos; fi
      echo "$kind"
      """;

  /** What systemd says of a unit that a boot starts; one in /run only is gone by then. */
  static final Set<String> STARTED_AT_BOOT =
      Set.of("enabled", "static", "alias", "indirect", "generated");

  private final HostPaths paths;
  private final Bus bus;
  private final HostScripts scripts;
  private final SystemdUnits units;
  private final UnitDropIns dropIns;

  private Optional<Boolean> kairos = Optional.empty();

  private volatile OptionalInt major = OptionalInt.empty();

  /** The mount units of the merges that were seen last. */
  private volatile List<String> mounts = List.of();

  /** Nothing is connected yet. */
  public SystemdHost(HostPaths paths) {
    this.paths = paths;
    this.bus = new Bus(paths.here(Path.of("/run/dbus/system_bus_socket")));
    this.scripts = new HostScripts(bus, paths);
    this.units = new SystemdUnits(bus, scripts);
    this.dropIns = new UnitDropIns(bus, scripts, units);
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
    boolean trustedBoot = BootState.isTrustedBoot(paths);
    return identity(machine, ((OsRelease.Valid) parsed).release(), version, trustedBoot, Map.of());
  }

  @Override
  public Identity identifyAgain(Identity known) throws HostException {
    return identity(
        known.architecture(), known.osRelease(), version(), known.trustedBoot(), known.facts());
  }

  /**
   * Asks the units.
   *
   * @param known what was known of classes before: a unit that is masked says nothing of what it
   *     takes, and may be unmasked at any time
   */
  private Identity identity(
      MachineArchitecture machine,
      OsRelease release,
      String version,
      boolean trustedBoot,
      Map<ExtensionClass, HostFacts> known)
      throws HostException {
    Map<ExtensionClass, HostFacts> facts = new EnumMap<>(ExtensionClass.class);
    for (Map.Entry<ExtensionClass, String> merger : mergers().entrySet()) {
      if (known.containsKey(merger.getKey()) && isMasked(merger.getValue())) {
        facts.put(merger.getKey(), known.get(merger.getKey()));
        continue;
      }
      ExtensionUnit unit = unit(merger.getKey(), merger.getValue(), version);
      facts.put(
          merger.getKey(),
          HostFacts.of(merger.getKey(), machine, release)
              .withHierarchies(unit.hierarchies())
              .withPolicies(unit.policies()));
    }
    TrustedCertificates verityKeys =
        trustedBoot
            ? TrustedCertificates.readable(
                "the host's /etc/verity.d, /run/verity.d and /usr/lib/verity.d",
                scripts.run(VERITY_KEYS))
            : TrustedCertificates.NONE;
    return new Identity(
        machine,
        release,
        facts,
        version,
        System.getProperty("os.version"),
        trustedBoot,
        isKairos(),
        verityKeys);
  }

  private synchronized boolean isKairos() throws HostException {
    if (kairos.isEmpty()) {
      kairos = Optional.of(scripts.run(KAIROS).strip().equals("kairos"));
    }
    return kairos.get();
  }

  /** The units of what this host can merge: systemd-confext came with systemd 254. */
  private Map<ExtensionClass, String> mergers() throws HostException {
    Map<ExtensionClass, String> found = new EnumMap<>(ExtensionClass.class);
    for (ExtensionClass one : ExtensionClass.values()) {
      String unit = bus.unit(one.unit());
      if (!bus.property(unit, Systemd.UNIT, "LoadState", String.class).equals("not-found")) {
        found.put(one, unit);
      }
    }
    return found;
  }

  private boolean isMasked(String unit) throws HostException {
    return bus.property(unit, Systemd.UNIT, "LoadState", String.class).equals("masked");
  }

  /** A mask is a person's word about the host, and no verdict on what is linked. */
  private Optional<String> frozen(ExtensionClass extensionClass, String unit) throws HostException {
    return isMasked(unit)
        ? Optional.of(
            extensionClass.unit()
                + " is masked, so nothing can be merged or unmerged: systemctl unmask on the host"
                + " mends it")
        : Optional.empty();
  }

  private ExtensionUnit unit(ExtensionClass extensionClass, String unit, String version)
      throws HostException {
    List<List<String>> commands = new ArrayList<>();
    commands.addAll(bus.commandLines(unit, "ExecStart"));
    commands.addAll(bus.commandLines(unit, "ExecReload"));
    return ExtensionUnit.of(extensionClass, version, environment(unit), commands);
  }

  /** What the service is told; it may be told anew at any time. */
  private List<String> environment(String unit) throws HostException {
    Object variables = bus.property(unit, Systemd.SERVICE, "Environment", Object.class);
    return Bus.list(variables).stream().map(String::valueOf).toList();
  }

  @Override
  public Map<ExtensionClass, Merge> merges() throws HostException {
    Map<ExtensionClass, List<String>> hierarchies = new EnumMap<>(ExtensionClass.class);
    Map<ExtensionClass, Optional<String>> frozen = new EnumMap<>(ExtensionClass.class);
    for (Map.Entry<ExtensionClass, String> merger : mergers().entrySet()) {
      frozen.put(merger.getKey(), frozen(merger.getKey(), merger.getValue()));
      hierarchies.put(
          merger.getKey(),
          ExtensionUnit.hierarchies(merger.getKey(), environment(merger.getValue())));
    }
    MountTable table =
        MountTable.parse(
            scripts.run(
                MountTable.script(hierarchies.values().stream().flatMap(List::stream).toList())));
    mounts = table.points().stream().map(MountUnit::of).toList();
    Map<ExtensionClass, Merge> merges = new EnumMap<>(ExtensionClass.class);
    for (Map.Entry<ExtensionClass, List<String>> entry : hierarchies.entrySet()) {
      Merge merge = table.merge(entry.getKey());
      merges.put(
          entry.getKey(),
          new Merge(
              merge.id(),
              merge.names(),
              carriesMountsAlong() ? Map.of() : table.visibleBelow(entry.getValue()),
              table.rivals(entry.getKey()),
              frozen.get(entry.getKey())));
    }
    return merges;
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
  public Map<ExtensionClass, String> unmergedAtBoot() throws HostException {
    Map<ExtensionClass, String> found = new EnumMap<>(ExtensionClass.class);
    for (Map.Entry<ExtensionClass, String> merger : mergers().entrySet()) {
      String state = bus.property(merger.getValue(), Systemd.UNIT, "UnitFileState", String.class);
      if (!STARTED_AT_BOOT.contains(state)) {
        found.put(merger.getKey(), state);
      }
    }
    return found;
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
  public Refreshed refresh(
      ExtensionClass extensionClass, Set<String> wanted, Set<String> unwanted, boolean reloadUnits)
      throws HostException {
    Optional<String> frozen = frozen(extensionClass, bus.unit(extensionClass.unit()));
    if (frozen.isPresent()) {
      throw new HostException(frozen.get());
    }
    dropIns.give(extensionClass, !merge(extensionClass).names().isEmpty());
    try {
      Refreshed outcome = refreshOnce(extensionClass, wanted, unwanted);
      if (outcome instanceof Refreshed.Refused) {
        outcome = refreshOnce(extensionClass, wanted, unwanted);
      }
      if (outcome instanceof Refreshed.Refused refused && units.isGoingDown()) {
        throw new HostException("the host goes down: " + refused.message());
      }
      return outcome;
    } finally {
      if (reloadUnits) { // it may have merged some of it, whatever came of it
        units.reload();
      }
    }
  }

  @Override
  public Units units() {
    return units;
  }

  /**
   * By logind, which knows who delays or blocks a shutdown; where there is none, by the target that
   * it would start. Before 257 logind lets root override a lock that root holds, so it is asked for
   * them first.
   */
  @Override
  public void reboot() throws HostException {
    boolean logind =
        bus.property(bus.unit(LOGIND), Systemd.UNIT, "ActiveState", String.class).equals("active");
    if (!logind) {
      go(() -> bus.manager("a reboot", m -> m.startUnit("reboot.target", "replace-irreversibly")));
      return;
    }
    for (Login.Inhibitor lock : bus.login("its locks", Login.Manager::listInhibitors)) {
      if (lock.blocksShutdown()) {
        throw new HostException(
            lock.who + " holds a lock that blocks shutdowns (" + lock.why + ")");
      }
    }
    go(
        () ->
            bus.login(
                "a reboot",
                login ->
                    SystemdUnits.done(() -> login.rebootWithFlags(Login.ROOT_CHECK_INHIBITORS))));
  }

  private interface Going {
    Object call() throws HostException;
  }

  /** The answer is lost where the host is faster than the bus. */
  private void go(Going reboot) throws HostException {
    try {
      Object unused = reboot.call();
    } catch (HostException e) {
      if (bus.isConnected()) {
        throw e;
      }
    }
  }

  private Refreshed refreshOnce(
      ExtensionClass extensionClass, Set<String> wanted, Set<String> unwanted)
      throws HostException {
    Merge before = merge(extensionClass);
    String service = extensionClass.unit();
    String unit = bus.unit(service);
    if (units.state(service).isFailed()) { // or a boot and a few trials hit its start limit
      bus.manager(
          "ResetFailedUnit " + service, m -> SystemdUnits.done(() -> m.resetFailedUnit(service)));
    }
    bus.manager("ReloadOrRestartUnit " + service, m -> m.reloadOrRestartUnit(service, "replace"));
    boolean ended = Waiting.until(JOB_LIMIT, () -> units.isIdle(unit));
    if (!ended) {
      return new Refreshed.Refused(
          service + " was still at work after " + JOB_LIMIT.toSeconds() + " s");
    }
    String result = bus.property(unit, Systemd.SERVICE, "Result", String.class);
    int status = bus.property(unit, Systemd.SERVICE, "ExecMainStatus", Integer.class);
    Merge after = merge(extensionClass);
    boolean shown =
        !after.id().equals(before.id())
            && after.names().containsAll(wanted)
            && unwanted.stream().noneMatch(after.names()::contains);
    return shown ? new Refreshed.Done() : new Refreshed.Refused(words(service, result, status));
  }

  private Merge merge(ExtensionClass extensionClass) throws HostException {
    Merge merge = merges().get(extensionClass);
    if (merge == null) {
      throw new HostException("the host has no " + extensionClass.unit());
    }
    return merge;
  }

  /** What the service itself said last: its own words tell more than its exit code. */
  private String words(String service, String result, int status) throws HostException {
    String journal = journal(service);
    List<String> parts = new ArrayList<>();
    parts.add(
        service + " did not merge what is linked (result " + result + ", status " + status + ")");
    if (!journal.isEmpty()) {
      parts.add(journal);
    }
    return String.join(": ", parts);
  }

  private String journal(String service) throws HostException {
    try {
      return scripts
          .run(
              HostScripts.LAST_WORDS
                  + "journalctl --unit="
                  + service
                  + " --lines=6 --output=cat --no-pager || true")
          .strip()
          .replace('\n', ';');
    } catch (HostException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      return "(its journal could not be read: " + e.getMessage() + ")";
    }
  }

  @Override
  public void close() {
    bus.close();
  }
}
