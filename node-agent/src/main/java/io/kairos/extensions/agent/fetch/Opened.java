package io.kairos.extensions.agent.fetch;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;

/**
 * A source that answers.
 *
 * @param body its bytes from {@code offset} on; to be closed
 * @param length how many of them are promised, where that is known
 * @param offset how many bytes of the whole come before them
 * @param total the length of the whole, where it is known
 * @param validator what tells this version of the file from others, where a later try could carry
 *     on
 */
record Opened(
    InputStream body,
    OptionalLong length,
    long offset,
    OptionalLong total,
    Optional<String> validator)
    implements AutoCloseable {

  /** One from its beginning that cannot be carried on. */
  static Opened whole(InputStream body, OptionalLong length) {
    return new Opened(body, length, 0, length, Optional.empty());
  }

  /** The same, with word of the bytes that are read of it. */
  Opened counted(LongConsumer read) {
    return new Opened(new Counted(body, read), length, offset, total, validator);
  }

  /** Its own progress is that of what it wraps, or else what went through it. */
  private static final class Counted extends FilterInputStream implements Progress {
    private final LongConsumer read;
    private final LongAdder through = new LongAdder();

    Counted(InputStream body, LongConsumer read) {
      super(body);
      this.read = read;
    }

    @Override
    public int read() throws IOException {
      int one = super.read();
      count(one < 0 ? 0 : 1);
      return one;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int some = super.read(bytes, from, length);
      count(Math.max(0, some));
      return some;
    }

    private void count(int some) {
      through.add(some);
      read.accept(some);
    }

    @Override
    public long bytes() {
      return in instanceof Progress inside ? inside.bytes() : through.sum();
    }
  }

  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException broken) {
      // what was wanted of it has been read, or its reader has failed already
    }
  }
}
