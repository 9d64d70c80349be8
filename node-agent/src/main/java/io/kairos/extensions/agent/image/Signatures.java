package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Tells by their first bytes what files are, also those that are no image: people mix up URLs. */
final class Signatures {
  private static final int SHOWN = 16;

  /** What a host could mount but nobody here can look into, by where its magic bytes lie. */
  private static final List<Magic> OTHER_IMAGES =
      List.of(
          new Magic("an ext2, ext3 or ext4 file system", 1080, "53ef"),
          new Magic("an XFS file system", 0, "58465342"),
          new Magic("a Btrfs file system", 65600, "5f42485266535f4d"),
          new Magic("an F2FS file system", 1024, "1020f5f2"),
          new Magic("an encrypted LUKS volume", 0, "4c554b53babe"),
          new Magic("an ISO 9660 image", 32769, "4344303031"),
          new Magic("big-endian squashfs", 0, "73717368"),
          new Magic("a partition table of 4096-byte sectors", 4096, "4546492050415254"),
          new Magic("a partition table of 2048-byte sectors", 2048, "4546492050415254"),
          new Magic("a partition table of 1024-byte sectors", 1024, "4546492050415254"),
          new Magic("an old partition table (MBR) or a FAT file system", 510, "55aa"));

  private static final List<Magic> OTHER_FILES =
      List.of(
          new Magic("gzip: unpack it first", 0, "1f8b"),
          new Magic("xz: unpack it first", 0, "fd377a585a00"),
          new Magic("zstd: unpack it first", 0, "28b52ffd"),
          new Magic("bzip2: unpack it first", 0, "425a68"),
          new Magic("a zip archive", 0, "504b0304"),
          new Magic("a tar archive", 257, "7573746172"),
          new Magic("an ELF program", 0, "7f454c46"),
          new Magic("JSON, such as an error or a manifest of a registry", 0, "7b"),
          new Magic("a Git LFS pointer", 0, "76657273696f6e2068747470"));

  private Signatures() {}

  static boolean isSquashfs(ImageBytes image) throws IOException {
    return image.length() >= 4 && image.structure(0, 4).u32(0) == SquashfsSuperblock.MAGIC;
  }

  static boolean isErofs(ImageBytes image) throws IOException {
    return image.length() >= ErofsSuperblock.OFFSET + 4
        && image.structure(ErofsSuperblock.OFFSET, 4).u32(0) == ErofsSuperblock.MAGIC;
  }

  /** Why bytes that are none of the readable forms are refused. */
  static ImageException refusal(ImageBytes image) throws IOException {
    if (image.length() == 0) {
      return new ImageException(UnfitReason.NOT_AN_IMAGE, "the file is empty");
    }
    Optional<String> other = find(OTHER_IMAGES, image);
    if (other.isPresent()) {
      return ImageException.unsupported(
          "it is "
              + other.get()
              + ", which is not inspected: build squashfs, erofs or a GPT of one");
    }
    byte[] first = image.read(0, (int) Math.min(SHOWN, image.length()));
    String looks =
        find(OTHER_FILES, image)
            .or(() -> markup(first))
            .map(what -> "; it looks like " + what)
            .orElse("");
    if (isZero(first)) {
      looks = "; it begins with nothing but zeros, as a file does whose writing was cut off";
    }
    return new ImageException(
        UnfitReason.NOT_AN_IMAGE,
        "neither squashfs nor erofs nor a partition table: the file begins with "
            + Printable.hex(first)
            + looks);
  }

  private static Optional<String> find(List<Magic> magics, ImageBytes image) throws IOException {
    for (Magic magic : magics) {
      if (magic.isIn(image)) {
        return Optional.of(magic.what);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> markup(byte[] first) {
    String text = new String(first, StandardCharsets.ISO_8859_1).strip().toLowerCase(Locale.ROOT);
    if (text.startsWith("<!doctype") || text.startsWith("<html") || text.startsWith("<head")) {
      return Optional.of("HTML: the URL leads to a web page");
    }
    return text.startsWith("<?xml")
        ? Optional.of("XML: the server sent an error")
        : Optional.empty();
  }

  private static boolean isZero(byte[] bytes) {
    for (byte b : bytes) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private record Magic(String what, int offset, String hex) {
    boolean isIn(ImageBytes image) throws IOException {
      byte[] wanted = HexFormat.of().parseHex(hex);
      return image.length() >= offset + wanted.length
          && Arrays.equals(image.read(offset, wanted.length), wanted);
    }
  }
}
