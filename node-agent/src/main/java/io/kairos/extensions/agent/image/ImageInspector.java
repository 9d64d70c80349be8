package io.kairos.extensions.agent.image;

import io.kairos.extensions.agent.image.Inspection.Fits;
import io.kairos.extensions.agent.image.Inspection.Unfit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides whether a host would merge an image under a name. One that it would not must never be
 * linked: some faults are skipped in silence, others stop the merge of every extension.
 */
public final class ImageInspector {
  private static final Logger LOG = LoggerFactory.getLogger(ImageInspector.class);

  /**
   * Programs whose files must not change under the node's feet: kubelets and container runtimes.
   */
  private static final List<String> NODE_RUNTIME =
      List.of("kubelet", "k3s", "rke2", "k0s", "containerd", "crio");

  private static final List<String> PROGRAM_FOLDERS =
      List.of("usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "opt/bin");

  private ImageInspector() {}

  /**
   * Inspects an image.
   *
   * @param image the whole file
   * @param name of the link without its {@code .raw}, which decides what extension-release is
   *     wanted
   * @param host what it has to fit
   * @throws IOException if the file cannot be read; faults of the image are in the verdict
   */
  public static Inspection inspect(ImageBytes image, String name, HostFacts host)
      throws IOException {
    try {
      ImageLayout layout = ImageLayout.of(image, host.architecture());
      for (ImagePolicy policy : host.policies()) {
        Optional<String> refusal = policy.refusal(layout);
        if (refusal.isPresent()) {
          return new Unfit(UnfitReason.IMAGE_POLICY_REFUSED, refusal.get());
        }
      }
      ImageBytes data = VerityCheck.check(layout, host.signers());
      return inspect(OpenedImage.open(layout, data), name, host);
    } catch (ImageException e) {
      return new Unfit(e.reason(), e.getMessage());
    } catch (RuntimeException defect) { // what was not thought of in it is a fault of the image
      LOG.error("looking into the image of {} broke", name, defect);
      return new Unfit(UnfitReason.CORRUPT_IMAGE, "it makes no sense: " + defect);
    }
  }

  private static Inspection inspect(OpenedImage image, String name, HostFacts host)
      throws IOException {
    ImageTree tree = image.tree();
    List<String> hierarchies = hierarchies(tree, host.hierarchies());
    // A link that leads nowhere or a deleted mark would hide the host's file just as well.
    for (String osRelease : host.extensionClass().osRelease()) {
      if (tree.find(osRelease).isPresent()) {
        return new Unfit(
            UnfitReason.CARRIES_OS_RELEASE,
            "it has " + osRelease + " and would replace the host's: build it without");
      }
    }
    ExtensionRelease release = new ReleaseFinder(tree, name, host.extensionClass()).find();
    Optional<Unfit> mismatch = ReleaseMatch.check(release.fields(), host);
    return mismatch.isPresent()
        ? mismatch.get()
        : new Fits(
            release,
            image.format(),
            hierarchies,
            hasUnitFiles(tree, host.extensionClass()),
            nodeRuntime(tree));
  }

  private static boolean hasUnitFiles(ImageTree tree, ExtensionClass of) throws IOException {
    for (String folder : of.unitFolders()) {
      if (tree.resolve(folder).isPresent()) {
        return true;
      }
    }
    return false;
  }

  /** A link that leads out of the image hides the host's program just as well. */
  private static Optional<String> nodeRuntime(ImageTree tree) throws IOException {
    for (String folder : PROGRAM_FOLDERS) {
      for (String program : NODE_RUNTIME) {
        if (tree.find(folder + "/" + program).isPresent()) {
          return Optional.of("/" + folder + "/" + program);
        }
      }
    }
    return Optional.empty();
  }

  /** Those that hold something: systemd passes over absent and empty ones and fails on files. */
  private static List<String> hierarchies(ImageTree tree, List<String> wanted) throws IOException {
    List<String> found = new ArrayList<>();
    for (String hierarchy : wanted) {
      Optional<Entry> entry = tree.resolve(hierarchy);
      if (entry.isPresent() && entry.get().type() != FileType.DIRECTORY) {
        throw new ImageException(
            UnfitReason.NO_HIERARCHY,
            "its " + hierarchy + " is not a directory, which makes the whole merge fail");
      }
      if (entry.isPresent() && !tree.list(entry.get(), 1).isEmpty()) {
        found.add(hierarchy);
      }
    }
    if (found.isEmpty()) {
      throw new ImageException(
          UnfitReason.NO_HIERARCHY,
          "it has nothing in " + String.join(", ", wanted) + ": there is nothing to merge");
    }
    return found;
  }
}
