package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A note together with what it shall say: read when it is first asked for, written when that is
 * another by then. One that cannot be written is tried again. Used by one thread.
 *
 * @param <V> what is kept of each
 */
public final class KeptNote<V> {
  private static final Logger LOG = LoggerFactory.getLogger(KeptNote.class);

  private final MapNote<V> note;
  private Map<String, V> noted = Map.of();

  /** Nothing before the first look. */
  private Optional<Map<String, V>> now = Optional.empty();

  /** Keeps what this note says. */
  public KeptNote(MapNote<V> note) {
    this.note = note;
  }

  /**
   * What it shall say, to be changed in place.
   *
   * @throws IOException when the note cannot be read
   */
  public Map<String, V> now() throws IOException {
    if (now.isEmpty()) {
      noted = Map.copyOf(note.read());
      now = Optional.of(new TreeMap<>(noted));
    }
    return now.get();
  }

  /** Writes it, where it changed and there is a folder for it. */
  public void keep() {
    if (now.isEmpty() || now.get().equals(noted) || !note.isWritable()) {
      return;
    }
    try {
      note.write(now.get());
      noted = Map.copyOf(now.get());
    } catch (IOException e) {
      LOG.warn("{} could not be written, the next look tries again: {}", note, e.toString());
    }
  }
}
