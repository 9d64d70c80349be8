package io.kairos.extensions.agent.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;

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

  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException broken) {
      // what was wanted of it has been read, or its reader has failed already
    }
  }
}
