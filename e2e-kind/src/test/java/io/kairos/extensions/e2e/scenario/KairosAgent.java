package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.host.CommandResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Does to a host what {@code kairos-agent sysext} does, step by step as its source has it
 * (pkg/action/sysext.go of kairos-agent 2.2x): its list is every {@code .raw} that is no folder,
 * links included; a name is an unanchored regular expression, and the first match counts; {@code
 * --now} restarts {@code systemd-sysext}; nothing is synced, nothing is locked.
 */
final class KairosAgent {
  private static final Path STORE = Path.of("/var/lib/kairos/extensions");
  private static final Path RUN = Path.of("/run/extensions");
  private static final List<String> STATES = List.of("active", "passive", "recovery", "common");

  private final FleetNode node;

  KairosAgent(FleetNode node) {
    this.node = node;
  }

  /** When it acts. */
  enum When {
    /** For the next boot. */
    LATER,
    /** With {@code --now}. */
    NOW
  }

  private Path here(Path onHost) {
    return new HostPaths(node.host().root()).here(onHost);
  }

  /** {@code list}: what is in the store. */
  List<String> list() {
    return listIn(STORE);
  }

  /** {@code list --STATE}. */
  List<String> list(String state) {
    return listIn(STORE.resolve(state));
  }

  private List<String> listIn(Path folder) {
    try {
      Files.createDirectories(here(folder));
      try (Stream<Path> entries = Files.list(here(folder))) {
        return entries
            .filter(entry -> !Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
            .map(entry -> entry.getFileName().toString())
            .filter(name -> name.endsWith(".raw"))
            .sorted()
            .toList();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<String> find(String name, Path folder) {
    Pattern pattern = Pattern.compile(name);
    return listIn(folder).stream().filter(file -> pattern.matcher(file).find()).findFirst();
  }

  private String installed(String name) {
    return find(name, STORE)
        .orElseThrow(() -> new IllegalStateException("system extension " + name + " not found"));
  }

  /** {@code enable}. */
  void enable(String name, String state, When when) {
    String file = installed(name);
    Path folder = STORE.resolve(state);
    if (find(name, folder).filter(file::equals).isPresent()) {
      return; // already enabled: nothing is merged either
    }
    link(folder.resolve(file), STORE.resolve(file));
    if (when == When.NOW && isBooted(state)) {
      link(RUN.resolve(file), folder.resolve(file));
      restart();
    }
  }

  /** {@code disable}. */
  void disable(String name, String state, When when) {
    Path folder = STORE.resolve(state);
    Optional<String> file = find(name, folder);
    if (file.isEmpty()) {
      return;
    }
    delete(folder.resolve(file.get()));
    if (when == When.NOW && isBooted(state)) {
      unlinkNow(file.get());
    }
  }

  /** {@code remove}. */
  void remove(String name, When when) {
    String file = installed(name);
    for (String state : STATES) {
      Path folder = STORE.resolve(state);
      find(name, folder).ifPresent(enabled -> delete(folder.resolve(enabled)));
    }
    delete(STORE.resolve(file));
    if (when == When.NOW) {
      unlinkNow(file);
    }
  }

  /**
   * {@code install file:…}: the bytes are written under the name of the source, over what is there,
   * and through a link if that is one.
   *
   * @param source a file of this machine
   * @param as the file name of the source
   */
  void install(Path source, String as) {
    try {
      Path target = here(STORE.resolve(as));
      Path file = Files.isSymbolicLink(target) ? here(resolved(STORE.resolve(as), target)) : target;
      Files.write(file, Files.readAllBytes(source));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where a link of the host leads, as the host sees it. */
  private static Path resolved(Path onHost, Path link) throws IOException {
    return onHost.resolveSibling(Files.readSymbolicLink(link)).normalize();
  }

  private boolean isBooted(String state) {
    return state.equals("common") || Files.exists(here(Path.of("/run/cos", state + "_mode")));
  }

  private void unlinkNow(String file) {
    if (Files.isSymbolicLink(here(RUN.resolve(file)))) {
      delete(RUN.resolve(file));
      restart();
    }
  }

  private void restart() {
    CommandResult result = node.host().exec("systemctl", "restart", "systemd-sysext");
    if (result.exitCode() != 0) {
      throw new IllegalStateException("systemd-sysext was not restarted: " + result);
    }
  }

  private void link(Path link, Path target) {
    try {
      Files.createSymbolicLink(here(link), target);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void delete(Path file) {
    try {
      Files.delete(here(file));
    } catch (NoSuchFileException gone) {
      throw new IllegalStateException(file + " went away meanwhile", gone);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
