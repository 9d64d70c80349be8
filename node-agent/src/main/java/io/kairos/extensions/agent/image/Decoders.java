package io.kairos.extensions.agent.image;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lzo.LzoDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The compressors of squashfs and erofs. Each decodes one block into an array whose size is the
 * bound: it fills at most that and returns how much. No block can therefore unpack to more memory
 * than its caller allowed for.
 */
final class Decoders {
  /** KiB; the kernel's own limit for the dictionaries of squashfs is its block size, 1 MiB. */
  private static final int XZ_MEMORY = 4 << 10;

  /** The largest decoded size of an erofs cluster that is followed here. */
  private static final int ZSTD_WHOLE = 4 << 20;

  /** As in LZMA2 and the kernel: more would cost memory. */
  private static final int MOST_LZMA_CONTEXT_BITS = 4;

  private Decoders() {}

  /** zlib, or bare deflate. */
  static int inflate(byte[] in, int from, byte[] out, boolean bare) throws ImageException {
    Inflater inflater = new Inflater(bare);
    try {
      inflater.setInput(in, from, in.length - from);
      int written = 0;
      while (written < out.length) {
        int count = inflater.inflate(out, written, out.length - written);
        if (count == 0) {
          break;
        }
        written += count;
      }
      return written;
    } catch (DataFormatException e) {
      throw ImageException.corrupt("a deflated block is damaged: " + e.getMessage(), e);
    } finally {
      inflater.end();
    }
  }

  /** A whole .xz stream, as squashfs keeps for each block. */
  static int xz(byte[] in, byte[] out) throws ImageException {
    try (InputStream stream = new XZInputStream(new ByteArrayInputStream(in), XZ_MEMORY)) {
      return stream.readNBytes(out, 0, out.length);
    } catch (IOException | RuntimeException e) {
      throw ImageException.corrupt("an xz block is damaged: " + e.getMessage(), e);
    }
  }

  /** MicroLZMA: an LZMA stream whose first byte, always 0, is the inverted properties instead. */
  static int microLzma(byte[] in, int from, byte[] out) throws ImageException {
    byte properties = (byte) ~in[from];
    int contextBits = (properties & 0xff) % 9 + (properties & 0xff) / 9 % 5;
    if (contextBits > MOST_LZMA_CONTEXT_BITS) {
      throw ImageException.corrupt("an LZMA block has " + contextBits + " bits of context");
    }
    InputStream body =
        new SequenceInputStream(
            new ByteArrayInputStream(new byte[1]),
            new ByteArrayInputStream(in, from + 1, in.length - from - 1));
    try (InputStream stream = new LZMAInputStream(body, -1, properties, out.length)) {
      return stream.readNBytes(out, 0, out.length);
    } catch (IOException | RuntimeException e) {
      throw ImageException.corrupt("an LZMA block is damaged: " + e.getMessage(), e);
    }
  }

  /** A zstd frame that unpacks to no more than {@code out}. */
  static int zstd(byte[] in, byte[] out) throws ImageException {
    return decompress(new ZstdDecompressor(), "zstd", in, 0, out);
  }

  /** The beginning of what a zstd frame unpacks to. */
  static int zstdStart(byte[] in, int from, byte[] out) throws ImageException {
    long whole = zstdSize(in, from);
    if (whole > ZSTD_WHOLE) {
      throw ImageException.unsupported("a zstd block unpacks to " + whole + " bytes");
    }
    if (whole <= out.length) {
      return decompress(new ZstdDecompressor(), "zstd", in, from, out);
    }
    byte[] all = new byte[(int) whole];
    int written = Math.min(decompress(new ZstdDecompressor(), "zstd", in, from, all), out.length);
    System.arraycopy(all, 0, out, 0, written);
    return written;
  }

  /** A bare LZO1X block. */
  static int lzo(byte[] in, byte[] out) throws ImageException {
    return decompress(new LzoDecompressor(), "LZO", in, 0, out);
  }

  private static long zstdSize(byte[] in, int from) throws ImageException {
    try {
      return ZstdDecompressor.getDecompressedSize(in, from, in.length - from);
    } catch (RuntimeException e) {
      throw ImageException.corrupt("a zstd block is damaged: " + e.getMessage(), e);
    }
  }

  private static int decompress(
      Decompressor decompressor, String name, byte[] in, int from, byte[] out)
      throws ImageException {
    try {
      return decompressor.decompress(in, from, in.length - from, out, 0, out.length);
    } catch (RuntimeException e) {
      throw ImageException.corrupt("a " + name + " block is damaged: " + e.getMessage(), e);
    }
  }
}
