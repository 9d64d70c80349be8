package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImageBytes;
import io.kairos.extensions.agent.image.ImageInspector;
import io.kairos.extensions.agent.image.Inspection;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.Sha256;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one image into the store: an image that is there already is hashed again, and thrown away
 * where somebody overwrote it; anything else is downloaded to {@code staging/}, where a download
 * that breaks off waits to be carried on. Only what has the promised digest and fits this host gets
 * its final name.
 */
public final class Stager {
  private static final Logger LOG = LoggerFactory.getLogger(Stager.class);

  /** Failures after which the next try carries on with what has come. */
  private static final Set<String> CARRIED_ON =
      Set.of(Reasons.DOWNLOAD_INTERRUPTED, Reasons.DOWNLOAD_REFUSED, Reasons.SOURCE_UNREACHABLE);

  private final Sources sources;
  private final StoreLayout layout;
  private final Store store;

  /** Stages into a store. */
  public Stager(Sources sources, StoreLayout layout, Store store) {
    this.sources = sources;
    this.layout = layout;
    this.store = store;
  }

  /**
   * Stages.
   *
   * @param image what
   * @param name the name it will have on the host
   * @param host what it has to fit
   * @param elsewhere what it would have to fit in the boot entries with another system
   * @throws InterruptedException when the thread is; what came until then is kept
   */
  public Staged stage(
      Target.ResolvedImage image, String name, HostFacts host, Map<Profile, HostFacts> elsewhere)
      throws InterruptedException {
    Part part = new Part(layout.staging(), image.sha256());
    try {
      Path kept = layout.images().resolve(image.sha256());
      if (Files.isRegularFile(kept, LinkOption.NOFOLLOW_LINKS)) {
        if (Sha256.of(kept).equals(image.sha256())) {
          return inspect(kept, name, host, elsewhere);
        }
        LOG.warn("image {} of the store has another digest: it is fetched again", image.sha256());
        store.discard(image.sha256());
      }
      fetch(image, host, part);
      Staged verdict = inspect(part.file(), name, host, elsewhere);
      if (verdict instanceof Staged.Ready) {
        store.keep(part.file(), image.sha256());
        part.done();
      } else {
        part.delete();
      }
      return verdict;
    } catch (FetchException e) {
      return new Staged.NotStaged(e.reason(), e.getMessage(), e.pause().toMillis());
    } catch (ClosedByInterruptException givenUp) { // while it was looked into, or synced
      Thread.interrupted();
      throw (InterruptedException) new InterruptedException("given up").initCause(givenUp);
    } catch (IOException e) {
      return dropped(part, new Staged.NotStaged(Reasons.STORE_ERROR, "the store: " + e));
    }
  }

  /**
   * From the first place that gives it: mirrors, then the URL itself. Where none does, the next try
   * waits for the first of them that may be asked again.
   */
  private void fetch(Target.ResolvedImage image, HostFacts host, Part part)
      throws FetchException, IOException, InterruptedException {
    List<String> places = sources.places(image.url());
    List<String> failures = new ArrayList<>();
    Duration pause = RetryAfter.LONGEST;
    for (String place : places) {
      try {
        sources.rests().requireOver(place);
        download(image, host, place, part);
        return;
      } catch (FetchException e) {
        if (!e.pause().isZero()) {
          sources.rests().begin(place, e.pause());
        }
        pause = e.pause().compareTo(pause) < 0 ? e.pause() : pause;
        if (CARRIED_ON.contains(e.reason())) {
          part.tidy();
        } else {
          part.delete();
        }
        if (failures.size() == places.size() - 1) {
          throw failures.isEmpty()
              ? e
              : new FetchException(
                  e.reason(),
                  e.getMessage()
                      + "; before that mirrors were tried: "
                      + String.join("; ", failures),
                  pause);
        }
        LOG.warn("a mirror gave nothing: {}", e.getMessage());
        failures.add(e.getMessage());
      }
    }
  }

  private void download(Target.ResolvedImage image, HostFacts host, String url, Part part)
      throws FetchException, IOException, InterruptedException {
    String shown = Urls.shown(url);
    Optional<Part.Resume> resume = part.resume(url);
    MessageDigest sofar = resume.isPresent() ? Sha256.soFar(part.file()) : Sha256.begin();
    boolean whole =
        resume.isPresent()
            && resume.get().total().isPresent()
            && resume.get().total().getAsLong() == resume.get().offset();
    String digest = whole ? Sha256.text(sofar) : rest(image, host, url, resume, sofar, part);
    if (!digest.equals(image.sha256())) {
      throw new FetchException(
          Reasons.DIGEST_MISMATCH,
          shown
              + " has sha256 "
              + digest
              + " ("
              + Files.size(part.file())
              + " bytes), wanted is "
              + image.sha256()
              + (resume.isPresent()
                  ? "; it came in several pieces, the next try starts from the beginning"
                  : ""));
    }
  }

  private String rest(
      Target.ResolvedImage image,
      HostFacts host,
      String url,
      Optional<Part.Resume> resume,
      MessageDigest sofar,
      Part part)
      throws FetchException, IOException, InterruptedException {
    try (Opened source = sources.open(image, host, url, resume)) {
      MessageDigest digest = sofar;
      if (source.offset() == 0) {
        part.begin(url, source.validator(), source.total());
        digest = Sha256.begin();
      }
      return new Download(sources.limits()).stream(source, Urls.shown(url), part.file(), digest);
    }
  }

  private static Staged inspect(
      Path file, String name, HostFacts host, Map<Profile, HostFacts> elsewhere)
      throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Inspection inspection = ImageInspector.inspect(ImageBytes.of(channel), name, host);
      if (inspection instanceof Inspection.Unfit unfit) {
        return unfit(unfit);
      }
      Inspection.Fits fits = (Inspection.Fits) inspection;
      Map<Profile, Staged.Unfit> misfits = new EnumMap<>(Profile.class);
      elsewhere.forEach(
          (entry, system) ->
              fits.refusedBy(system).ifPresent(unfit -> misfits.put(entry, unfit(unfit))));
      return new Staged.Ready(
          fits.unitFiles(),
          fits.nodeRuntime(),
          Set.copyOf(fits.hierarchies()),
          misfits,
          fits.matched(host.extensionClass()));
    }
  }

  private static Staged.Unfit unfit(Inspection.Unfit unfit) {
    return new Staged.Unfit(unfit.reason().text(), unfit.message());
  }

  private static Staged dropped(Part part, Staged outcome) {
    try {
      part.delete();
    } catch (IOException left) {
      // it lies in staging/, where garbage collection finds it
    }
    return outcome;
  }
}
