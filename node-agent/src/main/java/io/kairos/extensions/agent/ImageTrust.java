package io.kairos.extensions.agent;

import io.kairos.extensions.agent.plan.Drift;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.VerifiedImages;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that the images of a class are what was verified: hashes again what may not be, and
 * throws away what is not. Used by the agent's loop alone.
 */
final class ImageTrust implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageTrust.class);

  private final VerifiedImages images;
  private final Store store;
  private final Rechecks rechecks;

  /** Images that proved wrong and were not accounted for yet, and whether that is news. */
  private final Map<String, Boolean> wrong = new TreeMap<>();

  /** Why images could not be looked at, where that was not accounted for yet. */
  private final Map<String, String> unread = new TreeMap<>();

  /**
   * Of one class.
   *
   * @param signal called from another thread when an image was hashed
   */
  ImageTrust(VerifiedImages images, Store store, Runnable signal) {
    this.images = images;
    this.store = store;
    this.rechecks = new Rechecks(images, signal);
  }

  /** Looks, and names the images that were touched in this life, once. */
  Set<String> touched() throws IOException {
    takeRechecks();
    Set<String> touched = images.touched();
    touched.forEach(
        image ->
            LOG.warn(
                "image {} was touched by somebody else: it is hashed again before use", image));
    return touched;
  }

  private void takeRechecks() throws IOException {
    for (Optional<Rechecks.Ended> one = rechecks.ended(); one.isPresent(); one = rechecks.ended()) {
      if (one.get().outcome() instanceof Rechecks.Outcome.Hashed hashed) {
        take(hashed.image());
      } else if (one.get().outcome() instanceof Rechecks.Outcome.Failed failed) {
        LOG.warn("image {}: {}", one.get().sha256(), failed.message());
        unread.put(one.get().sha256(), failed.message());
      }
    }
  }

  private void take(VerifiedImages.Checked image) {
    switch (images.checked(image)) {
      case WRONG -> wrong.put(image.sha256(), true);
      case WRONG_AS_TOLD -> wrong.put(image.sha256(), false);
      case RIGHT -> LOG.info("image {} is what it has to be", image.sha256());
      case OPEN -> LOG.info("image {} changed while it was hashed", image.sha256());
    }
  }

  /** The images that could not be looked at, and why: once. */
  Map<String, String> takeUnread() {
    Map<String, String> taken = Map.copyOf(unread);
    unread.clear();
    return taken;
  }

  /**
   * Throws wrong images away, before a refresh or a boot merges them. What nobody assigns stays as
   * it is, whatever it is.
   *
   * @param assigned names
   * @return whether there was one
   */
  boolean discardWrong(Set<String> assigned, HostView view) throws IOException {
    boolean discarded = false;
    for (String image : wrong.keySet()) {
      if (view.namesOf(image).stream().anyMatch(assigned::contains)) {
        LOG.warn("image {} has another digest: it is thrown away, and fetched again", image);
        store.discard(image);
        discarded = true;
      }
    }
    return discarded;
  }

  /**
   * Begins to hash what is in use under these names and has to be, one at a time.
   *
   * @param resting images that could not be looked at just now
   */
  void recheck(Set<String> assigned, HostView view, Set<String> resting) {
    assigned.stream()
        .flatMap(name -> view.unverified(name).stream())
        .filter(image -> !resting.contains(image))
        .sorted()
        .findFirst()
        .ifPresent(rechecks::start);
  }

  /** Images of an earlier life of which nothing can be said before they were hashed again. */
  Set<String> doubtful() {
    return images.doubtful();
  }

  /** What to say of images that proved wrong, once. */
  List<String> takeNews(HostView view) {
    List<String> news = new ArrayList<>();
    wrong.forEach(
        (image, untold) -> {
          if (untold) {
            view.namesOf(image).forEach(name -> news.add(Drift.changedImage(name, image)));
          }
        });
    wrong.clear();
    return news;
  }

  /** See {@link VerifiedImages#verified}. */
  boolean verified(String sha256) throws IOException {
    return images.verified(sha256);
  }

  /** See {@link VerifiedImages#deleted}. */
  void deleted(String sha256) {
    images.deleted(sha256);
  }

  /** See {@link VerifiedImages#renamed}. */
  void renamed(String sha256) {
    images.renamed(sha256);
  }

  @Override
  public void close() {
    rechecks.close();
  }
}
