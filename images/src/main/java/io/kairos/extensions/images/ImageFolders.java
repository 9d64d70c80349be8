package io.kairos.extensions.images;

import io.kairos.extensions.e2e.host.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The layers of one image as folders, each of which holds a part of the image's {@code /}. Those
 * that seldom change come first. All files have one time: an image is the same whenever it is
 * built, and the JVM's cache of the training run knows the jars by their times.
 */
final class ImageFolders {
  /** The time of all files: the least that no tool takes for "none". */
  static final Instant TIME = Instant.ofEpochSecond(1);

  /** The runtime, in the image. */
  static final String JAVA = "/opt/java";

  /** What the training run left, in the image. */
  static final String CACHE = "/app/training.aot";

  /** Class path and main class, in the image. */
  static final String ARGUMENTS = "/app/java.args";

  private static final String LIBRARIES = "/app/lib/";

  private final Program program;
  private final Path folder;

  private ImageFolders(Program program, Path folder) {
    this.program = program;
    this.folder = folder;
  }

  /**
   * Everything but the training run.
   *
   * @param program built by {@code mvn package}
   * @param repository the folder of the whole source
   * @param runtime of {@link JavaRuntime#link}
   * @param folder for this image; emptied
   * @throws IOException if the module was not built whole, and says what is missing; if something
   *     cannot be read or written
   */
  static ImageFolders assemble(Program program, Path repository, Path runtime, Path folder)
      throws IOException, InterruptedException {
    Path target = program.target(repository);
    List<Path> programs = jars(target);
    List<Path> libraries = jars(target.resolve("lib"));
    Path bill = billOfMaterials(target);
    Folders.delete(folder);
    ImageFolders image = new ImageFolders(program, folder);
    SystemFiles.collect(runtime, image.layer("system"));
    copy(runtime, image.layer("java").resolve(JAVA.substring(1)));
    List<String> classPath = new ArrayList<>();
    for (Path jar : programs) {
      classPath.add(image.add(jar, "program"));
    }
    for (Path jar : libraries) {
      boolean ours = jar.getFileName().toString().startsWith("crds-");
      classPath.add(image.add(jar, ours ? "program" : "libraries"));
    }
    Path app = image.layer("program").resolve("app");
    Files.copy(bill, app.resolve("bom.json"));
    Files.writeString(
        app.resolve("java.args"),
        "-cp\n" + String.join(":", classPath) + "\n" + program.mainClass() + "\n");
    image.setTimes();
    return image;
  }

  private String add(Path jar, String layer) throws IOException {
    Path copy = layer(layer).resolve(LIBRARIES.substring(1)).resolve(jar.getFileName().toString());
    Files.createDirectories(copy.getParent());
    Files.copy(jar, copy);
    return LIBRARIES + jar.getFileName();
  }

  private static List<Path> jars(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException("no folder " + folder + ": run mvn -DskipTests install first");
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> jars =
          files.filter(file -> file.getFileName().toString().endsWith(".jar")).sorted().toList();
      if (jars.isEmpty()) {
        throw new IOException("no jar in " + folder + ": run mvn -DskipTests install first");
      }
      return jars;
    }
  }

  /** Maven makes none while it is offline: it leaves out goals that ask to be online. */
  private static Path billOfMaterials(Path target) throws IOException {
    Path bill = target.resolve("bom.json");
    if (!Files.isRegularFile(bill)) {
      throw new IOException(
          "no bill of materials at "
              + bill
              + ": run mvn -DskipTests install, without -o, which leaves it out");
    }
    return bill;
  }

  /** Adds what the training run left. */
  void addCache(Path cache) throws IOException {
    Path copy = layer("training").resolve(CACHE.substring(1));
    Files.createDirectories(copy.getParent());
    Files.move(cache, copy, StandardCopyOption.REPLACE_EXISTING);
    setTimes();
  }

  /** The program. */
  Program program() {
    return program;
  }

  /** The folder of a layer. */
  private Path layer(String name) {
    return folder.resolve(name);
  }

  /** The layers that are there, the lowest first. */
  List<Path> layers() {
    return Stream.of("system", "java", "libraries", "program", "training")
        .map(this::layer)
        .filter(Files::isDirectory)
        .toList();
  }

  /** As an overlay's {@code lowerdir} names them: the uppermost first. */
  String overlay() {
    List<Path> layers = new ArrayList<>(layers());
    java.util.Collections.reverse(layers);
    return layers.stream().map(Path::toString).collect(Collectors.joining(":"));
  }

  private void setTimes() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.from(TIME));
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          // Links of the runtime are to its own licence texts: files of their own.
          Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }
}
