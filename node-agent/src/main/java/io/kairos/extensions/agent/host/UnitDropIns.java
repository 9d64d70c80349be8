package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.image.ExtensionClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Lets a class's unit refresh where it cannot as it is. What it is given lies in {@code
 * /run/systemd/system} and goes with the boot.
 *
 * <ul>
 *   <li>systemd 252 cannot reload it without a drop-in: a restart would unmerge everything first.
 *   <li>systemd's own unit starts by {@code merge}, which fails where something is merged already:
 *       by hand, while the unit was not active because the boot found nothing to merge. It is made
 *       to start by {@code refresh}, as that of a Kairos host does, with the arguments it has.
 * </ul>
 */
final class UnitDropIns {
  private static final String GIVE =
      """
      mkdir -p /run/systemd/system/UNIT.d
      printf '[Service]\\nLINES\\n' >/run/systemd/system/UNIT.d/50-sysext-operator-KIND.conf
      """;

  private static final String MERGE = "merge";
  private static final String REFRESH = "refresh";

  /** What goes into a unit file and through a shell as it is. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9/_=:+.,-]+");

  private final Bus bus;
  private final HostScripts scripts;
  private final SystemdUnits units;

  UnitDropIns(Bus bus, HostScripts scripts, SystemdUnits units) {
    this.bus = bus;
    this.scripts = scripts;
    this.units = units;
  }

  /**
   * Gives a unit what it lacks for a refresh.
   *
   * @param isMerged whether something of the class is merged now
   */
  void give(ExtensionClass extensionClass, boolean isMerged) throws HostException {
    String service = extensionClass.unit();
    String unit = bus.unit(service);
    List<String> given = new ArrayList<>();
    if (!bus.property(unit, Systemd.UNIT, "CanReload", Boolean.class)) {
      given.add(
          script(service, "reload", "ExecReload=" + extensionClass.program() + " " + REFRESH));
    }
    boolean active = bus.property(unit, Systemd.UNIT, "ActiveState", String.class).equals("active");
    if (isMerged && !active) {
      refreshing(bus.commandLines(unit, "ExecStart"))
          .ifPresent(
              command -> given.add(script(service, "start", "ExecStart=\\nExecStart=" + command)));
    }
    if (!given.isEmpty()) {
      scripts.run(String.join("\n", given));
      units.reload();
    }
  }

  private static String script(String service, String kind, String lines) {
    return GIVE.replace("UNIT", service).replace("KIND", kind).replace("LINES", lines);
  }

  /** The same command with another verb, where it is one that can be written down as it is. */
  static Optional<String> refreshing(List<List<String>> commands) {
    if (commands.size() != 1
        || !commands.get(0).contains(MERGE)
        || !commands.get(0).stream().allMatch(word -> PLAIN.matcher(word).matches())) {
      return Optional.empty();
    }
    return Optional.of(
        String.join(
            " ",
            commands.get(0).stream().map(word -> word.equals(MERGE) ? REFRESH : word).toList()));
  }
}
