package io.kairos.extensions.images;

import io.kairos.extensions.e2e.host.Folders;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * How large the images are, and how long their programs take from their start until they are ready,
 * with what the training run left and without: the operator until its caches are synced, the agent
 * until it has told what it finds.
 */
public final class StartBenchmark {
  private StartBenchmark() {}

  /**
   * Prints the table.
   *
   * @param args how often each is started (default 7)
   */
  public static void main(String... args) throws IOException, InterruptedException {
    int runs = args.length > 0 ? Integer.parseInt(args[0]) : 7;
    Path images = BuildImages.repository().resolve("images/target/images");
    Path folder = Files.createTempDirectory("sysext-images-");
    PrintStream out = System.out;
    try (Api api = Api.start(folder)) {
      out.printf("medians of %d starts, %s%n", runs, api.describe());
      out.printf(
          "%-18s %10s %10s %12s %14s%n",
          "image", "MB packed", "MB on disk", "ready in ms", "no training");
      Story story = new Story(api);
      for (Program program : List.of(Program.OPERATOR, Program.AGENT)) {
        OciArchive image =
            OciArchive.unpack(
                BuildImages.archive(images, program), folder.resolve(program.image()));
        Start start = new Start(story, program, image, folder.resolve(program.image() + ".log"));
        double trained = start.median(runs, List.of(image.entrypoint().get(1)));
        double untrained = start.median(runs, List.of());
        out.printf(
            "%-18s %10.1f %10.1f %12.0f %14.0f%n",
            program.image(), image.packedBytes() / 1e6, bytes(image) / 1e6, trained, untrained);
        if (program.equals(Program.OPERATOR)) {
          start.leaveWork();
        }
      }
    } finally {
      Folders.delete(folder);
    }
  }

  private record Start(Story story, Program program, OciArchive image, Path log) {
    double median(int runs, List<String> flags) throws IOException, InterruptedException {
      double[] millis = new double[runs];
      for (int run = 0; run < runs; run++) {
        long begin = System.nanoTime();
        try (ImagePod pod = story.start(program, image.overlay(), List.of(), flags, log)) {
          story.awaitReady(program, pod);
          millis[run] = (System.nanoTime() - begin) / 1e6;
        }
      }
      Arrays.sort(millis);
      return millis[runs / 2];
    }

    /** The agent needs a state to report on. */
    void leaveWork() throws IOException, InterruptedException {
      try (ImagePod pod = story.start(program, image.overlay(), List.of(), List.of(), log)) {
        story.awaitReady(program, pod);
        story.begin();
        story.awaitAssigned(pod);
      }
    }
  }

  private static long bytes(OciArchive image) throws IOException {
    long sum = 0;
    for (Path layer : image.layers()) {
      try (Stream<Path> files = Files.walk(layer)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          sum += Files.size(file);
        }
      }
    }
    return sum;
  }
}
