package io.kairos.extensions.e2e.fleet;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Stands in for systemd on a plain directory: a refresh notes the names that the run folder links,
 * and nothing is merged. The note lies in the run folder, so that it goes with a boot, which notes
 * anew as systemd-sysext would merge.
 */
final class PlainMerge implements Host {
  private final StoreLayout layout;
  private final Path note;
  private final Path bootOfNote;

  PlainMerge(StoreLayout layout) {
    this.layout = layout;
    this.note = layout.hostRoot().resolve("run/.plain-merge");
    this.bootOfNote = layout.hostRoot().resolve("run/.plain-merge-boot");
  }

  @Override
  public Identity identify() throws HostException {
    try {
      MachineArchitecture machine = MachineArchitecture.ofMachine(machine()).orElseThrow();
      byte[] osRelease = Files.readAllBytes(layout.hostRoot().resolve("usr/lib/os-release"));
      OsRelease release = ((OsRelease.Valid) OsRelease.parse(osRelease)).release();
      return new Identity(HostFacts.of(machine, release), "none", System.getProperty("os.version"));
    } catch (IOException e) {
      throw new HostException("the plain directory has no os-release", e);
    }
  }

  private static String machine() {
    String arch = System.getProperty("os.arch");
    return arch.equals("amd64") ? "x86_64" : arch;
  }

  @Override
  public Merge merge() throws HostException {
    try {
      String boot = Files.readString(layout.bootId());
      if (!Files.exists(note) || !boot.equals(Files.readString(bootOfNote))) {
        take();
        Files.writeString(bootOfNote, boot);
      }
      List<String> lines = Files.readAllLines(note);
      Set<String> names = Set.copyOf(lines.subList(1, lines.size()));
      return new Merge(names.isEmpty() ? "" : lines.get(0), names);
    } catch (IOException e) {
      throw new HostException("the plain directory cannot be read", e);
    }
  }

  @Override
  public String mergeSign() throws HostException {
    return merge().id();
  }

  @Override
  public Refreshed refresh(Set<String> wanted, Set<String> unwanted, boolean reloadUnits)
      throws HostException {
    try {
      take();
      return new Refreshed.Done();
    } catch (IOException e) {
      throw new HostException("the plain directory cannot be written", e);
    }
  }

  private void take() throws IOException {
    Set<String> names = new TreeSet<>();
    try (DirectoryStream<Path> links = Files.newDirectoryStream(layout.run(), "*.raw")) {
      for (Path link : links) {
        if (leadsToFile(link)) {
          names.add(link.getFileName().toString().replaceAll("\\.raw$", ""));
        }
      }
    }
    String lines = names.stream().map(name -> name + "\n").collect(Collectors.joining());
    Files.writeString(note, UUID.randomUUID() + "\n" + lines);
  }

  private boolean leadsToFile(Path link) throws IOException {
    Path at = link;
    Path onHost = StoreLayout.RUN;
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

  @Override
  public void close() {
    // nothing is held open
  }
}
