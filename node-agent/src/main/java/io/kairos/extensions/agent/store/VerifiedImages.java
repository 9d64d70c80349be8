package io.kairos.extensions.agent.store;

import io.kairos.extensions.api.v1alpha1.Api;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows by what inode, size and times an image file was verified, in this life of the agent or an
 * earlier one ({@link MapNote}). A file of ours is never rewritten, so a difference means that
 * somebody else touched it and that it has to be hashed again before it is trusted. It is much
 * cheaper than a digest, and no proof against somebody who is root on the host.
 *
 * <p>What is touched in this life is drift at once. At the first look of a life a difference is
 * only a doubt, for the note may have been lost, or a step of ours have been cut off before it was
 * noted: it is drift if the digest proves wrong.
 */
public final class VerifiedImages {
  private static final Logger LOG = LoggerFactory.getLogger(VerifiedImages.class);
  private static final Pattern DIGEST = Pattern.compile(Api.DIGEST_PATTERN);

  private final StoreLayout layout;
  private final MapNote<Seen> note;
  private final Map<String, Seen> verified = new TreeMap<>();
  private final Map<String, Doubt> doubts = new TreeMap<>();

  /** Images that proved wrong while somebody may have had them open, and are not replaced yet. */
  private final Set<String> wrongInUse = new TreeSet<>();

  /** Images whose files could not be looked at the last time. */
  private final Set<String> unseen = new TreeSet<>();

  /** What the note says; nothing before it was read. */
  private Optional<Map<String, Seen>> noted = Optional.empty();

  /** Looks at a store's images. */
  public VerifiedImages(StoreLayout layout, Store store) {
    this.layout = layout;
    this.note = MapNote.verified(layout, store);
  }

  /**
   * A file that is not, or not known to be, what was verified.
   *
   * @param found as what it was found
   * @param inUse whether somebody, a merge for one, may have this very file open
   * @param told whether it was said already
   */
  private record Doubt(Seen found, boolean inUse, boolean told) {}

  /**
   * What came of hashing an image.
   *
   * @param sha256 the image
   * @param seen as what its file was seen while it was hashed
   * @param right whether its digest is its name
   */
  public record Checked(String sha256, Seen seen, boolean right) {}

  /** What follows from a digest. */
  public enum Verdict {
    /** Nothing: the file was changed while it was hashed. */
    OPEN,
    /** It is what its name says. */
    RIGHT,
    /** It is not. */
    WRONG,
    /** It is not, and that it was touched was said already. */
    WRONG_AS_TOLD
  }

  /**
   * Looks, and keeps the note up to date. The first look takes up what an earlier life verified.
   *
   * @return the images that were touched in this life. They are named once: what is not verified
   *     anew is not known here any more
   * @throws IOException when the note, or the folder, cannot be looked at
   */
  public Set<String> touched() throws IOException {
    unseen.clear();
    if (noted.isEmpty()) {
      noted = Optional.of(recall());
    }
    Set<String> touched = new TreeSet<>();
    for (Map.Entry<String, Seen> entry : verified.entrySet()) {
      Seen before = entry.getValue();
      Optional<Seen> found = look(entry.getKey());
      if (!found.equals(Optional.of(before))) {
        touched.add(entry.getKey());
        found.ifPresent(
            seen ->
                doubts.put(entry.getKey(), new Doubt(seen, seen.inode() == before.inode(), true)));
      }
    }
    verified.keySet().removeAll(touched);
    keepNote();
    return touched;
  }

  private Map<String, Seen> recall() throws IOException {
    Map<String, Seen> before = note.read();
    for (String image : files()) {
      Optional<Seen> found = look(image);
      if (found.isEmpty()) {
        continue;
      }
      if (found.get().equals(before.get(image))) {
        verified.put(image, found.get());
      } else {
        LOG.info("image {} is not as it was verified last: it is hashed again before use", image);
        doubts.put(image, new Doubt(found.get(), true, false));
      }
    }
    return before;
  }

  /** A note that cannot be written costs a reading of images later, and no more. */
  private void keepNote() {
    if (noted.equals(Optional.of(verified))) {
      return;
    }
    try {
      note.write(verified);
      noted = Optional.of(Map.copyOf(verified));
    } catch (IOException e) {
      LOG.warn("what was verified could not be noted, the next look tries again: {}", e.toString());
    }
  }

