package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.ImagePolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a class's unit on the host will do, by its command lines and environment. Kairos gives the
 * units drop-ins with an image policy and hierarchies of their own; a bare systemd-sysext knows
 * nothing of them.
 *
 * @param hierarchies the folders that are merged
 * @param policies what it takes, at boot and when it is reloaded
 */
record ExtensionUnit(List<String> hierarchies, List<ImagePolicy> policies) {
  /** The first systemd with {@code --image-policy}, and with a policy of its own. */
  private static final int FIRST_WITH_POLICY = 254;

  private static final String OPTION = "--image-policy";
  private static final Pattern WITHIN_SHELL = Pattern.compile(OPTION + "[= ]['\"]?([^\\s'\"]+)");
  private static final Pattern MAJOR = Pattern.compile("\\d+");

  /**
   * Reads it.
   *
   * @param extensionClass whose unit
   * @param version of the host's systemd, as its manager tells it
   * @param environment of the unit, {@code NAME=VALUE} each
   * @param commands the command lines of the unit for start and reload, with the programs' names
   */
  static ExtensionUnit of(
      ExtensionClass extensionClass,
      String version,
      List<String> environment,
      List<List<String>> commands) {
    return new ExtensionUnit(
        hierarchies(extensionClass, environment), policies(extensionClass, version, commands));
  }

  /** The folders that are merged by a unit of this environment. */
  static List<String> hierarchies(ExtensionClass extensionClass, List<String> environment) {
    String prefix = extensionClass.hierarchiesVariable() + "=";
    List<String> found =
        environment.stream()
            .filter(variable -> variable.startsWith(prefix))
            .reduce((first, last) -> last)
            .map(variable -> variable.substring(prefix.length()))
            .stream()
            .flatMap(value -> Arrays.stream(value.split(":", -1)))
            .filter(folder -> folder.startsWith("/"))
            .toList();
    return found.isEmpty() ? extensionClass.hierarchies() : found;
  }

  private static List<ImagePolicy> policies(
      ExtensionClass extensionClass, String version, List<List<String>> commands) {
    Matcher major = MAJOR.matcher(version);
    boolean hasDefault = major.find() && Integer.parseInt(major.group()) >= FIRST_WITH_POLICY;
    Optional<String> otherwise =
        hasDefault ? Optional.of(extensionClass.defaultPolicy()) : Optional.empty();
    List<Optional<String>> said =
        commands.isEmpty()
            ? List.of(otherwise)
            : commands.stream().map(c -> policy(c).or(() -> otherwise)).toList();
    return said.stream().flatMap(Optional::stream).distinct().map(ImagePolicy::parse).toList();
  }

  /** The last one counts, as with every option of systemd's. */
  private static Optional<String> policy(List<String> command) {
    List<String> found = new ArrayList<>();
    for (int i = 1; i < command.size(); i++) {
      String argument = command.get(i);
      if (argument.startsWith(OPTION + "=")) {
        found.add(argument.substring(OPTION.length() + 1));
      } else if (argument.equals(OPTION) && i + 1 < command.size()) {
        found.add(command.get(++i));
      } else {
        WITHIN_SHELL.matcher(argument).results().forEach(match -> found.add(match.group(1)));
      }
    }
    return found.isEmpty() ? Optional.empty() : Optional.of(found.get(found.size() - 1));
  }
}
