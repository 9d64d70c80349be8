package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.image.ExtensionClass;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A host's files below a temporary folder, for tests. */
public record HostFolder(StoreLayout layout) {
  private static final int MOST_LOOKS = 100;

  /** Of system extensions on a Kairos host. */
  public static StoreLayout layout(Path root) {
    return new KairosLayout(new HostPaths(root), ExtensionClass.SYSEXT);
  }

  /** A host that is none of Kairos, with the folders of the store. */
  public static HostFolder systemd(Path root, ExtensionClass of) throws IOException {
    HostFolder host = new HostFolder(new SystemdLayout(new HostPaths(root), of));
    new Store(host.layout).prepare();
    return host.file("/proc/sys/kernel/random/boot_id", "boot-1\n");
  }

  /** With the folders of the store, booted into {@code active}. */
  public static HostFolder in(Path root) throws IOException {
    HostFolder host = new HostFolder(layout(root));
    new Store(host.layout).prepare();
    host.file("/run/cos/active_mode", "").file("/proc/sys/kernel/random/boot_id", "boot-1\n");
    return host;
  }

  /** The store's changes. */
  public Store store() {
    return new Store(layout);
  }

  /** A path of the host. */
  public Path at(String onHost) {
    return layout.here(Path.of(onHost));
  }

  /** A file of the host. */
  public HostFolder file(String onHost, String content) throws IOException {
    Files.createDirectories(at(onHost).getParent());
    Files.writeString(at(onHost), content);
    return this;
  }

  /** A link of the host. */
  public HostFolder link(String onHost, String target) throws IOException {
    Files.createDirectories(at(onHost).getParent());
    Files.createSymbolicLink(at(onHost), Path.of(target));
    return this;
  }

  /** An image of the store. */
  public HostFolder image(String sha256) throws IOException {
    Files.writeString(layout.images().resolve(sha256), "image " + sha256);
    return this;
  }

  /** Where a link leads, as it is written. */
  public String target(String onHost) throws IOException {
    assertThat(at(onHost)).isSymbolicLink();
    return Files.readSymbolicLink(at(onHost)).toString();
  }

  /**
   * Everything in the store, the profiles' and the run folder that is no folder, with what links
   * lead to, but for the notes of what this host has booted. An agent may be at work there: where
   * something goes in between it is looked at anew.
   */
  public Map<String, String> entries() throws IOException {
    for (int i = 0; i < MOST_LOOKS; i++) {
      try {
        return entriesNow();
      } catch (NoSuchFileException gone) {
        // look again
      } catch (UncheckedIOException e) {
        if (!(e.getCause() instanceof NoSuchFileException)) {
          throw e.getCause();
        }
      }
    }
    return entriesNow();
  }

  private Map<String, String> entriesNow() throws IOException {
    Map<String, String> entries = new TreeMap<>();
    List<Path> folders = new ArrayList<>(List.of(layout.store(), layout.run()));
    layout.profiles().stream().map(layout::profile).forEach(folders::add);
    for (Path folder : folders) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path :
            all.filter(p -> Files.isSymbolicLink(p) || !Files.isDirectory(p))
                .filter(p -> !p.equals(layout.entries()) && !p.equals(layout.proven()))
                .toList()) {
          entries.put(
              "/" + layout.host().root().relativize(path),
              Files.isSymbolicLink(path) ? Files.readSymbolicLink(path).toString() : "");
        }
      }
    }
    return entries;
  }
}
