package io.kairos.extensions.e2e.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes images with verity as people do: keys with openssl, the image with this machine's
 * systemd-repart. What is in them is one program of its name, which prints {@code <name>
 * <version>}.
 */
public final class SignedImages {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final Path folder;

  /** Images and keys are put into {@code folder}, which exists. */
  public SignedImages(Path folder) {
    this.folder = folder;
  }

  /**
   * Somebody who signs.
   *
   * @param privateKey a PEM file
   * @param certificate a PEM file
   */
  public record Key(Path privateKey, Path certificate) {}

  /** Why none can be made here, if that is so. */
  public static Optional<String> obstacle() {
    for (String tool : List.of("systemd-repart", "mksquashfs", "openssl")) {
      if (!Commands.installed(tool)) {
        return Optional.of(tool + " is not installed: no signed images can be made");
      }
    }
    return HostSupport.check() instanceof HostSupport.Unsupported unsupported
        ? Optional.of(
            "systemd-repart needs loop devices: " + String.join(", ", unsupported.reasons()))
        : Optional.empty();
  }

  /** A new key and a certificate for it that it signed itself. */
  public Key key(String name) {
    Key key = new Key(folder.resolve(name + ".key"), folder.resolve(name + ".crt"));
    Commands.mustRun(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=" + name,
        "-days",
        "30",
        "-keyout",
        key.privateKey.toString(),
        "-out",
        key.certificate.toString());
    return key;
  }

  /** An image with verity that nobody signed. */
  public SampleImage unsigned(String name, String version) {
    return image(name, version, Optional.empty());
  }

  /** A signed image. */
  public SampleImage signed(String name, String version, Key key) {
    return image(name, version, Optional.of(key));
  }

  private SampleImage image(String name, String version, Optional<Key> key) {
    try {
      Path work = Files.createTempDirectory("sysext-signed-");
      try {
        Path tree = tree(work, name, version);
        Path definitions = definitions(work, key.isPresent());
        Path image = folder.resolve(name + "-" + version + ".raw");
        Files.deleteIfExists(image);
        List<String> command =
            new ArrayList<>(
                List.of(
                    "systemd-repart",
                    "--empty=create",
                    "--size=auto",
                    "--dry-run=no",
                    "--no-pager",
                    "--definitions=" + definitions,
                    sourceOption() + "=" + tree));
        key.ifPresent(
            signer -> {
              command.add("--private-key=" + signer.privateKey);
              command.add("--certificate=" + signer.certificate);
            });
        command.add(image.toString());
        CommandResult result = Commands.run(LIMIT, Map.of(), command);
        if (!result.succeeded()) {
          throw new HostException("systemd-repart failed: " + result.stderr());
        }
        return SampleImages.describe(name, version, image);
      } finally {
        Folders.delete(work);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** 252 copies from {@code --root}; later versions have an option for it. */
  private static String sourceOption() {
    return Commands.mustRun("systemd-repart", "--help").stdout().contains("--copy-source=")
        ? "--copy-source"
        : "--root";
  }

  private static Path tree(Path work, String name, String version) throws IOException {
    Path tree = work.resolve("tree");
    Path release = tree.resolve("usr/lib/extension-release.d/extension-release." + name);
    Files.createDirectories(release.getParent());
    Files.writeString(release, "ID=_any\n");
    Path program = tree.resolve("usr/bin").resolve(name);
    Files.createDirectories(program.getParent());
    Files.writeString(program, "#!/bin/sh\necho \"" + name + " " + version + "\"\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return tree;
  }

  private static Path definitions(Path work, boolean signed) throws IOException {
    Path definitions = Files.createDirectories(work.resolve("definitions"));
    Files.writeString(
        definitions.resolve("10-root.conf"),
        """
        [Partition]
        Type=root
        Format=squashfs
        CopyFiles=/usr/
        Verity=data
        VerityMatchKey=root
        """);
    Files.writeString(
        definitions.resolve("20-verity.conf"),
        """
        [Partition]
        Type=root-verity
        Verity=hash
        VerityMatchKey=root
        """);
    if (signed) {
      Files.writeString(
          definitions.resolve("30-signature.conf"),
          """
          [Partition]
          Type=root-verity-sig
          Verity=signature
          VerityMatchKey=root
          """);
    }
    return definitions;
  }
}
