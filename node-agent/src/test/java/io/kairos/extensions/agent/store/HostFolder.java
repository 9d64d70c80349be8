package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A host's files below a temporary folder, for tests. */
public record HostFolder(StoreLayout layout) {

  /** With the folders of the store, booted into {@code active}. */
  public static HostFolder in(Path root) throws IOException {
    HostFolder host = new HostFolder(new StoreLayout(root));
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

  /** Everything in the store and the run folder that is no folder, with what links lead to. */
  public Map<String, String> entries() throws IOException {
    Map<String, String> entries = new TreeMap<>();
    for (Path folder : new Path[] {layout.store(), layout.run()}) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path :
            all.filter(p -> Files.isSymbolicLink(p) || !Files.isDirectory(p)).toList()) {
          entries.put(
              "/" + layout.hostRoot().relativize(path),
              Files.isSymbolicLink(path) ? Files.readSymbolicLink(path).toString() : "");
        }
      }
    }
    return entries;
  }
}
