package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The tools that build images. A test that needs one which is not installed is skipped and says so.
 * {@code MKFS_EROFS_NEWER} may name a second, newer mkfs.erofs.
 */
final class Tools {
  private Tools() {}

  static byte[] mksquashfs(Path tree, String... options) throws Exception {
    Path image = tree.resolveSibling("image.raw");
    run(command("mksquashfs", tree.toString(), image.toString()), "-noappend", "-quiet", options);
    return Files.readAllBytes(image);
  }

  static byte[] mkfsErofs(Path tree, String... options) throws Exception {
    return mkfsErofs("mkfs.erofs", tree, options);
  }

  static byte[] newerMkfsErofs(Path tree, String... options) throws Exception {
    String tool = System.getenv("MKFS_EROFS_NEWER");
    Assumptions.assumeTrue(tool != null, "MKFS_EROFS_NEWER names no newer mkfs.erofs");
    return mkfsErofs(tool, tree, options);
  }

  private static byte[] mkfsErofs(String tool, Path tree, String... options) throws Exception {
    Path image = tree.resolveSibling("image.raw");
    List<String> command = command(tool, "--quiet");
    command.addAll(Arrays.asList(options));
    run(command, image.toString(), tree.toString());
    return Files.readAllBytes(image);
  }

  private static List<String> command(String tool, String... arguments) {
    boolean found =
        Arrays.stream(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(tool)));
    Assumptions.assumeTrue(found, tool + " is not installed");
    List<String> command = new ArrayList<>(List.of(tool));
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  private static void run(List<String> command, String first, String second, String... more)
      throws Exception {
    command.add(first);
    command.add(second);
    command.addAll(Arrays.asList(more));
    Path log = Files.createTempFile("tool", ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
  }

  /** A folder to make an image of. */
  record Tree(Path root) {
    static Tree in(Path folder) throws IOException {
      return new Tree(Files.createDirectories(folder.resolve("tree")));
    }

    Tree file(String path, String content) throws IOException {
      return file(path, content.getBytes(StandardCharsets.UTF_8));
    }

    Tree file(String path, byte[] content) throws IOException {
      Path file = root.resolve(path);
      Files.createDirectories(file.getParent());
      Files.write(file, content);
      return this;
    }

    Tree link(String path, String target) throws IOException {
      Path link = root.resolve(path);
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, Path.of(target));
      return this;
    }

    Tree attribute(String path, String name, byte[] value) throws IOException {
      UserDefinedFileAttributeView view =
          Files.getFileAttributeView(root.resolve(path), UserDefinedFileAttributeView.class);
      try {
        view.write(name, ByteBuffer.wrap(value));
      } catch (IOException e) {
        Assumptions.abort("the temporary folder keeps no extended attributes: " + e);
      }
      return this;
    }
  }
}
