package io.kairos.extensions.agent.image;

/**
 * One LZ4 block (lz4_Block_format.md), decoded within arrays that the JVM checks. Decoding stops
 * when the output is full, which is what erofs' partial references need.
 */
final class Lz4Block {
  private static final int LONGEST_RUN_IN_TOKEN = 15;
  private static final int SHORTEST_MATCH = 4;

  private final byte[] in;
  private int at;

  private Lz4Block(byte[] in, int from) {
    this.in = in;
    this.at = from;
  }

  /** Returns how many bytes were written to {@code out}. */
  static int decode(byte[] in, int from, byte[] out) throws ImageException {
    return new Lz4Block(in, from).decode(out);
  }

  private int decode(byte[] out) throws ImageException {
    int written = 0;
    while (at < in.length && written < out.length) {
      int token = next();
      int literals = run(token >> 4);
      if (literals > in.length - at) {
        throw ImageException.corrupt("an LZ4 block ends within its literals");
      }
      int copied = Math.min(literals, out.length - written);
      System.arraycopy(in, at, out, written, copied);
      at += literals;
      written += copied;
      if (at >= in.length || written >= out.length) {
        break;
      }
      int distance = next() | next() << 8;
      int match = run(token & 0xf) + SHORTEST_MATCH;
      if (distance == 0 || distance > written) {
        throw ImageException.corrupt("an LZ4 block refers to bytes before its start");
      }
      for (int left = Math.min(match, out.length - written); left > 0; left--) {
        out[written] = out[written - distance];
        written++;
      }
    }
    return written;
  }

  private int run(int length) throws ImageException {
    int total = length;
    if (length == LONGEST_RUN_IN_TOKEN) {
      int more;
      do {
        more = next();
        total += more;
        if (total > ImageBytes.LARGEST_READ) {
          throw ImageException.corrupt("an LZ4 run is too long");
        }
      } while (more == 0xff);
    }
    return total;
  }

  private int next() throws ImageException {
    if (at >= in.length) {
      throw ImageException.corrupt("an LZ4 block ends too early");
    }
    return in[at++] & 0xff;
  }
}
