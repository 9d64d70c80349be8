package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the extension-release file of an image as systemd does (src/basic/os-util.c): {@code
 * extension-release.NAME}, links followed; only when that does not exist, the one regular {@code
 * extension-release.*} whose attribute {@code user.extension-release.strict} is a false boolean.
 *
 * <p>Since v255 a file named as NAME up to its first {@code _} or {@code +} would do as well. Older
 * hosts do not know that, so here it does not count, except against a second candidate.
 */
final class ReleaseFinder {
  private static final String PREFIX = "extension-release.";
  private static final String STRICT = "extension-release.strict";
  private static final int LARGEST_FILE = 64 << 10;
  private static final int MOST_FILES = 1000;
  private static final int MOST_SHOWN = 5;
  private static final int LONGEST_NAME = 255;
  private static final Set<String> FALSE = Set.of("0", "no", "n", "false", "f", "off");

  private final ImageTree tree;
  private final String name;
  private final ExtensionClass extensionClass;
  private final String folder;

  ReleaseFinder(ImageTree tree, String name, ExtensionClass extensionClass) {
    this.tree = tree;
    this.name = name;
    this.extensionClass = extensionClass;
    this.folder = extensionClass.releaseFolder();
  }

  /** As systemd's image_name_is_valid(). */
  static boolean isImageName(String name) {
    return !name.isEmpty()
        && !name.equals(".")
        && !name.equals("..")
        && !name.startsWith(".#")
        && name.indexOf('/') < 0
        && name.indexOf('\ufffd') < 0
        && name.chars().noneMatch(c -> c < ' ' || c == 0x7f)
        && name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME;
  }

  ExtensionRelease find() throws IOException {
    if (!isImageName(name)) {
      throw new ImageException(
          UnfitReason.EXTENSION_RELEASE_MISNAMED,
          Printable.quoted(name) + " is not a name that systemd accepts for an extension");
    }
    String wanted = folder + "/" + PREFIX + name;
    Optional<Entry> exact = tree.resolve(wanted);
    if (exact.isPresent()) {
      return parse(wanted, true, exact.get());
    }
    List<String> names =
        tree.resolve(folder).isPresent()
            ? tree.list(tree.resolve(folder).get(), MOST_FILES)
            : List.of();
    List<Candidate> files = new ArrayList<>();
    for (String file : names) {
      if (file.startsWith(PREFIX) && isImageName(file.substring(PREFIX.length()))) {
        String path = folder + "/" + file;
        Optional<Entry> entry = tree.find(path).filter(e -> e.type() == FileType.REGULAR);
        entry.ifPresent(e -> files.add(new Candidate(path, file.substring(PREFIX.length()), e)));
      }
    }
    return choose(wanted, files);
  }

  private ExtensionRelease choose(String wanted, List<Candidate> files) throws IOException {
    if (files.isEmpty()) {
      throw new ImageException(
          UnfitReason.EXTENSION_RELEASE_MISSING,
          "it has no "
              + wanted
              + ": this is no image for "
              + extensionClass.program()
              + ", or one built without that file");
    }
    List<Candidate> waived = new ArrayList<>();
    int alike = 0;
    for (Candidate file : files) {
      if (isWaived(file.entry)) {
        waived.add(file);
      } else if (file.name.equals(name.split("[_+]", 2)[0])) {
        alike++;
      }
    }
    if (waived.size() + alike > 1 && !waived.isEmpty()) {
      throw misnamed(wanted, files, ", and which of them counts is ambiguous");
    }
    if (waived.isEmpty()) {
      throw misnamed(wanted, files, "");
    }
    return parse(waived.get(0).path, false, waived.get(0).entry);
  }

  private static ImageException misnamed(String wanted, List<Candidate> files, String detail) {
    List<String> shown =
        files.stream().map(f -> Printable.quoted(f.path)).sorted().limit(MOST_SHOWN).toList();
    return new ImageException(
        UnfitReason.EXTENSION_RELEASE_MISNAMED,
        "on this host it needs "
            + wanted
            + ", but it has "
            + String.join(", ", shown)
            + (files.size() > MOST_SHOWN ? " and more" : "")
            + detail
            + ": set imageName to the name that the image was built with");
  }

  private boolean isWaived(Entry entry) throws IOException {
    Optional<byte[]> value = tree.userAttribute(entry, STRICT);
    if (value.isEmpty()) {
      return false;
    }
    String text = new String(value.get(), StandardCharsets.UTF_8);
    int end = text.indexOf(0);
    return FALSE.contains((end < 0 ? text : text.substring(0, end)).toLowerCase(Locale.ROOT));
  }

  private ExtensionRelease parse(String path, boolean named, Entry entry) throws IOException {
    if (entry.type() != FileType.REGULAR) {
      throw invalid(path, "is not a regular file");
    }
    Optional<byte[]> bytes = tree.read(entry, LARGEST_FILE);
    if (bytes.isEmpty()) {
      throw invalid(
          path, "has " + entry.size() + " bytes; more than " + LARGEST_FILE + " are not read");
    }
    OsRelease.Parsed parsed = OsRelease.parse(bytes.get());
    if (parsed instanceof OsRelease.Invalid fault) {
      throw invalid(path, "cannot be read: " + fault.message());
    }
    OsRelease fields = ((OsRelease.Valid) parsed).release();
    if (fields.fields().isEmpty()) {
      throw invalid(path, "is empty");
    }
    return new ExtensionRelease(path, named, fields);
  }

  private static ImageException invalid(String path, String what) {
    return new ImageException(
        UnfitReason.EXTENSION_RELEASE_INVALID, Printable.quoted(path) + " " + what);
  }

  private record Candidate(String path, String name, Entry entry) {}
}
