package io.kairos.extensions.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Java runtime of both images: the modules that the programs use, and the flags that they run
 * with. One for both, so that a node that has the one image has most of the other.
 *
 * <p>The flags are the runtime's own defaults, so that {@code JDK_JAVA_OPTIONS} of a pod is
 * stronger.
 */
final class JavaRuntime {
  /**
   * What jdeps names, without what no path of ours leads to: {@code java.desktop} and {@code
   * java.sql}, which Jackson, SnakeYAML and BouncyCastle use where they are there, and {@code
   * java.compiler}, with which JOSDK generates code at build time.
   */
  static final List<String> MODULES =
      List.of(
          "java.base",
          "java.logging",
          "java.management",
          "java.naming",
          "java.net.http",
          "java.xml",
          "jdk.httpserver",
          "jdk.management", // the metrics of garbage collections; found by name, so jdeps does not
          "jdk.net",
          "jdk.security.auth",
          "jdk.unsupported");

  /**
   * Small heaps that one thread collects. Not {@code -XX:TieredStopAtLevel=1}: the quick compiler
   * alone does not know the processor's instructions for SHA-256 and AES, which makes downloads by
   * https several times slower.
   */
  static final String FLAGS =
      String.join(
          " ",
          "-XX:+UseSerialGC",
          "-XX:+UseCompactObjectHeaders",
          "-XX:-UsePerfData",
          "-XX:MaxRAMPercentage=50",
          "-XX:+ExitOnOutOfMemoryError",
          "-Xss512k",
          "--sun-misc-unsafe-memory-access=allow");

  private static final Pattern ARCHITECTURE = Pattern.compile("(?m)^OS_ARCH=\"(.*)\"$");

  private JavaRuntime() {}

  /**
   * Cuts a runtime out of a JDK.
   *
   * @param jdk 25 or newer, for the architecture of this machine
   * @param target does not exist yet
   * @throws IOException if it is for another architecture: an image's programs are run in it once,
   *     so it is built on its own
   */
  static void link(Path jdk, Path target) throws IOException, InterruptedException {
    requireOwnArchitecture(jdk);
    Files.createDirectories(target.getParent());
    Shell.run(
        List.of(
            jdk.resolve("bin/jlink").toString(),
            "--add-modules",
            String.join(",", MODULES),
            // By objcopy, of binutils: the libraries of Debian's JDKs have symbols, four times the
            // rest.
            "--strip-debug",
            "--no-header-files",
            "--no-man-pages",
            "--add-options=" + FLAGS,
            "--output",
            target.toString()));
  }

  private static void requireOwnArchitecture(Path jdk) throws IOException {
    Path release = jdk.resolve("release");
    if (!Files.exists(release)) {
      throw new IOException("no JDK at " + jdk + " (-Dimages.jdk=…)");
    }
    Matcher stated = ARCHITECTURE.matcher(Files.readString(release));
    String here = ImageFile.architecture();
    if (stated.find() && !ImageFile.architecture(stated.group(1)).equals(here)) {
      throw new IOException(
          "the JDK at %s is for %s, and this machine is %s: the programs are run once in their images, so these are built on a machine of their own architecture, or in a root file system of it by qemu-user"
              .formatted(jdk, ImageFile.architecture(stated.group(1)), here));
    }
  }
}
