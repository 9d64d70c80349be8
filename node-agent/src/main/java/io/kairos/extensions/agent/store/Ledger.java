package io.kairos.extensions.agent.store;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.kairos.extensions.agent.plan.NameView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Tells which image is merged under a name.
 *
 * <p>The mount table shows the names of a merge, not its images, and links may have moved on since.
 * But it tells one merge from every other. So the ledger notes, at the first look at a merge, the
 * images that the run links lead to at that moment: no link has been changed by us since it came to
 * be, for the agent looks before it changes and after each refresh. As long as the merge is the
 * same, the note is right; it lies in {@code /run} and goes with the boot.
 */
public final class Ledger {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private final StoreLayout layout;
  private final NoteFile file;

  /** Keeps its note below a layout. */
  public Ledger(StoreLayout layout) {
    this.layout = layout;
    Path ledger = layout.ledger();
    this.file = new NoteFile(ledger, ledger.resolveSibling(ledger.getFileName() + ".part"));
  }

  private record Note(
      @JsonProperty("merge") String merge, @JsonProperty("images") Map<String, String> images) {}

  /**
   * The images merged under the names that the mount table shows.
   *
   * @param merge identifies the merge, as no other
   * @param merged the names that are merged
   * @param names the links as they are now
   *     <p>Where nothing is merged nothing is noted: a host may have the run folder, made for the
   *     agent, and no systemd that looks into it. Where there is no run folder there is no link of
   *     ours either.
   * @throws IOException when the note cannot be written
   */
  public Map<String, Optional<String>> images(
      String merge, Set<String> merged, Map<String, NameView> names) throws IOException {
    if (merged.isEmpty()) { // and no merge of the past comes back
      file.delete();
      return Map.of();
    }
    Optional<Note> known = read().filter(note -> note.merge().equals(merge));
    Map<String, String> images = new TreeMap<>();
    if (known.isPresent()) {
      images.putAll(known.get().images());
    } else {
      for (String name : merged) {
        names
            .getOrDefault(name, NameView.NONE)
            .linkedForRun()
            .ifPresent(image -> images.put(name, image));
      }
      if (Files.isDirectory(layout.run())) {
        write(new Note(merge, images));
      }
    }
    Map<String, Optional<String>> result = new TreeMap<>();
    merged.forEach(name -> result.put(name, Optional.ofNullable(images.get(name))));
    return result;
  }

  /**
   * Forgets which name an image is merged under: its bytes are no longer what they were.
   *
   * @throws IOException when the note cannot be written
   */
  public void forget(String sha256) throws IOException {
    Optional<Note> known = read();
    if (known.isPresent() && known.get().images().containsValue(sha256)) {
      Map<String, String> images = new TreeMap<>(known.get().images());
      images.values().removeIf(sha256::equals);
      write(new Note(known.get().merge(), images));
    }
  }

  private Optional<Note> read() throws IOException {
    Optional<byte[]> bytes = file.read();
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(JSON.readValue(bytes.get(), Note.class))
          .filter(note -> note.merge() != null && note.images() != null);
    } catch (com.fasterxml.jackson.core.JacksonException torn) {
      return Optional.empty(); // as good as none: the merge is looked at anew
    }
  }

  private void write(Note note) throws IOException {
    file.write(JSON.writeValueAsBytes(note));
  }
}
