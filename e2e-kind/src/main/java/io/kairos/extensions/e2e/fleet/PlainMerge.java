package io.kairos.extensions.e2e.fleet;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.image.TrustedCertificates;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.agent.store.KairosLayout;
import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Stands in for systemd on a plain directory: a refresh notes the names that the run folder of a
 * class links, and nothing is merged. The note lies in the run folder, so that it goes with a boot,
 * which notes anew as systemd would merge.
 */
final class PlainMerge implements Host {
  private final HostPaths paths;

  PlainMerge(HostPaths paths) {
    this.paths = paths;
  }

  @Override
  public Identity identifyAgain(Identity known) {
    return known;
  }

  @Override
  public Identity identify() throws HostException {
    try {
      MachineArchitecture machine = MachineArchitecture.ofMachine(machine()).orElseThrow();
      byte[] osRelease = Files.readAllBytes(paths.here(Path.of("/usr/lib/os-release")));
      OsRelease release = ((OsRelease.Valid) OsRelease.parse(osRelease)).release();
      Map<ExtensionClass, HostFacts> facts = new EnumMap<>(ExtensionClass.class);
      for (ExtensionClass one : ExtensionClass.values()) {
        facts.put(one, HostFacts.of(one, machine, release));
      }
      return new Identity(
          machine,
          release,
          facts,
          "none",
          System.getProperty("os.version"),
          false,
          true,
          TrustedCertificates.NONE);
    } catch (IOException e) {
      throw new HostException("the plain directory has no os-release", e);
    }
  }

  /** A boot notes anew what is linked. */
  @Override
  public Map<ExtensionClass, String> unmergedAtBoot() {
    return Map.of();
  }

  private static String machine() {
    String arch = System.getProperty("os.arch");
    return arch.equals("amd64") ? "x86_64" : arch;
  }

  @Override
  public Map<ExtensionClass, Merge> merges() throws HostException {
    Map<ExtensionClass, Merge> merges = new EnumMap<>(ExtensionClass.class);
    for (ExtensionClass one : ExtensionClass.values()) {
      merges.put(one, merge(new KairosLayout(paths, one)));
    }
    return merges;
  }

  private Merge merge(StoreLayout layout) throws HostException {
    try {
      Path bootOfNote = note(layout).resolveSibling(note(layout).getFileName() + "-boot");
      String boot = Files.readString(paths.bootId());
      if (!Files.exists(note(layout)) || !boot.equals(Files.readString(bootOfNote))) {
        take(layout);
        Files.writeString(bootOfNote, boot);
      }
      List<String> lines = Files.readAllLines(note(layout));
      Set<String> names = Set.copyOf(lines.subList(1, lines.size()));
      return new Merge(names.isEmpty() ? "" : lines.get(0), names);
    } catch (IOException e) {
      throw new HostException("the plain directory cannot be read", e);
    }
  }

  private Path note(StoreLayout layout) {
    return paths.here(Path.of("/run/.plain-merge-" + layout.extensionClass().mountSource()));
  }

  @Override
  public String mergeSign() throws HostException {
    return merges().toString();
  }

  @Override
  public Refreshed refresh(
      ExtensionClass extensionClass, Set<String> wanted, Set<String> unwanted, boolean reloadUnits)
      throws HostException {
    try {
      take(new KairosLayout(paths, extensionClass));
      return new Refreshed.Done();
    } catch (IOException e) {
      throw new HostException("the plain directory cannot be written", e);
    }
  }

  private void take(StoreLayout layout) throws IOException {
    Set<String> names = new TreeSet<>();
    if (Files.isDirectory(layout.run())) {
      try (DirectoryStream<Path> links = Files.newDirectoryStream(layout.run(), "*.raw")) {
        for (Path link : links) {
          if (leadsToFile(layout, link)) {
            names.add(link.getFileName().toString().replaceAll("\\.raw$", ""));
          }
        }
      }
    }
    String lines = names.stream().map(name -> name + "\n").collect(Collectors.joining());
    Files.writeString(note(layout), UUID.randomUUID() + "\n" + lines);
  }

  private static boolean leadsToFile(StoreLayout layout, Path link) throws IOException {
    Path at = link;
    Path onHost = layout.runOnHost();
    for (int hops = 0; hops < 8 && Files.isSymbolicLink(at); hops++) {
      Path target = onHost.resolve(Files.readSymbolicLink(at)).normalize();
      onHost = target.getParent();
      at = layout.here(target);
    }
    return Files.isRegularFile(at);
  }

  @Override
  public Units units() {
    return new PlainUnits();
  }

  /** Nobody plays a host's shutdown on a plain directory. */
  @Override
  public void reboot() throws HostException {
    throw new HostException("a plain directory does not reboot by itself");
  }

  @Override
  public void close() {
    // nothing is held open
  }
}
