package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.FileStep.Kind;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Names the changes of an agent by the table of the durable steps: the number there, R for those of
 * a removal, A for those of an adoption, 0 for what is got ready.
 *
 * <p>A sync is named after the change that it makes durable, the last one in its folder.
 */
final class StepNames {
  private final StoreLayout layout;
  private final Map<Path, String> last = new HashMap<>();

  /** Names what happens below a layout of the real file system. */
  StepNames(StoreLayout layout) {
    this.layout = layout;
  }

  /**
   * The name of a change that is about to be made.
   *
   * @throws IOException when a link cannot be read
   */
  String of(FileStep step) throws IOException {
    if (step.kind() == Kind.SYNC) {
      Path path = step.path();
      if (path.startsWith(layout.staging())) {
        return path.equals(layout.staging()) ? "10 stray synced" : "2 part synced";
      }
      Optional<String> note = note(path);
      if (note.isPresent()) {
        return note.get() + " synced";
      }
      boolean byHand = path.toString().endsWith(".raw");
      return byHand ? "A file synced" : last.getOrDefault(path, "0 folder") + " synced";
    }
    String what = what(step);
    if (step.kind() != Kind.WRITE && step.kind() != Kind.MAKE_LINK) {
      last.put(step.path().getParent(), what);
    }
    last.put(step.path(), what);
    return what + " " + verb(step);
  }

  private String what(FileStep step) throws IOException {
    if (step.kind() == Kind.MAKE_FOLDER) {
      return "0 folder";
    }
    Path path = step.path();
    String name = path.getFileName().toString();
    boolean gone = step.kind() == Kind.DELETE;
    if (path.startsWith(layout.run())) {
      return inRun(step, name, gone);
    }
    if (path.startsWith(layout.staging())) {
      return name.endsWith(".meta") ? "1 note of the part" : "1 part";
    }
    Optional<String> note = note(path);
    if (note.isPresent()) {
      return note.get();
    }
    if (path.startsWith(layout.images())) {
      return gone ? "10 image" : step.kind() == Kind.MAKE_HARD_LINK ? "A image" : "3 image";
    }
    if (path.startsWith(layout.here(layout.masksOnHost()))) {
      return "6 mask";
    }
    if (step.kind() == Kind.RENAME
        && Files.isRegularFile(step.from().orElseThrow(), LinkOption.NOFOLLOW_LINKS)) {
      return "A second name";
    }
    if (path.startsWith(layout.links())) {
      return gone ? "0 link left behind" : link(name.substring(0, name.indexOf('-')), false);
    }
    Path folder = path.getParent();
    if (layout.looksIntoProfile() && layout.profiles().stream().anyMatch(isOf(folder))) {
      return gone && name.startsWith(StoreLayout.OURS)
          ? "0 link left behind"
          : link("active", gone);
    }
    return link(folder.getFileName().toString(), gone);
  }

  private Predicate<Profile> isOf(Path folder) {
    return profile -> layout.profile(profile).equals(folder);
  }

  private Optional<String> note(Path path) {
    if (path.getFileName().equals(layout.verified().getFileName())) {
      return Optional.of("3 note of what is verified");
    }
    if (path.getFileName().equals(layout.entries().getFileName())) {
      return Optional.of("0 note of boot entries");
    }
    if (path.getFileName().equals(layout.proven().getFileName())) {
      return Optional.of("9 note of what is proven");
    }
    return path.getFileName().equals(layout.fit().getFileName())
        ? Optional.of("3 note of what is fit")
        : Optional.empty();
  }

  private static String link(String folder, boolean gone) {
    String link =
        switch (folder) {
          case "active", "common" -> "6 profile link";
          case "passive", "recovery" -> "9 link of the way back";
          case "extensions" -> "7 root link";
          case "good" -> "9 good link";
          case "adopted" -> "A second name";
          default -> throw new IllegalArgumentException("no folder of links: " + folder);
        };
    return gone ? "R" + link.substring(link.indexOf(' ')) : link;
  }

  private String inRun(FileStep step, String name, boolean gone) throws IOException {
    if (name.startsWith(".sysext-operator.json")) {
      return "5 ledger";
    }
    if (name.startsWith(".sysext-operator.proofs")) {
      return "5 proofs";
    }
    if (name.startsWith(".sysext-operator.soaks")) {
      return "5 soaks";
    }
    if (gone) {
      if (!name.endsWith(".raw")) {
        return name.startsWith(StoreLayout.OURS) ? "0 link left behind" : "8 mask";
      }
      return layout.looksIntoProfile() ? "8 run link" : "R run link";
    }
    Path target =
        step.kind() == Kind.MAKE_LINK
            ? step.from().orElseThrow()
            : Files.readSymbolicLink(step.from().orElseThrow());
    if (target.startsWith(layout.masksOnHost())) {
      return "6 mask";
    }
    return target.getParent().equals(layout.imagesOnHost())
        ? "4 run link to the image"
        : "8 run link to the profile";
  }

  private static String verb(FileStep step) {
    return switch (step.kind()) {
      case CREATE -> "begun";
      case WRITE -> "written";
      case MAKE_FOLDER, MAKE_LINK, MAKE_HARD_LINK -> "made";
      case RENAME -> "in place";
      case DELETE -> "gone";
      case SYNC -> "synced";
    };
  }
}
