package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImageBytes;
import io.kairos.extensions.agent.image.ImageInspector;
import io.kairos.extensions.agent.image.Inspection;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * Brings one image into the store: an image that is there already is hashed again, anything else is
 * downloaded to {@code staging/}. Only what has the promised digest and fits this host gets its
 * final name.
 */
public final class Stager {
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
   * @throws InterruptedException when the thread is
   */
  public Staged stage(Target.ResolvedImage image, String name, HostFacts host)
      throws InterruptedException {
    Path part = layout.staging().resolve(image.sha256() + ".part");
    try {
      Path kept = layout.images().resolve(image.sha256());
      if (Files.isRegularFile(kept, LinkOption.NOFOLLOW_LINKS)
          && Download.digest(kept).equals(image.sha256())) {
        return inspect(kept, name, host);
      }
      download(image, part);
      Staged verdict = inspect(part, name, host);
      if (verdict instanceof Staged.Ready) {
        store.keep(part, image.sha256());
      } else {
        Files.deleteIfExists(part);
      }
      return verdict;
    } catch (FetchException e) {
      return dropped(part, new Staged.NotStaged(e.reason(), e.getMessage()));
    } catch (IOException e) {
      return dropped(part, new Staged.NotStaged(Reasons.STORE_ERROR, "the store: " + e));
    }
  }

  private void download(Target.ResolvedImage image, Path part)
      throws FetchException, IOException, InterruptedException {
    try (Sources.Opened source = sources.open(image.url())) {
      String digest = Download.stream(source, image.url(), part);
      if (!digest.equals(image.sha256())) {
        throw new FetchException(
            Reasons.DIGEST_MISMATCH,
            image.url()
                + " has sha256 "
                + digest
                + " ("
                + Files.size(part)
                + " bytes), wanted is "
                + image.sha256());
      }
    }
  }

  private static Staged inspect(Path file, String name, HostFacts host) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Inspection inspection = ImageInspector.inspect(ImageBytes.of(channel), name, host);
      if (inspection instanceof Inspection.Unfit unfit) {
        return new Staged.Unfit(unfit.reason().text(), unfit.message());
      }
      Inspection.Fits fits = (Inspection.Fits) inspection;
      return new Staged.Ready(fits.unitFiles(), fits.nodeRuntime(), Set.copyOf(fits.hierarchies()));
    }
  }

  private static Staged dropped(Path part, Staged outcome) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException left) {
      // it lies in staging/, where garbage collection finds it
    }
    return outcome;
  }
}
