package io.kairos.extensions.e2e.bench;

import io.kairos.extensions.e2e.host.Folders;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * How fast the agent brings an image into the store, against {@code curl | sha256sum} on the same
 * file, and how much memory that takes by the image's size.
 *
 * <p>A server on loopback, in a process of its own, gives the file by http and https. For each size
 * a new agent process with a small heap fetches once, which is the cold one: its code runs for the
 * first time. Then come rounds of {@code curl | sha256sum}, the agent with a store on disk, and the
 * agent with a store in memory, where fsync costs nothing: what the two differ by is the disk's
 * part. curl writes no file at all. A ratio is the median of the ratios of the rounds, so that
 * whatever else the machine does in a round weighs on both sides.
 */
public final class DownloadBenchmark {
  private static final List<String> AGENT = List.of("-XX:+UseSerialGC", "-Xmx64m");
  private static final List<String> SERVER = List.of("-Xmx256m");
  private static final int DEFAULT_ROUNDS = 9;
  private static final List<Long> DEFAULT_SIZES = List.of(1L, 16L, 64L, 256L, 1024L, 2048L);
  private static final String NAME = "bench";
  private static final Path MEMORY = Path.of("/dev/shm");

  private final Path folder;
  private final Path memory;
  private final int rounds;
  private final PrintStream out;

  private DownloadBenchmark(Path folder, Path memory, int rounds, PrintStream out) {
    this.folder = folder;
    this.memory = memory;
    this.rounds = rounds;
    this.out = out;
  }

  /**
   * Prints the table.
   *
   * @param args how many rounds (default 9), and the sizes in MiB (default 1 16 64 256 1024 2048)
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : DEFAULT_ROUNDS;
    List<Long> sizes =
        args.length > 1 ? Arrays.stream(args).skip(1).map(Long::valueOf).toList() : DEFAULT_SIZES;
    Path folder = Files.createTempDirectory("sysext-bench-");
    Path memory =
        Files.createTempDirectory(
            Files.isDirectory(MEMORY) ? MEMORY : folder.getParent(), "sysext-bench-");
    try {
      new DownloadBenchmark(folder, memory, rounds, System.out).run(sizes);
    } finally {
      Folders.delete(folder);
      Folders.delete(memory);
    }
  }

  private record Address(String http, String https, Path ca) {}

  private void run(List<Long> sizes) throws IOException, InterruptedException {
    try (Child server = Child.start(FileServer.class, SERVER, folder)) {
      String[] ports = server.answer().split(" ", -1);
      Address address =
          new Address(
              "http://127.0.0.1:" + ports[0] + "/",
              "https://127.0.0.1:" + ports[1] + "/",
              folder.resolve("ca.pem"));
      out.printf(
          Locale.ROOT,
          "JDK %s, agent %s, %d rounds; MB/s: median; ratio to curl | sha256sum: median of rounds%n",
          System.getProperty("java.version"),
          String.join(" ", AGENT),
          rounds);
      out.println(
          "             MiB  curl|sha256sum  agent, disk  ratio  agent, memory  ratio  agent, cold"
              + "  peak RSS MiB");
      for (long mib : sizes) {
        SampleImage image = image(mib);
        measure("http", address.http(), address.ca(), image);
        measure("https", address.https(), address.ca(), image);
        Files.delete(image.path());
      }
    }
  }

  /** A small image with random bytes behind it, which belong to no file in it. */
  private SampleImage image(long mib) throws IOException, InterruptedException {
    Path path = new SampleImages(folder).plain(NAME, "1").path();
    SplittableRandom random = new SplittableRandom(mib);
    byte[] block = new byte[1 << 20];
    try (OutputStream more = Files.newOutputStream(path, StandardOpenOption.APPEND)) {
      for (long left = (mib << 20) - Files.size(path); left > 0; left -= block.length) {
        random.nextBytes(block);
        more.write(block, 0, (int) Math.min(left, block.length));
      }
    }
    String sha256 = shell("sha256sum < " + path).substring(0, 64);
    return new SampleImage(NAME, "1", path, sha256, Files.size(path));
  }

  private void measure(String scheme, String server, Path ca, SampleImage image)
      throws IOException, InterruptedException {
    String url = server + image.path().getFileName();
    String curl = "curl --silent --fail --cacert " + ca + " " + url + " | sha256sum";
    List<Double> reference = new ArrayList<>();
    List<Double> onDisk = new ArrayList<>();
    List<Double> inMemory = new ArrayList<>();
    try (Child agent = Child.start(AgentDownload.class, AGENT, ca)) {
      double cold = seconds(agent, folder, url, image);
      String peak = "";
      for (int round = 0; round < rounds; round++) {
        long begin = System.nanoTime();
        String said = shell(curl);
        reference.add((System.nanoTime() - begin) / 1e9);
        if (!said.startsWith(image.sha256())) {
          throw new IOException("curl gave another file: " + said);
        }
        onDisk.add(seconds(agent, folder, url, image));
        String answer = ask(agent, memory, url, image);
        inMemory.add(Long.parseLong(answer.split(" ", -1)[0]) / 1e9);
        peak = answer.split(" ", -1)[1];
      }
      double mb = image.size() / 1e6;
      out.printf(
          Locale.ROOT,
          "%-6s%10d%16.0f%13.0f%7.2f%15.0f%7.2f%13.0f%14d%n",
          scheme,
          image.size() >> 20,
          mb / median(reference),
          mb / median(onDisk),
          ratio(reference, onDisk),
          mb / median(inMemory),
          ratio(reference, inMemory),
          mb / cold,
          Long.parseLong(peak) >> 10);
    }
  }

  private static double seconds(Child agent, Path host, String url, SampleImage image)
      throws IOException {
    return Long.parseLong(ask(agent, host, url, image).split(" ", -1)[0]) / 1e9;
  }

  private static String ask(Child agent, Path host, String url, SampleImage image)
      throws IOException {
    return agent.ask(host + " " + url + " " + image.sha256() + " " + NAME);
  }

  private static double ratio(List<Double> reference, List<Double> agent) {
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < reference.size(); round++) {
      ratios.add(reference.get(round) / agent.get(round));
    }
    return median(ratios);
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return (sorted.get(sorted.size() / 2) + sorted.get((sorted.size() - 1) / 2)) / 2;
  }

  private static String shell(String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("/bin/sh", "-c", command)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(command + " failed");
    }
    return said;
  }
}
