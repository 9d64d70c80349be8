package io.kairos.extensions.e2e.scenario;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The classes of a program that is started time and again, in an archive that the JVM maps: it is
 * up with less than half of the work. An archive is of jars alone, so that folders of classes
 * become jars; it is written by the first process, when that ends well.
 */
final class ClassArchive {
  private final String classPath;
  private final Path archive;

  /**
   * Not written yet.
   *
   * @param folder for its files
   * @param classPath folders and jars
   * @throws IOException when a jar cannot be made
   */
  ClassArchive(Path folder, List<Path> classPath) throws IOException {
    List<Path> jars = new ArrayList<>();
    for (Path entry : classPath) {
      jars.add(Files.isDirectory(entry) ? jar(entry, folder.resolve(jars.size() + ".jar")) : entry);
    }
    this.classPath =
        jars.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    this.archive = folder.resolve("classes.jsa");
  }

  /** What the JVM is told. */
  List<String> options() {
    return List.of(
        (Files.exists(archive) ? "-XX:SharedArchiveFile=" : "-XX:ArchiveClassesAtExit=") + archive,
        "-Xlog:cds=off",
        "-Xlog:cds+dynamic=off",
        "-cp",
        classPath);
  }

  private static Path jar(Path folder, Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out);
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        entries.putNextEntry(new JarEntry(folder.relativize(file).toString()));
        long unused = Files.copy(file, entries);
        entries.closeEntry();
      }
    }
    return jar;
  }
}
