package io.kairos.extensions.e2e.bench;

import io.kairos.extensions.agent.fetch.FetchConfig;
import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.fetch.Stager;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.agent.store.KairosLayout;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The agent's whole way from a URL to a verified image in a store (fetch, hash, inspect, fsync,
 * rename), in a process of its own.
 */
public final class AgentDownload {
  private final StoreLayout layout;
  private final Stager stager;

  private AgentDownload(Path hostRoot, Path ca) throws IOException {
    HostPaths paths = new HostPaths(hostRoot);
    layout = new KairosLayout(paths, ExtensionClass.SYSEXT);
    Store store = new Store(layout);
    store.prepare();
    stager =
        new Stager(
            new Sources(Optional.of(ca), paths, List.of(), FetchConfig.DEFAULT), layout, store);
  }

  /**
   * Stages what its input asks for. Each line of the input is the root of a host, a URL, a digest
   * and the extension's name; each line of the output is the nanoseconds that it took, and the most
   * memory that the process had so far, in KiB.
   *
   * @param args the certificate to believe
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path ca = Path.of(args[0]);
    Map<Path, AgentDownload> hosts = new HashMap<>();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] asked = line.split(" ", -1);
      Path root = Path.of(asked[0]);
      if (!hosts.containsKey(root)) {
        hosts.put(root, new AgentDownload(root, ca));
      }
      long nanos = hosts.get(root).stage(new Target.ResolvedImage(asked[1], asked[2]), asked[3]);
      System.out.println(nanos + " " + peakKib());
    }
  }

  private long stage(Target.ResolvedImage image, String name)
      throws IOException, InterruptedException {
    HostFacts host = HostFacts.of(MachineArchitecture.X86_64, new OsRelease(Map.of("ID", "bench")));
    long begin = System.nanoTime();
    Staged outcome = stager.stage(image, name, host, Map.of());
    long nanos = System.nanoTime() - begin;
    if (!(outcome instanceof Staged.Ready)) {
      throw new IllegalStateException(outcome.toString());
    }
    Files.delete(layout.images().resolve(image.sha256()));
    return nanos;
  }

  private static String peakKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .findFirst()
        .orElseThrow()
        .replaceAll("[^0-9]", "");
  }
}