  /** Those of some images that were verified and not touched since. */
  public Set<String> trusted(Set<String> images) {
    return images.stream().filter(verified::containsKey).collect(Collectors.toSet());
  }

  /**
   * Images of which nothing can be said before they were hashed again: those of an earlier life,
   * and those whose files cannot be looked at.
   */
  public Set<String> doubtful() {
    Set<String> doubtful = new TreeSet<>(unseen);
    doubts.forEach(
        (image, doubt) -> {
          if (!doubt.told()) {
            doubtful.add(image);
          }
        });
    return doubtful;
  }

  /**
   * Hashes an image, which takes its time: for a thread of its own. Changes nothing. One that
   * cannot be read to its end, on a disk that fails, is not right.
   *
   * @throws IOException when its file cannot be looked at
   * @throws InterruptedException when the thread is
   */
  public Checked check(String sha256) throws IOException, InterruptedException {
    Path image = layout.images().resolve(sha256);
    Seen seen = Seen.at(image);
    try {
      return new Checked(sha256, seen, Sha256.of(image).equals(sha256));
    } catch (IOException e) {
      LOG.warn("image {} cannot be read: {}", sha256, e.toString());
      return new Checked(sha256, seen, false);
    }
  }

  /**
   * Draws the conclusion from an image that was hashed. One that was changed meanwhile, or cannot
   * be looked at any more, has to be hashed once more.
   */
  public Verdict checked(Checked image) {
    Optional<Seen> now = look(image.sha256());
    if (now.filter(image.seen()::isSameFile).isEmpty()) {
      return Verdict.OPEN;
    }
    Optional<Doubt> doubt = Optional.ofNullable(doubts.remove(image.sha256()));
    if (image.right()) {
      verified.put(image.sha256(), now.get());
      return Verdict.RIGHT;
    }
    if (doubt.filter(Doubt::inUse).isPresent()) {
      wrongInUse.add(image.sha256());
    }
    return doubt.filter(Doubt::told).isPresent() ? Verdict.WRONG_AS_TOLD : Verdict.WRONG;
  }

  /**
   * The image was verified just now, be it replaced for that.
   *
   * @return whether a merge may still show the wrong bytes of the file before
   * @throws IOException when its file cannot be looked at
   */
  public boolean verified(String sha256) throws IOException {
    Seen now = Seen.at(layout.images().resolve(sha256));
    verified.put(sha256, now);
    Optional<Doubt> replaced =
        Optional.ofNullable(doubts.remove(sha256)).filter(doubt -> !doubt.found().isSameFile(now));
    return wrongInUse.remove(sha256) || replaced.filter(Doubt::inUse).isPresent();
  }

  /** We changed how many names a verified image has, which moves its ctime and nothing else. */
  public void renamed(String sha256) {
    Optional<Seen> now = look(sha256);
    Seen before = verified.get(sha256);
    if (before != null && now.filter(before::isSameFile).isPresent()) {
      verified.put(sha256, now.get());
    }
  }

  /** Forgets an image that was deleted for good. */
  public void deleted(String sha256) {
    doubts.remove(sha256);
    wrongInUse.remove(sha256);
    if (verified.remove(sha256) != null) {
      keepNote();
    }
  }

  private Set<String> files() throws IOException {
    Set<String> files = new TreeSet<>();
    try (DirectoryStream<Path> images = Files.newDirectoryStream(layout.images())) {
      for (Path image : images) {
        String name = image.getFileName().toString();
        if (DIGEST.matcher(name).matches()
            && look(name).isPresent()
            && Files.isRegularFile(image, LinkOption.NOFOLLOW_LINKS)) {
          files.add(name);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException none) {
      return Set.of();
    } catch (DirectoryIteratorException broken) {
      throw broken.getCause();
    }
    return files;
  }

  /** Nothing where there is none, or it cannot be told: one bad inode is not all the store. */
  private Optional<Seen> look(String sha256) {
    try {
      return Optional.of(Seen.at(layout.images().resolve(sha256)));
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.warn("image {} cannot be looked at: {}", sha256, e.toString());
      unseen.add(sha256);
      return Optional.empty();
    }
  }
}
