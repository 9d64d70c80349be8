package io.kairos.extensions.e2e.cluster;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The real kubectl, talking to a cluster as its administrator: what a person at a shell sees. */
public final class Kubectl {
  private static final File NOTHING = new File("/dev/null");

  private final Path program;
  private final Path kubeconfig;

  private Kubectl(Path program, Path kubeconfig) {
    this.program = program;
    this.kubeconfig = kubeconfig;
  }

  /** The kubectl of a cluster, if it has one. */
  public static Optional<Kubectl> of(TestCluster cluster) {
    return cluster.kubectl().map(program -> new Kubectl(program, cluster.kubeconfig()));
  }

  /**
   * How a command ended and what it wrote.
   *
   * @param exitCode 0 for success
   * @param stdout its standard output
   * @param stderr its error output
   */
  public record Result(int exitCode, String stdout, String stderr) {
    /** Whether it ended with 0. */
    public boolean succeeded() {
      return exitCode == 0;
    }

    /**
     * What it wrote, if it succeeded.
     *
     * @throws IllegalStateException if it did not
     */
    public String orThrow() {
      if (!succeeded()) {
        throw new IllegalStateException("kubectl ended with " + exitCode + ": " + stdout + stderr);
      }
      return stdout;
    }
  }

  /** Runs {@code kubectl <arguments>} to its end. */
  public Result run(String... arguments) {
    return run(Optional.empty(), arguments);
  }

  /** Runs {@code kubectl apply -f -} on these resources, YAML. */
  public Result apply(String resources) {
    return run(Optional.of(resources), "apply", "-f", "-");
  }

  /** Runs {@code kubectl <arguments>} with this for its standard input. */
  public Result feed(String input, String... arguments) {
    return run(Optional.of(input), arguments);
  }

  private Result run(Optional<String> input, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(List.of("--kubeconfig", kubeconfig.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    // Discovery is cached below the home folder, by address: another cluster's may be there.
    builder
        .environment()
        .put("KUBECACHEDIR", kubeconfig.resolveSibling("kubectl-cache").toString());
    if (input.isEmpty()) {
      builder.redirectInput(NOTHING);
    }
    try {
      Process process = builder.start();
      CompletableFuture<String> errors =
          CompletableFuture.supplyAsync(() -> text(process.getErrorStream()));
      if (input.isPresent()) {
        try (OutputStream in = process.getOutputStream()) {
          in.write(input.get().getBytes(StandardCharsets.UTF_8));
        }
      }
      String output = text(process.getInputStream());
      return new Result(process.waitFor(), output, errors.join());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String text(InputStream stream) {
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
