package io.kairos.extensions.agent.image;

import io.kairos.extensions.agent.image.Inspection.Unfit;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * systemd's extension_release_validate() (src/shared/extension-util.c, v252 to v257), in its order:
 *
 * <ol>
 *   <li>The scope of the class ({@code SYSEXT_SCOPE}), if there, has to list {@code system}.
 *   <li>{@code ARCHITECTURE}, if there, is {@code _any} or the host's.
 *   <li>{@code ID} is {@code _any}, which ends the matter, or the host's (or in its {@code
 *       ID_LIKE}).
 *   <li>A host with neither {@code VERSION_ID} nor a level of the class ({@code SYSEXT_LEVEL})
 *       takes any version.
 *   <li>If both sides have that level, those have to be equal and versions do not count.
 *   <li>Otherwise, if the host has a {@code VERSION_ID}, the extension needs the same one.
 * </ol>
 */
final class ReleaseMatch {
  /** What counts of an extension's own words, beside the scope and the level of its class. */
  private static final Set<String> FIELDS = Set.of("ID", "VERSION_ID", "ARCHITECTURE");

  private static final String ANY = "_any";

  /** Whose system it is, in words. */
  enum Side {
    /** The one that runs, for which an image can be built. */
    HOST("the host", ": use %s built for this host"),
    /** Another one of the same host. */
    ELSEWHERE("that system", "");

    private final String owner;
    private final String remedy;

    Side(String owner, String remedy) {
      this.owner = owner;
      this.remedy = remedy;
    }
  }

  private final OsRelease extension;
  private final HostFacts host;
  private final Side side;

  private ReleaseMatch(OsRelease extension, HostFacts host, Side side) {
    this.extension = extension;
    this.host = host;
    this.side = side;
  }

  /** Empty if an extension that says this about itself fits the host. */
  static Optional<Unfit> check(OsRelease extension, HostFacts host) {
    return check(extension, host, Side.HOST);
  }

  /** The same, in words for one of the host's systems. */
  static Optional<Unfit> check(OsRelease extension, HostFacts host, Side side) {
    return new ReleaseMatch(extension, host, side).check();
  }

  /** The fields that count, and no others: an image may say as much as it likes. */
  static Map<String, String> matched(OsRelease extension, ExtensionClass of) {
    return extension.fields().entrySet().stream()
        .filter(
            field ->
                FIELDS.contains(field.getKey())
                    || field.getKey().equals(of.scopeField())
                    || field.getKey().equals(of.levelField()))
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private Optional<Unfit> check() {
    String scopeField = host.extensionClass().scopeField();
    Optional<String> scope = extension.field(scopeField);
    if (scope.isPresent() && !words(scope.get(), "system")) {
      return unfit(
          UnfitReason.SCOPE_MISMATCH,
          "its "
              + scopeField
              + " is "
              + Printable.quoted(scope.get())
              + ", which leaves out 'system'");
    }
    String architecture = extension.text("ARCHITECTURE");
    String hostArchitecture = host.architecture().systemdName();
    if (!architecture.isEmpty()
        && !architecture.equals(ANY)
        && !architecture.equals(hostArchitecture)) {
      return unfit(
          UnfitReason.ARCHITECTURE_MISMATCH,
          differs("ARCHITECTURE", architecture, hostArchitecture, "an image"));
    }
    return checkSystem();
  }

  private Optional<Unfit> checkSystem() {
    OsRelease system = host.osRelease();
    String id = extension.id();
    if (id.isEmpty()) {
      return unfit(UnfitReason.EXTENSION_RELEASE_INVALID, "its extension-release has no ID");
    }
    if (id.equals(ANY)) {
      return Optional.empty();
    }
    boolean like = host.idLikeCounts() && words(system.text("ID_LIKE"), id);
    if (!id.equals(system.id()) && !like) {
      return unfit(
          UnfitReason.OS_MISMATCH,
          differs("ID", id, system.id(), "an image, or one with ID=_any,"));
    }
    String level = system.level(host.extensionClass());
    if (system.versionId().isEmpty() && level.isEmpty()) {
      return Optional.empty();
    }
    if (!level.isEmpty() && !extension.level(host.extensionClass()).isEmpty()) {
      return compare(
          host.extensionClass().levelField(), extension.level(host.extensionClass()), level);
    }
    return system.versionId().isEmpty()
        ? Optional.empty()
        : compare("VERSION_ID", extension.versionId(), system.versionId());
  }

  private Optional<Unfit> compare(String field, String has, String wanted) {
    return has.equals(wanted)
        ? Optional.empty()
        : unfit(UnfitReason.OS_MISMATCH, differs(field, has, wanted, "an image"));
  }

  private String differs(String field, String has, String wanted, String remedy) {
    return (has.isEmpty() ? "it has no " + field : "its " + field + " is " + q(has))
        + ", "
        + side.owner
        + (wanted.isEmpty() ? " has none" : "'s is " + q(wanted))
        + side.remedy.formatted(remedy);
  }

  private static String q(String text) {
    return Printable.quoted(text);
  }

  private static boolean words(String text, String word) {
    return Arrays.asList(text.split("[ \t\n\r]+")).contains(word);
  }

  private static Optional<Unfit> unfit(UnfitReason reason, String message) {
    return Optional.of(new Unfit(reason, message));
  }
}
