package io.kairos.extensions.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a Java runtime needs of an operating system: the C library with its loader, from the machine
 * that builds; who the users are; how names are looked up. No shell, no package manager, no tool.
 *
 * <p>Where the library comes from a Debian package, {@code /var/lib/dpkg/status.d} says which, in
 * the form that scanners of images read.
 */
final class SystemFiles {
  /** {@code libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x…)}, or the loader's bare path. */
  private static final Pattern LIBRARY =
      Pattern.compile("(?m)^\\s*(?:(\\S+) => )?(/\\S+) \\(0x[0-9a-f]+\\)$");

  /** Asked for by name at run time, so in no list of what is linked. */
  private static final List<String> BY_NAME = List.of("libresolv.so.2", "libnss_dns.so.2");

  private SystemFiles() {}

  /**
   * Collects them.
   *
   * @param runtime whose libraries are to be satisfied
   * @param target becomes the image's {@code /}
   */
  static void collect(Path runtime, Path target) throws IOException, InterruptedException {
    Set<String> packages = new TreeSet<>();
    for (Path library : libraries(runtime)) {
      Path copy = target.resolve(library.toString().substring(1));
      Files.createDirectories(copy.getParent());
      Files.copy(
          library, copy, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
      owner(library).ifPresent(packages::add);
    }
    for (String name : packages) {
      Optional<String> status = Shell.ask(List.of("dpkg-query", "-s", name));
      if (status.isPresent()) {
        write(target, "var/lib/dpkg/status.d/" + name.replaceAll(":.*", ""), status.get() + "\n");
      }
    }
    write(target, "etc/os-release", Files.readString(Path.of("/etc/os-release")));
    write(target, "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
    write(
        target,
        "etc/passwd",
        "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n");
    write(target, "etc/group", "root:x:0:\nnonroot:x:65532:\n");
    // dbus-java connects to no bus where there is none; its number is of no interest to anybody.
    write(target, "etc/machine-id", "5e5e0000000000000000000000000001\n");
  }

  private static void write(Path target, String name, String text) throws IOException {
    Path file = target.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** By the paths under which the loader looks for them. */
  private static Set<Path> libraries(Path runtime) throws IOException, InterruptedException {
    Set<Path> found = new TreeSet<>();
    try (Stream<Path> files = Files.walk(runtime)) {
      for (Path file : files.filter(SystemFiles::isLinked).sorted().toList()) {
        Matcher lines = LIBRARY.matcher(Shell.run(List.of("ldd", file.toString())));
        while (lines.find()) {
          Path library = Path.of(lines.group(2));
          if (!library.normalize().startsWith(runtime)) {
            found.add(library);
          }
        }
      }
    }
    Path folder =
        found.stream()
            .filter(library -> library.endsWith("libc.so.6"))
            .findFirst()
            .map(Path::getParent)
            .orElseThrow(
                () -> new IOException("the runtime in " + runtime + " is linked to no libc.so.6"));
    BY_NAME.stream().map(folder::resolve).filter(Files::exists).forEach(found::add);
    return found;
  }

  private static boolean isLinked(Path file) {
    return file.endsWith("bin/java")
        || (file.getFileName().toString().endsWith(".so") && Files.isRegularFile(file));
  }

  private static Optional<String> owner(Path library) throws InterruptedException, IOException {
    // With /lib a link to /usr/lib, dpkg knows a file by either name.
    for (Path name : List.of(library, library.toRealPath())) {
      Optional<String> owner = Shell.ask(List.of("dpkg-query", "-S", name.toString()));
      if (owner.isPresent()) {
        return owner.map(text -> text.replaceAll("(?s): .*", ""));
      }
    }
    return Optional.empty();
  }
}
