package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a merge may not do, however fit the image is. One object holds for one plan. */
final class MergeLimits {
  /**
   * The kernel takes one page of mount options; beyond it the overlay fails and everything is
   * unmerged.
   */
  private static final int OVERLAY_OPTION_BYTES = 4_000;

  /** Beside the name and the folder that is merged, of which each has an overlay of its own. */
  private static final int OVERLAY_BYTES_EACH = 32;

  private static final int SAMPLES = 5;

  private final HostView view;

  /** What this plan lets into the overlay beside what is there already. */
  private final Set<String> admitted = new HashSet<>();

  MergeLimits(HostView view) {
    this.view = view;
  }

  /**
   * A limit that a merge would exceed.
   *
   * @param reason CamelCase
   * @param message what to do
   */
  record Exceeded(String reason, String message) {}

  /** What is mounted below a hierarchy would no longer be seen: somebody needs it. */
  Optional<Exceeded> hidesMounts(Staged.Ready ready) {
    List<String> hidden =
        ready.hierarchies().stream()
            .flatMap(hierarchy -> view.hides().getOrDefault(hierarchy, Set.of()).stream())
            .distinct()
            .sorted()
            .toList();
    if (hidden.isEmpty()) {
      return Optional.empty();
    }
    String more = hidden.size() > SAMPLES ? " and " + (hidden.size() - SAMPLES) + " more" : "";
    return Optional.of(
        new Exceeded(
            Reasons.HIDES_MOUNTS,
            "the merge would hide what is mounted at "
                + String.join(", ", hidden.subList(0, Math.min(SAMPLES, hidden.size())))
                + more
                + ": unmount it, or use a host with systemd 257 or newer, which takes it along"));
  }

  /** Whether the overlay has no room for one more name; else it is let in. */
  Optional<Exceeded> tooMany(Assignment assignment) {
    Set<Profile> folders = EnumSet.of(Profile.COMMON);
    folders.addAll(new WantedLinks(view, assignment).direct());
    view.bootProfile().ifPresent(folders::add);
    Set<String> names = new HashSet<>(view.merged().keySet());
    view.names()
        .forEach(
            (name, links) -> {
              if (links.run().isPresent()
                  || folders.stream().anyMatch(links.profiles()::containsKey)) {
                names.add(name);
              }
            });
    names.addAll(admitted);
    names.add(assignment.name());
    int longest = view.hierarchies().stream().mapToInt(String::length).max().orElse(0);
    int bytes = names.stream().mapToInt(name -> OVERLAY_BYTES_EACH + longest + name.length()).sum();
    if (bytes < OVERLAY_OPTION_BYTES) {
      admitted.add(assignment.name());
      return Optional.empty();
    }
    return Optional.of(
        new Exceeded(
            Reasons.TOO_MANY_EXTENSIONS,
            names.size()
                + " extensions need "
                + bytes
                + " bytes of mount options, the kernel takes fewer than "
                + OVERLAY_OPTION_BYTES
                + ": remove some or give them shorter names"));
  }
}
