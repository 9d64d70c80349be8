package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * The bytes of an image, read by position; a window of them is the same again. The length is taken
 * once, at the start. Safe for use by one thread at a time for each reader built on it.
 */
public final class ImageBytes {
  /** More than any structure of the formats read here: a bound on what one read may allocate. */
  static final int LARGEST_READ = 4 << 20;

  private final Source source;
  private final long start;
  private final long length;

  private ImageBytes(Source source, long start, long length) {
    this.source = source;
    this.start = start;
    this.length = length;
  }

  /** Of an open file, which the caller closes when done. */
  public static ImageBytes of(FileChannel channel) throws IOException {
    return new ImageBytes(channel::read, 0, channel.size());
  }

  /** Of an array, which is not copied. */
  public static ImageBytes of(byte[] bytes) {
    return new ImageBytes(
        (target, position) -> {
          int count = (int) Math.min(target.remaining(), bytes.length - position);
          target.put(bytes, (int) position, count);
          return count;
        },
        0,
        bytes.length);
  }

  /** Length in bytes. */
  public long length() {
    return length;
  }

  /**
   * A part of these bytes, for a partition.
   *
   * @param offset in bytes
   * @param count in bytes
   * @throws ImageException if the part does not lie within
   */
  public ImageBytes window(long offset, long count) throws ImageException {
    checkRange(offset, count);
    return new ImageBytes(source, start + offset, count);
  }

  /**
   * A copy of some bytes.
   *
   * @param offset in bytes
   * @param count in bytes
   * @throws ImageException if the range does not lie within, or is absurdly large
   * @throws IOException if the file cannot be read
   */
  public byte[] read(long offset, int count) throws IOException {
    checkRange(offset, count);
    if (count > LARGEST_READ) {
      throw ImageException.corrupt("a structure of " + count + " bytes is too large to be true");
    }
    ByteBuffer target = ByteBuffer.allocate(count);
    while (target.hasRemaining()) {
      if (source.read(target, start + offset + target.position()) <= 0) {
        throw ImageException.truncated(
            "the image", start + offset + count, start + offset + target.position());
      }
    }
    return target.array();
  }

  LittleEndian structure(long offset, int count) throws IOException {
    return new LittleEndian(read(offset, count));
  }

  private void checkRange(long offset, long count) throws ImageException {
    if (offset < 0 || count < 0 || offset > length || count > length - offset) {
      throw ImageException.corrupt(
          "points at " + count + " bytes at " + offset + ", beyond its " + length + " bytes");
    }
  }

  private interface Source {
    int read(ByteBuffer target, long position) throws IOException;
  }
}
