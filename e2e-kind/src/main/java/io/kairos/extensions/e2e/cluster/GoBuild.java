package io.kairos.extensions.e2e.cluster;

import io.fabric8.kubeapitest.binary.OSInfo;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Builds etcd, kube-apiserver and kubectl as Go modules: wherever Go can get modules, there is an
 * API server.
 *
 * <p>The {@code go.mod} and {@code go.sum} beside this class, a pair for each minor version, pin
 * every module that goes in, so nothing is resolved at build time and the result is the same
 * everywhere. Kubernetes refers to its own libraries by folders of its source tree; {@code go.mod}
 * points these to their releases instead. How Go gets its modules is left to the user's own
 * settings of Go.
 */
final class GoBuild {

  /** The minor version where none is asked for. */
  static final KubeVersion DEFAULT = new KubeVersion("1.36");

  /** What can be built. */
  private static final List<String> MINORS = List.of(DEFAULT.text(), "1.30");

  private final OSInfo platform;
  private final Duration limit;
  private final Consumer<String> progress;

  GoBuild(OSInfo platform, Duration limit, Consumer<String> progress) {
    this.platform = platform;
    this.limit = limit;
    this.progress = progress;
  }

  /** The releases that can be built, without the v. */
  static List<String> releases() {
    return MINORS.stream().map(minor -> pinned(kubernetes(minor), "k8s.io/kubernetes")).toList();
  }

  Attempt of(KubeVersion wanted, Path workshop) throws IOException, InterruptedException {
    Optional<String> release = releases().stream().filter(wanted::includes).findFirst();
    if (release.isEmpty()) {
      return new Attempt.Failed(
          "it cannot be built: only %s are pinned".formatted(String.join(" and ", releases())));
    }
    Optional<Path> go = go();
    if (go.isEmpty()) {
      return new Attempt.Failed("it cannot be built: Go is not installed");
    }
    String version = release.get();
    String[] numbers = version.split("\\.", -1);
    String variables = " -X k8s.io/component-base/version.";
    String stamp =
        "-s -w"
            + variables
            + "gitVersion=v"
            + version
            + variables
            + "gitMajor="
            + numbers[0]
            + variables
            + "gitMinor="
            + numbers[1];
    Path programs = Files.createDirectory(workshop.resolve("built"));
    progress.accept(
        "building kube-apiserver and kubectl " + version + " with Go: minutes at the first time");
    Optional<Attempt.Failed> failed =
        build(
            go.get(),
            project(workshop, kubernetes(numbers[0] + "." + numbers[1])),
            stamp,
            programs + File.separator,
            "k8s.io/kubernetes/cmd/kube-apiserver",
            "k8s.io/kubernetes/cmd/kubectl");
    if (failed.isEmpty()) {
      progress.accept("building etcd " + pinned("etcd", "go.etcd.io/etcd/server/v3"));
      failed =
          build(
              go.get(),
              project(workshop, "etcd"),
              "-s -w",
              programs.resolve("etcd").toString(),
              "go.etcd.io/etcd/server/v3");
    }
    return failed.isPresent() ? failed.get() : new Attempt.Got(programs, version);
  }

  private Optional<Attempt.Failed> build(
      Path go, Path project, String ldflags, String output, String... packages)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(go.toString(), "build", "-ldflags", ldflags, "-o", output));
    command.addAll(List.of(packages));
    Path log = project.resolve("build.log");
    ProcessBuilder builder = new ProcessBuilder(command).directory(project.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                // Not empty: Go would then take the flags from the user's own configuration.
                "GOFLAGS", "-mod=readonly -trimpath -buildvcs=false",
                "GO111MODULE", "on",
                "GOWORK", "off",
                "CGO_ENABLED", "0",
                "GOOS", platform.getOSName(),
                "GOARCH", platform.getOSArch()));
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        return Optional.of(
            new Attempt.Failed(
                "it cannot be built: Go took longer than " + limit.toMinutes() + " minutes"));
      }
    } finally {
      // Also when this thread is interrupted. The compilers end with their pipes.
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
    return process.exitValue() == 0
        ? Optional.empty()
        : Optional.of(new Attempt.Failed("it cannot be built: " + last(log)));
  }

  private static Path project(Path workshop, String name) throws IOException {
    Path project = Files.createDirectory(workshop.resolve(name));
    for (String file : List.of("go.mod", "go.sum")) {
      Files.write(project.resolve(file), resource(name, file));
    }
    return project;
  }

  private static String last(Path log) throws IOException {
    List<String> lines =
        Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
            .filter(line -> !line.isBlank())
            .toList();
    return String.join(" / ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
  }

  private static Optional<Path> go() {
    return Stream.concat(
            Stream.of(
                    Optional.ofNullable(System.getenv("PATH"))
                        .orElse("")
                        .split(File.pathSeparator, -1))
                .filter(folder -> !folder.isBlank()),
            Stream.of("/usr/local/go/bin"))
        .map(folder -> Path.of(folder, "go"))
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .findFirst();
  }

  private static String kubernetes(String minor) {
    return "kubernetes-" + minor;
  }

  private static String pinned(String project, String module) {
    try {
      Matcher version =
          Pattern.compile(Pattern.quote(module) + " v([0-9.]+)")
              .matcher(new String(resource(project, "go.mod"), StandardCharsets.UTF_8));
      return version.results().map((MatchResult r) -> r.group(1)).findFirst().orElseThrow();
    } catch (IOException e) {
      throw new IllegalStateException("this program's own files cannot be read", e);
    }
  }

  private static byte[] resource(String project, String file) throws IOException {
    String name = "gobuild/" + project + "/" + file;
    try (InputStream in = GoBuild.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("missing: " + name);
      }
      return in.readAllBytes();
    }
  }
}
