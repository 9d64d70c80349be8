package io.kairos.extensions.e2e.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What makes a host one of Kairos, written into folders before anything runs on it.
 *
 * <p>The part of immucore, which on a real host makes the links in the initramfs: for system
 * extensions and then for configuration extensions it reads the booted profile's folder and then
 * {@code common}, each sorted by name, and links everything that ends in {@code .raw} and is no
 * folder: hidden files too, and links that lead nowhere. The links already made lead nowhere yet at
 * that time, so its own look for duplicates never sees one, and the first name that it meets twice
 * ends it with "file exists": what would have come after is not linked.
 */
final class KairosLayout {
  private static final List<String> KINDS = List.of("extensions", "confexts");
  private static final List<String> FOLDERS = List.of("active", "passive", "recovery", "common");

  /**
   * They would touch what hosts share with the machine: its devices, its modules, its terminals,
   * its settings; or take time.
   */
  private static final List<String> MASKED =
      List.of(
          "console-getty.service",
          "container-getty@.service",
          "dev-hugepages.mount",
          "dev-mqueue.mount",
          "getty@.service",
          "kmod-static-nodes.service",
          "ldconfig.service",
          "modprobe@.service",
          "proc-sys-fs-binfmt_misc.automount",
          "proc-sys-fs-binfmt_misc.mount",
          "serial-getty@.service",
          "sys-fs-fuse-connections.mount",
          "sys-kernel-config.mount",
          "sys-kernel-debug.mount",
          "sys-kernel-tracing.mount",
          "systemd-binfmt.service",
          "systemd-firstboot.service",
          "systemd-hwdb-update.service",
          "systemd-initctl.socket",
          "systemd-journal-catalog-update.service",
          "systemd-journald-dev-log.socket",
          "systemd-modules-load.service",
          "systemd-random-seed.service",
          "systemd-sysctl.service",
          "systemd-tmpfiles-setup-dev-early.service",
          "systemd-tmpfiles-setup-dev.service",
          "systemd-udev-trigger.service",
          "systemd-udevd-control.socket",
          "systemd-udevd-kernel.socket",
          "systemd-udevd.service",
          "systemd-vconsole-setup.service");

  private KairosLayout() {}

  /** Makes the folders of the store in what is {@code /var/lib/kairos}. */
  static void prepareState(Path state) throws IOException {
    for (String kind : KINDS) {
      for (String folder : FOLDERS) {
        Files.createDirectories(state.resolve(kind).resolve(folder));
      }
    }
  }

  /**
   * Writes what each boot starts with below {@code root}: sentinel, immucore's links, boot id,
   * names, and the caller's files.
   *
   * @param state what is {@code /var/lib/kairos} on the host
   * @return what immucore ended with, if it did not link everything
   */
  static Optional<String> prepareBoot(
      Path root, Path state, HostOptions options, String machineId, Profile profile)
      throws IOException {
    if (options.kairos()) {
      write(root.resolve("run/cos").resolve(profile.sentinel()), "1");
    }
    if (options.trustedBoot()) {
      write(root.resolve("run/cos/uki_boot_mode"), "1");
    }
    write(root.resolve("run/.boot_id"), UUID.randomUUID() + "\n");
    write(root.resolve("etc/hostname"), options.name() + "\n");
    write(root.resolve("etc/machine-id"), machineId + "\n");
    for (var file : options.files().entrySet()) {
      write(root.resolve(file.getKey().substring(1)), file.getValue());
    }
    if (!options.kairos()) {
      return Optional.empty();
    }
    for (String kind : KINDS) {
      Files.createDirectories(root.resolve("run").resolve(kind));
    }
    try {
      for (String kind : KINDS) {
        link(root.resolve("run").resolve(kind), state, kind, profile);
      }
      return Optional.empty();
    } catch (FileAlreadyExistsException e) {
      return Optional.of("symlink " + e.getFile() + ": file exists");
    }
  }

  /**
   * Writes the units below {@code root}: what is masked, where the boot goes, and Kairos' drop-ins.
   */
  static void prepareUnits(Path root, HostOptions options) throws IOException {
    Path units = root.resolve("etc/systemd/system");
    Files.createDirectories(units);
    for (String unit : MASKED) {
      Files.createSymbolicLink(units.resolve(unit), Path.of("/dev/null"));
    }
    Files.createSymbolicLink(
        units.resolve("default.target"), Path.of("/usr/lib/systemd/system/multi-user.target"));
    if (options.kairosDropIn()) {
      for (String program : List.of("systemd-sysext", "systemd-confext")) {
        String refresh =
            program
                + " refresh"
                + options.imagePolicy().map(policy -> " --image-policy=" + policy).orElse("");
        write(
            units.resolve(program + ".service.d").resolve("99-kairos.conf"),
            """
            [Service]
            TimeoutStartSec=10
            ExecStart=
            ExecStart=%1$s
            ExecReload=
            ExecReload=%1$s
            """
                .formatted(refresh));
      }
    }
  }

  private static void link(Path links, Path state, String kind, Profile profile)
      throws IOException {
    if (profile.folder().isEmpty()) {
      return;
    }
    for (String folder : List.of(profile.folder().get(), "common")) {
      for (String name : images(state.resolve(kind).resolve(folder))) {
        Files.createSymbolicLink(
            links.resolve(name), Path.of("/var/lib/kairos", kind, folder, name));
      }
    }
  }

  private static List<String> images(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .filter(entry -> !Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.endsWith(".raw"))
          .forEach(names::add);
    }
    // By bytes, as Go sorts.
    names.sort(
        (a, b) ->
            Arrays.compareUnsigned(
                a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8)));
    return names;
  }

  private static void write(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
