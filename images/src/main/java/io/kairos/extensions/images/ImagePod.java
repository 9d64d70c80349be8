package io.kairos.extensions.images;

import io.kairos.extensions.e2e.host.BootedHost;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program in its image, as a container runtime runs it: the image's files and no others, a
 * read-only root, the image's user, no capability. On this machine's network.
 */
final class ImagePod implements AutoCloseable {
  private final Process process;
  private final Path script;
  private final Path log;

  private ImagePod(Process process, Path script, Path log) {
    this.process = process;
    this.script = script;
    this.log = log;
  }

  /**
   * A folder of the machine in the pod.
   *
   * @param source on this machine
   * @param target in the pod
   * @param writable whether the program may write there
   */
  record Mount(Path source, String target, boolean writable) {}

  /** Whether this machine can run one: as root on Linux. */
  static boolean isPossible() {
    return "root".equals(System.getProperty("user.name"))
        && System.getProperty("os.name").equals("Linux")
        && Arrays.stream(System.getenv("PATH").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "unshare")));
  }

  /**
   * Starts a program.
   *
   * @param layers as {@link ImageFolders#overlay}
   * @param user uid and gid
   * @param command the program and its arguments
   * @param log takes what it says
   */
  static ImagePod start(
      String layers,
      int user,
      List<Mount> mounts,
      Map<String, String> environment,
      List<String> command,
      Path log)
      throws IOException {
    Path script = Files.createTempFile("run-pod-", ".sh");
    try (InputStream text = BootedHost.class.getResourceAsStream("run-pod.sh")) {
      Files.write(script, text.readAllBytes());
    }
    List<String> all = new ArrayList<>(List.of("bash", script.toString(), "env", "-i"));
    environment.forEach((name, value) -> all.add(name + "=" + value));
    all.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(all)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("POD_IMAGE", layers);
    builder.environment().put("POD_USER", String.valueOf(user));
    builder
        .environment()
        .put(
            "POD_MOUNTS",
            String.join(
                "\n",
                mounts.stream()
                    .map(m -> m.source() + " " + m.target() + (m.writable() ? " rw" : " ro"))
                    .toList()));
    return new ImagePod(builder.start(), script, log);
  }

  /** Whether it still runs. */
  boolean isAlive() {
    return process.isAlive();
  }

  /** What it has said. */
  String said() throws IOException {
    return Files.exists(log) ? Files.readString(log) : "";
  }

  /**
   * Asks the program to end, as a kubelet does, and waits for that.
   *
   * @throws IOException if it does not end within the time, or not well
   */
  void end(long seconds) throws IOException, InterruptedException {
    // The script's unshare has one child, which is the pod's first process: the program.
    process.descendants().filter(p -> p.children().findAny().isEmpty()).forEach(ImagePod::end);
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      throw new IOException("it did not end within " + seconds + " s: " + said());
    }
  }

  private static void end(ProcessHandle program) {
    program.destroy();
  }

  /** How it ended. */
  int exitCode() throws InterruptedException {
    return process.waitFor();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.onExit().join();
    try {
      Files.deleteIfExists(script);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
