package io.kairos.extensions.e2e.cluster;

import io.fabric8.kubeapitest.binary.BinaryDownloader;
import io.fabric8.kubeapitest.binary.OSInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * kube-api-test's own download, with the time limits that it lacks: one for the first answer, so
 * that a machine that cannot reach it learns so at once, and one for the archive.
 */
final class KubeApiDownload {

  private final OSInfo platform;
  private final Duration indexLimit;
  private final Duration archiveLimit;
  private final Consumer<String> progress;

  KubeApiDownload(
      OSInfo platform, Duration indexLimit, Duration archiveLimit, Consumer<String> progress) {
    this.platform = platform;
    this.indexLimit = indexLimit;
    this.archiveLimit = archiveLimit;
    this.progress = progress;
  }

  Attempt of(KubeVersion wanted, Path workshop) throws IOException, InterruptedException {
    BinaryDownloader downloader =
        new BinaryDownloader(
            Files.createDirectory(workshop.resolve("download")).toString(), platform);
    // What hangs in a connection cannot be interrupted: its thread is left behind and holds up
    // nobody.
    ExecutorService thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread t = new Thread(task, "kube-api-test-download");
              t.setDaemon(true);
              return t;
            });
    try {
      progress.accept("asking kube-api-test for a download of " + wanted.text());
      String version =
          wanted.isMinor()
              ? within(
                  indexLimit,
                  thread.submit(() -> downloader.findLatestOfWildcard(wanted.text() + ".*")))
              : wanted.text();
      progress.accept("downloading " + version);
      return new Attempt.Got(
          within(archiveLimit, thread.submit(() -> downloader.download(version))).toPath(),
          version);
    } catch (TimeoutException e) {
      return new Attempt.Failed("kube-api-test's download did not answer in time");
    } catch (ExecutionException e) {
      return new Attempt.Failed("kube-api-test's download failed: " + root(e));
    } finally {
      thread.shutdownNow();
    }
  }

  private static <T> T within(Duration limit, Future<T> task)
      throws InterruptedException, ExecutionException, TimeoutException {
    return task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static Throwable root(Throwable e) {
    return e.getCause() == null ? e : root(e.getCause());
  }
}
