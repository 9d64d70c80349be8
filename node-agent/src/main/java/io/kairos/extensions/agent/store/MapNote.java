package io.kairos.extensions.agent.store;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is kept by name beyond the agent's life: in a store's own folder beyond the host's as well,
 * in {@code /run} up to its next boot. A note that is lost or torn says nothing: images are read
 * and soak once more then, and the host is taken to have booted no other system than the one that
 * runs.
 *
 * @param <V> what is kept of each
 */
public final class MapNote<V> {
  private static final Logger LOG = LoggerFactory.getLogger(MapNote.class);
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private final NoteFile file;
  private final Path place;

  /** Nothing where a cut of power takes the note away with the boot. */
  private final Optional<Syncs> syncs;

  private final JavaType type;

  private MapNote(Path place, Path temporary, Class<V> of, Optional<Syncs> syncs) {
    this.file = new NoteFile(place, temporary);
    this.place = place;
    this.syncs = syncs;
    this.type = JSON.getTypeFactory().constructMapType(TreeMap.class, String.class, of);
  }

  private MapNote(Path place, Class<V> of, StoreLayout layout, Store store) {
    this(place, layout.links().resolve(place.getFileName()), of, Optional.of(store.syncs()));
  }

  /** As what the image files were verified: an ordinary boot changes neither inode nor times. */
  static MapNote<Seen> verified(StoreLayout layout, Store store) {
    return new MapNote<>(layout.verified(), Seen.class, layout, store);
  }

  /** By which rules images were found fit for the host. */
  public static MapNote<String> fit(StoreLayout layout, Store store) {
    return new MapNote<>(layout.fit(), String.class, layout, store);
  }

  /** On what systems images were proven. */
  public static MapNote<ProvenImage> proven(StoreLayout layout, Store store) {
    return new MapNote<>(layout.proven(), ProvenImage.class, layout, store);
  }

  /** What the host's boot entries boot. */
  public static MapNote<NotedEntry> entries(StoreLayout layout, Store store) {
    return new MapNote<>(layout.entries(), NotedEntry.class, layout, store);
  }

  /** Since when images soak, on the clock of this boot. */
  public static MapNote<NotedSoak> soaks(StoreLayout layout) {
    Path place = layout.soaks();
    return new MapNote<>(
        place,
        place.resolveSibling(place.getFileName() + ".part"),
        NotedSoak.class,
        Optional.empty());
  }

  /** Whether there is a folder for it yet. */
  boolean isWritable() {
    return Files.isDirectory(place.getParent(), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * What was noted.
   *
   * @throws IOException when it cannot be read
   */
  public Map<String, V> read() throws IOException {
    Optional<byte[]> note = file.read();
    if (note.isEmpty()) {
      return Map.of();
    }
    try {
      Map<String, V> kept = new TreeMap<>();
      Optional.<Map<String, V>>ofNullable(JSON.readValue(note.get(), type)).ifPresent(kept::putAll);
      kept.values().removeIf(Objects::isNull);
      return kept;
    } catch (JacksonException torn) {
      LOG.warn("{} cannot be understood, and says nothing: {}", place, torn.getOriginalMessage());
      return Map.of();
    }
  }

  @Override
  public String toString() {
    return place.toString();
  }

  /**
   * Notes these, and nothing else any more.
   *
   * @throws IOException when it cannot be written; it is as before
   */
  public void write(Map<String, V> kept) throws IOException {
    if (kept.isEmpty()) {
      file.delete();
    } else if (syncs.isPresent()) {
      file.write(JSON.writeValueAsBytes(kept), syncs.get());
    } else {
      file.write(JSON.writeValueAsBytes(kept));
    }
  }
}
