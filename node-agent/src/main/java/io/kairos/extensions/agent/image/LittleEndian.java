package io.kairos.extensions.agent.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Numbers in an on-disk structure; reading beside it is a fault of the image. */
final class LittleEndian {
  private final byte[] bytes;

  LittleEndian(byte[] bytes) {
    this.bytes = bytes;
  }

  int length() {
    return bytes.length;
  }

  int u8(int at) throws ImageException {
    check(at, 1);
    return bytes[at] & 0xff;
  }

  int u16(int at) throws ImageException {
    check(at, 2);
    return (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8;
  }

  long u32(int at) throws ImageException {
    return u16(at) | (long) u16(at + 2) << 16;
  }

  long i64(int at) throws ImageException {
    return u32(at) | u32(at + 4) << 32;
  }

  /** A number that the format calls unsigned and that no honest image lets grow beyond 2⁶³. */
  long u64(int at) throws ImageException {
    long value = i64(at);
    if (value < 0) {
      throw ImageException.corrupt("a position or size is larger than any file");
    }
    return value;
  }

  byte[] copy(int at, int count) throws ImageException {
    check(at, count);
    return Arrays.copyOfRange(bytes, at, at + count);
  }

  String text(int at, int count) throws ImageException {
    check(at, count);
    return new String(bytes, at, count, StandardCharsets.UTF_8);
  }

  /** Where the first zero byte is in a range, or the end of the range. */
  int zero(int from, int to) throws ImageException {
    check(from, to - from);
    int at = from;
    while (at < to && bytes[at] != 0) {
      at++;
    }
    return at;
  }

  private void check(int at, int count) throws ImageException {
    if (at < 0 || count < 0 || at > bytes.length || count > bytes.length - at) {
      throw ImageException.corrupt("a structure ends before its fields do");
    }
  }
}
