package io.kairos.extensions.agent.image;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The fields of an os-release(5) or extension-release file. Of a field that is given twice the last
 * value counts, as in systemd.
 *
 * @param fields by name; values without quotes and escapes
 */
public record OsRelease(Map<String, String> fields) {
  /** Copies the fields. */
  public OsRelease {
    fields = Map.copyOf(fields);
  }

  /** What became of some bytes. */
  public sealed interface Parsed permits Valid, Invalid {}

  /** They are such a file. */
  public record Valid(OsRelease release) implements Parsed {}

  /**
   * systemd would refuse the file as a whole.
   *
   * @param line from 1
   * @param message says why
   */
  public record Invalid(int line, String message) implements Parsed {}

  /** Reads a file the way systemd's env-file parser does (v254 and newer). */
  public static Parsed parse(byte[] bytes) {
    Map<String, String> fields = new LinkedHashMap<>();
    EnvFileParser parser = new EnvFileParser(fields::put);
    Optional<Invalid> fault = parser.parse(bytes);
    return fault.isPresent() ? fault.get() : new Valid(new OsRelease(fields));
  }

  /** A field that is there, be it empty. */
  public Optional<String> field(String name) {
    return Optional.ofNullable(fields.get(name));
  }

  /** A field, or empty text: to systemd the two are the same for all that is matched. */
  public String text(String name) {
    return fields.getOrDefault(name, "");
  }

  /** {@code ID}, or empty. */
  public String id() {
    return text("ID");
  }

  /** {@code VERSION_ID}, or empty. */
  public String versionId() {
    return text("VERSION_ID");
  }

  /** {@code SYSEXT_LEVEL} or {@code CONFEXT_LEVEL}, or empty. */
  public String level(ExtensionClass of) {
    return text(of.levelField());
  }
}
