package io.kairos.extensions.e2e.cluster;

import io.fabric8.kubeapitest.Utils;
import io.fabric8.kubeapitest.binary.OSInfo;
import io.kairos.extensions.e2e.cluster.KubeApiBinaries.Available;
import io.kairos.extensions.e2e.cluster.KubeApiBinaries.Source;
import io.kairos.extensions.e2e.cluster.KubeApiBinaries.Unavailable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Looks for the programs and gets them where they are missing.
 *
 * <p>A new version is made in a temporary folder beside the final one and appears by a rename:
 * whoever looks without a lock sees a complete version or none. Getting one is for one process at a
 * time, by a lock on a file.
 */
final class BinaryFinder {

  private static final List<String> PROGRAMS = List.of("etcd", "kube-apiserver", "kubectl");
  private static final String WORKSHOP = ".new-";

  private static final Duration INDEX_LIMIT = Duration.ofSeconds(20);
  private static final Duration IN_A_MINUTE = Duration.ofMinutes(1);
  private static final Duration AT_ANY_PRICE = Duration.ofMinutes(30);

  private final Path home;
  private final Optional<KubeVersion> asked;
  private final Consumer<String> progress;
  private final OSInfo platform = new OSInfo();

  /**
   * Looks in a folder.
   *
   * @param asked what alone will do; empty for any version
   */
  BinaryFinder(Path home, Optional<KubeVersion> asked, Consumer<String> progress) {
    this.home = home;
    this.asked = asked;
    this.progress = progress;
  }

  KubeApiBinaries find(Effort effort) {
    Optional<Available> cached = cached();
    if (cached.isPresent()) {
      return cached.get();
    }
    String nothing =
        "no complete version%s in %s"
            .formatted(asked.map(version -> " " + version.text()).orElse(""), versions());
    if (effort == Effort.CACHED_ONLY) {
      return new Unavailable(List.of(nothing));
    }
    Duration limit = effort == Effort.BUILD ? AT_ANY_PRICE : IN_A_MINUTE;
    try {
      Files.createDirectories(versions());
      try (FileChannel file =
              FileChannel.open(
                  home.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = lock(file, limit)) {
        Optional<Available> meanwhile = cached();
        return meanwhile.isPresent() && lock.isValid()
            ? meanwhile.get()
            : get(effort, limit, nothing);
      }
    } catch (IOException | UncheckedIOException e) {
      return new Unavailable(List.of(nothing, "cannot get one: " + e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Unavailable(List.of(nothing, "interrupted"));
    }
  }

  private KubeApiBinaries get(Effort effort, Duration limit, String nothing)
      throws IOException, InterruptedException {
    List<String> reasons = new ArrayList<>(List.of(nothing));
    // The lock is ours, so these belong to someone who was killed.
    try (Stream<Path> all = Files.list(home)) {
      all.filter(p -> p.getFileName().toString().startsWith(WORKSHOP))
          .toList()
          .forEach(Folders::delete);
    }
    Path workshop = Files.createTempDirectory(home, WORKSHOP);
    try {
      KubeVersion wanted = asked.orElse(GoBuild.DEFAULT);
      Attempt download =
          new KubeApiDownload(platform, INDEX_LIMIT, limit, progress).of(wanted, workshop);
      if (download instanceof Attempt.Got got) {
        return keep(got, Source.DOWNLOADED);
      }
      reasons.add(reason(download));
      if (effort == Effort.BUILD) {
        Attempt build = new GoBuild(platform, limit, progress).of(wanted, workshop);
        if (build instanceof Attempt.Got got) {
          return keep(got, Source.BUILT);
        }
        reasons.add(reason(build));
      }
      return new Unavailable(reasons);
    } finally {
      Folders.delete(workshop);
    }
  }

  private String reason(Attempt attempt) {
    String reason = attempt instanceof Attempt.Failed failed ? failed.reason() : "";
    progress.accept(reason);
    return reason;
  }

  private Available keep(Attempt.Got got, Source source) throws IOException {
    if (!complete(got.folder())) {
      throw new IOException("incomplete: " + got.folder());
    }
    Path home = versions().resolve(got.version() + Utils.platformSuffix(platform));
    Folders.delete(home);
    Files.move(got.folder(), home, StandardCopyOption.ATOMIC_MOVE);
    return new Available(home, got.version(), source);
  }

  private FileLock lock(FileChannel file, Duration limit) throws IOException, InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    boolean told = false;
    while (true) {
      Optional<FileLock> lock = tryLock(file);
      if (lock.isPresent()) {
        return lock.get();
      }
      if (System.nanoTime() > end) {
        throw new IOException("another process is still at it");
      }
      if (!told) {
        progress.accept("waiting for another process that is getting an API server");
        told = true;
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  private static Optional<FileLock> tryLock(FileChannel file) throws IOException {
    try {
      return Optional.ofNullable(file.tryLock());
    } catch (OverlappingFileLockException anotherThreadOfThisProcess) {
      return Optional.empty();
    }
  }

  private Optional<Available> cached() {
    return asked.isPresent()
        ? newest(asked.get()::includes)
        : newest(GoBuild.DEFAULT::includes).or(() -> newest(version -> true));
  }

  private Optional<Available> newest(Predicate<String> wanted) {
    if (!Files.isDirectory(versions())) {
      return Optional.empty();
    }
    String suffix = Utils.platformSuffix(platform);
    try (Stream<Path> all = Files.list(versions())) {
      return all.filter(p -> p.getFileName().toString().endsWith(suffix))
          .filter(BinaryFinder::complete)
          .map(p -> new Available(p, version(p, suffix), Source.CACHED))
          .filter(available -> wanted.test(available.version()))
          .max(Comparator.comparing(Available::version, BinaryFinder::byNumbers));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path versions() {
    return home.resolve("k8s");
  }

  private static String version(Path folder, String suffix) {
    String name = folder.getFileName().toString();
    return name.substring(0, name.length() - suffix.length());
  }

  private static boolean complete(Path folder) {
    return PROGRAMS.stream()
        .map(folder::resolve)
        .allMatch(program -> Files.isRegularFile(program) && Files.isExecutable(program));
  }

  /** 1.36.10 is newer than 1.36.9; what is not a number is older than any. */
  static int byNumbers(String a, String b) {
    return Arrays.compare(numbers(a), numbers(b));
  }

  private static int[] numbers(String version) {
    return Stream.of(version.split("[^0-9]+", -1))
        .mapToInt(part -> part.isEmpty() || part.length() > 9 ? -1 : Integer.parseInt(part))
        .toArray();
  }
}
