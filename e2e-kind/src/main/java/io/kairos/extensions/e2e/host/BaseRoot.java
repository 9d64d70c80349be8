package io.kairos.extensions.e2e.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A root folder that hosts can boot from, or why there is none. Hosts never change it. */
public sealed interface BaseRoot {
  /**
   * The oldest systemd that is of use: the first one with all of systemd-sysext that Kairos needs.
   */
  int OLDEST_SYSTEMD = 252;

  /**
   * There is one.
   *
   * @param name what it is called, for people
   * @param root the folder
   * @param systemdVersion the systemd in it, such as {@code 257.13}
   */
  record Available(String name, Path root, String systemdVersion) implements BaseRoot {
    private static final Pattern MAJOR = Pattern.compile("^\\d+");

    /** The number before the first dot. */
    public int systemdMajor() {
      Matcher matcher = MAJOR.matcher(systemdVersion);
      return matcher.find() ? Integer.parseInt(matcher.group()) : 0;
    }
  }

  /**
   * There is none.
   *
   * @param reason why
   */
  record Unavailable(String reason) implements BaseRoot {}

  /**
   * This machine's own root, with the systemd that is installed on it. Whether that one runs here
   * is all the same.
   */
  static BaseRoot machine() {
    Path root = Path.of("/");
    try {
      boolean whole =
          Files.readAllLines(Path.of("/proc/self/mounts")).stream()
              .noneMatch(line -> line.split(" ", -1)[1].equals("/usr"));
      return whole
          ? inspect("machine root", root)
          : new Unavailable("/usr is a mount of its own on this machine");
    } catch (IOException e) {
      return new Unavailable("/proc/self/mounts cannot be read: " + e.getMessage());
    }
  }

  /**
   * A minimal Debian trixie in {@code ${XDG_CACHE_HOME:-~/.cache}/sysext-operator/trixie}. Makes it
   * with debootstrap if it is not there yet, which takes a minute or two and 250 MB.
   */
  static BaseRoot trixie() {
    String cache = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
    Path home =
        cache.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache);
    return trixie(home.resolve("sysext-operator"));
  }

  /**
   * The same in a folder of the caller's choice. Several callers and processes at once make it
   * once.
   */
  static BaseRoot trixie(Path cache) {
    Path root = cache.resolve("trixie");
    if (Files.exists(root)) {
      return inspect("trixie root", root);
    }
    if (!Commands.installed("debootstrap")) {
      return new Unavailable("there is no " + root + ", and debootstrap is not installed");
    }
    if (HostSupport.check() instanceof HostSupport.Unsupported unsupported) {
      return new Unavailable(
          "there is no "
              + root
              + ", and it cannot be made: "
              + String.join(", ", unsupported.reasons()));
    }
    try {
      Files.createDirectories(cache);
      synchronized (BaseRoot.class) {
        try (FileChannel file =
                FileChannel.open(
                    cache.resolve("trixie.lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE);
            var lock = file.lock()) {
          if (lock.isValid() && !Files.exists(root)) {
            Path partial = cache.resolve("trixie.partial");
            Commands.mustRun("rm", "-rf", "--one-file-system", partial.toString());
            CommandResult result =
                Commands.run(
                    Duration.ofMinutes(15),
                    proxies(),
                    List.of(
                        "debootstrap",
                        "--variant=minbase",
                        "--include=systemd,systemd-sysv,dbus,squashfs-tools,erofs-utils,util-linux",
                        "trixie",
                        partial.toString()));
            if (!result.succeeded()) {
              String output = result.stdout() + result.stderr();
              return new Unavailable(
                  "debootstrap failed: "
                      + output.substring(Math.max(0, output.length() - 500)).strip());
            }
            Files.move(partial, root, StandardCopyOption.ATOMIC_MOVE);
          }
        }
      }
      return inspect("trixie root", root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (HostException e) {
      return new Unavailable(e.getMessage());
    }
  }

  /** The only download there is goes where the caller's downloads go. */
  private static Map<String, String> proxies() {
    Map<String, String> proxies = new TreeMap<>(System.getenv());
    proxies.keySet().retainAll(Set.of("http_proxy", "https_proxy", "no_proxy"));
    return proxies;
  }

  private static BaseRoot inspect(String name, Path root) {
    List<String> missing = new ArrayList<>();
    if (!Files.isExecutable(root.resolve("usr/lib/systemd/systemd"))) {
      missing.add("systemd");
    }
    if (!Files.isExecutable(root.resolve("usr/bin/systemd-sysext"))) {
      missing.add("systemd-sysext");
    }
    if (!Files.isRegularFile(root.resolve("usr/lib/systemd/system/dbus.socket"))
        || !(Files.isExecutable(root.resolve("usr/bin/dbus-daemon"))
            || Files.isExecutable(root.resolve("usr/bin/dbus-broker")))) {
      missing.add("D-Bus");
    }
    if (!missing.isEmpty()) {
      return new Unavailable(root + " has no " + String.join(", no ", missing));
    }
    try {
      String type = Files.getFileStore(root).type();
      if (type.equals("overlay")) {
        return new Unavailable(
            root
                + " lies on an overlay: with the host's and systemd-sysext's that is one more than Linux stacks");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return systemdVersion(root)
        .map(version -> new Available(name, root, version))
        .<BaseRoot>map(
            base ->
                base.systemdMajor() >= OLDEST_SYSTEMD
                    ? base
                    : new Unavailable(
                        root
                            + " has systemd "
                            + base.systemdVersion()
                            + ", older than "
                            + OLDEST_SYSTEMD))
        .orElseGet(() -> new Unavailable(root + " has a systemd that does not tell its version"));
  }

  /** From {@code systemd 257 (257.13-1~deb13u1)}: the longer of the two. */
  private static Optional<String> systemdVersion(Path root) {
    CommandResult result;
    try {
      result =
          Commands.run(
              Duration.ofSeconds(20),
              root.equals(Path.of("/"))
                  ? List.of("systemctl", "--version")
                  : List.of("chroot", root.toString(), "systemctl", "--version"));
    } catch (HostException e) {
      return Optional.empty();
    }
    Matcher matcher =
        Pattern.compile("^systemd (\\d+)(?: \\(v?(\\d+[0-9.]*))?").matcher(result.stdout());
    if (!matcher.find()) {
      return Optional.empty();
    }
    return Optional.of(Optional.ofNullable(matcher.group(2)).orElse(matcher.group(1)));
  }
}
