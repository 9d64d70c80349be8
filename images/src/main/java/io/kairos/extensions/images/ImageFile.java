package io.kairos.extensions.images;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainer;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/**
 * Writes an image as an OCI archive, which every registry client can push. The same folders give
 * the same bytes.
 */
final class ImageFile {
  private ImageFile() {}

  /**
   * Writes it.
   *
   * @param image its layers
   * @param name with its registry, without a tag
   * @param version its tag, and what its labels say
   * @param file the archive
   * @return the image's digest, {@code sha256:…}
   */
  static String write(ImageFolders image, String name, String version, Path file)
      throws IOException, InterruptedException {
    try {
      Program program = image.program();
      JibContainerBuilder builder =
          Jib.fromScratch()
              .setFormat(ImageFormat.OCI)
              .setPlatforms(Set.of(new Platform(architecture(), "linux")))
              .setCreationTime(ImageFolders.TIME)
              .setEntrypoint(command())
              .setUser(program.user() + ":" + program.user())
              .setWorkingDirectory(AbsoluteUnixPath.get("/"))
              .setEnvironment(Map.of("PATH", ImageFolders.JAVA + "/bin", "LANG", "C.UTF-8"))
              .setLabels(
                  Map.of(
                      "org.opencontainers.image.title",
                      program.image(),
                      "org.opencontainers.image.description",
                      program.summary(),
                      "org.opencontainers.image.version",
                      version,
                      "org.opencontainers.image.licenses",
                      "Apache-2.0"));
      for (Path layer : image.layers()) {
        builder.addFileEntriesLayer(entries(layer));
      }
      Files.createDirectories(file.getParent());
      JibContainer written =
          builder.containerize(
              Containerizer.to(TarImage.at(file).named(name + ":" + version))
                  .setOfflineMode(true)
                  .setApplicationLayersCache(file.resolveSibling("cache"))
                  .setBaseImageLayersCache(file.resolveSibling("cache"))
                  .setToolName("sysext-operator"));
      return written.getDigest().toString();
    } catch (ExecutionException e) {
      throw new IOException("cannot write the image: " + e.getCause(), e);
    } catch (InvalidImageReferenceException
        | com.google.cloud.tools.jib.api.RegistryException
        | com.google.cloud.tools.jib.api.CacheDirectoryCreationException e) {
      throw new IOException("cannot write the image: " + e.getMessage(), e);
    }
  }

  /** What an image runs; arguments follow. */
  static List<String> command() {
    return List.of(
        ImageFolders.JAVA + "/bin/java",
        "-XX:AOTCache=" + ImageFolders.CACHE,
        "@" + ImageFolders.ARGUMENTS);
  }

  /** This machine's, as registries name it. */
  static String architecture() {
    return architecture(System.getProperty("os.arch"));
  }

  /** As registries name one that Java calls by this name. */
  static String architecture(String java) {
    return switch (java) {
      case "aarch64" -> "arm64";
      case "x86_64" -> "amd64";
      default -> java;
    };
  }

  private static FileEntriesLayer entries(Path layer) throws IOException {
    FileEntriesLayer.Builder entries =
        FileEntriesLayer.builder().setName(layer.getFileName().toString());
    try (Stream<Path> files = Files.walk(layer)) {
      for (Path file : files.filter(f -> !f.equals(layer)).sorted().toList()) {
        boolean executable = Files.isDirectory(file) || Files.isExecutable(file);
        entries.addEntry(
            file,
            AbsoluteUnixPath.get("/" + layer.relativize(file)),
            FilePermissions.fromOctalString(executable ? "755" : "644"),
            ImageFolders.TIME);
      }
    }
    return entries.build();
  }
}
