package io.kairos.extensions.e2e.host;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Makes tiny extension images in a folder. The same request gives the same bytes with the same
 * tools. Where neither {@code mksquashfs} nor {@code mkfs.erofs} is installed there are three
 * ready-made ones: hello 1.0.0, hello 1.1.0 and tools 2.0.0.
 */
public final class SampleImages {
  private static final List<String> READY_MADE =
      List.of("hello-1.0.0", "hello-1.1.0", "tools-2.0.0");

  private final Path folder;

  /** Images are put into {@code folder}, which exists. */
  public SampleImages(Path folder) {
    this.folder = folder;
  }

  /** The formats that can be made with what is installed here. */
  public static List<ImageFormat> formats() {
    return List.of(ImageFormat.values()).stream()
        .filter(format -> Commands.installed(tool(format)))
        .toList();
  }

  /**
   * Starts an image: one program of its name, which prints {@code <name> <version>}, and it fits on
   * every host.
   */
  public Builder image(String name, String version) {
    return new Builder(name, version);
  }

  /** An image with nothing special, in a format that can be made here, or a ready-made one. */
  public SampleImage plain(String name, String version) {
    if (!formats().isEmpty()) {
      return image(name, version).format(formats().get(0)).build();
    }
    return readyMade(name, version)
        .orElseThrow(
            () ->
                new HostException(
                    "neither mksquashfs nor mkfs.erofs is installed, and ready-made are only "
                        + READY_MADE));
  }

  /** A copy of a ready-made image, a squashfs, if there is one of that name and version. */
  public Optional<SampleImage> readyMade(String name, String version) {
    String file = name + "-" + version;
    if (!READY_MADE.contains(file)) {
      return Optional.empty();
    }
    try {
      Path path = folder.resolve(file + ".raw");
      Files.write(path, Commands.resource("samples/" + file + ".raw"));
      return Optional.of(describe(name, version, path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String tool(ImageFormat format) {
    return switch (format) {
      case SQUASHFS, GPT -> "mksquashfs";
      case EROFS -> "mkfs.erofs";
    };
  }

  /** What a file is, as an image. */
  static SampleImage describe(String name, String version, Path path) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(path), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return new SampleImage(
          name, version, path, HexFormat.of().formatHex(digest.digest()), Files.size(path));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An image in the making. */
  public final class Builder {
    private record Content(String text, boolean executable) {}

    private final String name;
    private final String version;
    private final Map<String, Content> files = new TreeMap<>();
    private Map<String, String> release = Map.of("ID", "_any");
    private ImageFormat format = ImageFormat.SQUASHFS;
    private String releaseName;
    private String fileName;
    private long filler;
    private boolean confext;

    private Builder(String name, String version) {
      this.name = name;
      this.version = version;
      this.releaseName = name;
      this.fileName = name + "-" + version + ".raw";
    }

    /** How it is packed; a squashfs without this. */
    public Builder format(ImageFormat value) {
      format = value;
      return this;
    }

    /**
     * The fields of its extension-release, such as ID, VERSION_ID, SYSEXT_LEVEL, ARCHITECTURE;
     * {@code ID=_any} without.
     */
    public Builder release(Map<String, String> fields) {
      release = new LinkedHashMap<>(fields);
      return this;
    }

    /** What its extension-release file is named after; its own name without this. */
    public Builder releaseName(String value) {
      releaseName = value;
      return this;
    }

    /** The name of the image's own file; {@code <name>-<version>.raw} without this. */
    public Builder fileName(String value) {
      fileName = value;
      return this;
    }

    /** One more file in it, of a path without leading slash. */
    public Builder file(String path, String content) {
      files.put(path, new Content(content, false));
      return this;
    }

    /** One more program in it, of a path without leading slash. */
    public Builder executable(String path, String content) {
      files.put(path, new Content(content, true));
      return this;
    }

    /** Makes it at least that large, with bytes that do not compress. */
    public Builder filler(long bytes) {
      filler = bytes;
      return this;
    }

    /** Makes it a configuration extension: {@code etc/<name>.version} instead of a program. */
    public Builder confext() {
      confext = true;
      return this;
    }

    /**
     * Makes the image.
     *
     * @throws HostException if its tool is not installed, or fails
     */
    public SampleImage build() {
      if (!Commands.installed(tool(format))) {
        throw new HostException(tool(format) + " is not installed");
      }
      try {
        Path tree = Files.createTempDirectory("sysext-image-");
        Path packed = Files.createTempFile("sysext-image-", ".img");
        try {
          fill(tree);
          Path path = folder.resolve(fileName);
          switch (format) {
            case SQUASHFS -> squashfs(tree, path);
            case EROFS -> erofs(tree, path);
            case GPT -> {
              squashfs(tree, packed);
              GptDisk.write(packed, path);
            }
          }
          return describe(name, version, path);
        } finally {
          Folders.delete(tree);
          Files.deleteIfExists(packed);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void fill(Path tree) throws IOException {
      String top = confext ? "etc" : "usr";
      StringBuilder fields = new StringBuilder();
      release.forEach((key, value) -> fields.append(key).append('=').append(value).append('\n'));
      write(
          tree,
          (confext ? "etc" : "usr/lib") + "/extension-release.d/extension-release." + releaseName,
          new Content(fields.toString(), false));
      if (confext) {
        write(tree, "etc/" + name + ".version", new Content(version + "\n", false));
      } else {
        write(
            tree,
            "usr/bin/" + name,
            new Content("#!/bin/sh\necho \"" + name + " " + version + "\"\n", true));
      }
      for (var file : files.entrySet()) {
        write(tree, file.getKey(), file.getValue());
      }
      if (filler > 0) {
        Path path = tree.resolve(top).resolve(confext ? "" : "share").resolve(name + ".filler");
        Files.createDirectories(path.getParent());
        Random random = new Random((name + version).hashCode());
        byte[] block = new byte[64 * 1024];
        try (OutputStream out = Files.newOutputStream(path)) {
          for (long left = filler; left > 0; left -= block.length) {
            random.nextBytes(block);
            out.write(block, 0, (int) Math.min(left, block.length));
          }
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
      }
      try (var all = Files.walk(tree)) {
        for (Path path : all.filter(Files::isDirectory).toList()) {
          Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
      }
    }

    private static void write(Path tree, String path, Content content) throws IOException {
      Path file = tree.resolve(path).normalize();
      if (!file.startsWith(tree)) {
        throw new IllegalArgumentException("not inside the image: " + path);
      }
      Files.createDirectories(file.getParent());
      Files.write(file, content.text().getBytes(StandardCharsets.UTF_8));
      Files.setPosixFilePermissions(
          file, PosixFilePermissions.fromString(content.executable() ? "rwxr-xr-x" : "rw-r--r--"));
    }

    private static void squashfs(Path tree, Path image) {
      Commands.mustRun(
          "mksquashfs",
          tree.toString(),
          image.toString(),
          "-noappend",
          "-all-root",
          "-no-xattrs",
          "-no-exports",
          "-mkfs-time",
          "0",
          "-all-time",
          "0",
          "-processors",
          "1",
          "-no-progress",
          "-quiet");
    }

    private void erofs(Path tree, Path image) {
      Commands.mustRun(
          "mkfs.erofs",
          "--quiet",
          "--all-root",
          "-T0",
          "-U" + UUID.nameUUIDFromBytes((name + version).getBytes(StandardCharsets.UTF_8)),
          image.toString(),
          tree.toString());
    }
  }
}
