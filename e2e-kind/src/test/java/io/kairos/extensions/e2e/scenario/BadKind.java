package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;

/** What can be wrong with an image whose digest is right: each would stop a host's whole merge. */
enum BadKind {
  /** Its extension-release file is named after something else. */
  MISNAMED(Phase.INCOMPATIBLE),
  /** It is for another system. */
  FOREIGN(Phase.INCOMPATIBLE),
  /** It is no image at all. */
  GARBAGE(Phase.INCOMPATIBLE),
  /** It is the first half of one. */
  TRUNCATED(Phase.INCOMPATIBLE),
  /**
   * Everything that an extension has can be read from it, but the kernel does not mount it: the
   * table for NFS exports, which nothing else needs, is said to lie far beyond its end.
   */
  UNMOUNTABLE(Phase.FAILED);

  /** Where a squashfs says where that table is. */
  private static final int LOOKUP_TABLE = 88;

  /** A tiny image is padded by more than its half. */
  private static final int CONTENT_BYTES = 64 << 10;

  private final Phase phase;

  BadKind(Phase phase) {
    this.phase = phase;
  }

  /** How a node reports it. */
  Phase phase() {
    return phase;
  }

  /** Makes one, under the file name of a good one of its version. */
  SampleImage make(SampleImages images, String name, String version) {
    SampleImages.Builder good = LoopReader.readable(images, name, version);
    return switch (this) {
      case MISNAMED -> good.releaseName("other").build();
      case FOREIGN -> good.release(Map.of("ID", "another-system", "VERSION_ID", "1")).build();
      case GARBAGE -> spoiled(good.build(), bytes -> new byte[bytes.length]);
      case TRUNCATED ->
          spoiled(
              good.filler(CONTENT_BYTES).build(), bytes -> Arrays.copyOf(bytes, bytes.length / 2));
      case UNMOUNTABLE ->
          spoiled(
              good.build(),
              bytes -> {
                ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(LOOKUP_TABLE, Long.MAX_VALUE / 2);
                return bytes;
              });
    };
  }

  private interface Spoiling {
    byte[] spoil(byte[] bytes);
  }

  private static SampleImage spoiled(SampleImage image, Spoiling spoiling) {
    try {
      Path path = image.path();
      byte[] bytes = spoiling.spoil(Files.readAllBytes(path));
      Files.write(path, bytes);
      String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
      return new SampleImage(image.name(), image.version(), path, sha256, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
