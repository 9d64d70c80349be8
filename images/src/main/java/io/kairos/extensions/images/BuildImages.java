package io.kairos.extensions.images;

import io.kairos.extensions.e2e.fleet.Fleet;
import io.kairos.extensions.e2e.host.Folders;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Builds both images for this machine's architecture: {@code NAME-ARCHITECTURE.tar}, OCI archives.
 * As root on Linux, with a JDK 25 ({@code -Dimages.jdk=…}) and a kube-apiserver to train on.
 */
public final class BuildImages {
  private static final Pattern REGISTRY = Pattern.compile("(?m)^  registry: (\\S+)$");

  private BuildImages() {}

  /**
   * Builds them, and prints their digests.
   *
   * @param args the version, and the folder that they are written to
   */
  public static void main(String... args) throws IOException, InterruptedException {
    build(
        Path.of(System.getProperty("images.jdk", System.getProperty("java.home"))),
        repository(),
        args[0],
        Path.of(args[1]),
        System.out);
  }

  /**
   * Builds them.
   *
   * @param jdk what the runtime is cut out of
   * @param repository the folder of the source, built by {@code mvn package}
   * @param version their tag
   * @param folder for the archives; what lies in its {@code build} and {@code cache} is replaced
   * @param out is told of each image
   */
  static void build(Path jdk, Path repository, String version, Path folder, PrintStream out)
      throws IOException, InterruptedException {
    if (!ImagePod.isPossible()) {
      throw new IOException("images are built by root on Linux: the programs are run in them once");
    }
    Path work = folder.resolve("build");
    Folders.delete(work);
    // Jib knows a file again by its path and its time, and here all files have the same time: with
    // the layers of another build it would write that one's programs.
    Folders.delete(folder.resolve("cache"));
    Path runtime = work.resolve("java");
    JavaRuntime.link(jdk, runtime);
    ImageFolders operator =
        ImageFolders.assemble(
            Program.OPERATOR, repository, runtime, work.resolve(Program.OPERATOR.image()));
    ImageFolders agent =
        ImageFolders.assemble(
            Program.AGENT, repository, runtime, work.resolve(Program.AGENT.image()));
    Training.run(operator, agent, work.resolve("training"));
    for (ImageFolders image : new ImageFolders[] {operator, agent}) {
      Path file = archive(folder, image.program());
      String name = registry(repository) + "/" + image.program().image();
      String digest = ImageFile.write(image, name, version, file);
      out.printf("%s %s %s%n", file, Fleet.architecture(), digest);
    }
  }

  /** Where the archive of a program's image lies. */
  static Path archive(Path folder, Program program) {
    return folder.resolve(program.image() + "-" + ImageFile.architecture() + ".tar");
  }

  /**
   * Where the chart takes images from unless it is told otherwise: an archive that is loaded into a
   * node or an engine has the name that the chart asks for.
   */
  private static String registry(Path repository) throws IOException {
    Path values = repository.resolve("charts/sysext-operator/values.yaml");
    Matcher registry = REGISTRY.matcher(Files.readString(values));
    if (!registry.find()) {
      throw new IOException("no image.registry in " + values);
    }
    return registry.group(1);
  }

  /** The folder of the whole source. */
  static Path repository() {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve("charts"))) {
        return at;
      }
    }
    throw new IllegalStateException("not within the source: " + Path.of("").toAbsolutePath());
  }
}
