package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Decides which images go.
 *
 * <p>What a link leads to, {@code good/} included, what is merged, wanted or being fetched stays.
 * All else is spare: older versions, kept so that the way back to them needs no download.
 *
 * <ul>
 *   <li>While there is a removal its image goes, and so does everything spare, whoever may still
 *       have it open: a removed extension leaves no version behind. Its own image goes last, as the
 *       removal is over then: an agent that is cut off before is followed by one that goes on.
 *   <li>Otherwise one that a loop device has open stays: its blocks would not come free, and what
 *       holds it ends some day.
 *   <li>As many of those that were downloaded last stay as the limit for each extension times the
 *       number of extensions. Which name a spare image had is written nowhere, and need not be: the
 *       whole is bounded, and a spare that is missing costs a download.
 *   <li>No other stays while a download found no room.
 *   <li>When there is less room than the low-water mark, the oldest go first, until there is
 *       enough.
 * </ul>
 *
 * <p>What could not be deleted is left alone until its pause is over, as if it were not there, and
 * goes then, whatever stays: a removal that condemned it is over by then. An agent that is replaced
 * meanwhile knows nothing of that, and takes it for spare.
 *
 * <p>Of what interrupted steps left, only the beginning of an image that is still to come stays.
 */
final class Garbage {
  private final Desired desired;
  private final List<Assignment> assignments;
  private final HostView view;
  private final Memory memory;
  private final Set<String> resting;

  Garbage(Desired desired, HostView view, Memory memory, long nowMillis) {
    this.desired = desired;
    this.assignments = desired.assignments();
    this.view = view;
    this.memory = memory;
    this.resting = memory.undeleted().resting(nowMillis);
  }

  /** The steps that take it away. */
  List<Action> actions() {
    Set<String> wanted = wanted();
    List<Action> actions = new ArrayList<>();
    images(wanted).forEach(image -> actions.add(new Action.DeleteImage(image)));
    view.strays().stream()
        .filter(stray -> !resting.contains(stray))
        .filter(stray -> wanted.stream().filter(this::isStillToCome).noneMatch(stray::contains))
        .sorted()
        .forEach(stray -> actions.add(new Action.DeleteStray(stray)));
    return actions;
  }

  private Set<String> wanted() {
    Set<String> wanted =
        assignments.stream()
            .filter(assignment -> !assignment.remove())
            .map(assignment -> assignment.target().image().sha256())
            .collect(Collectors.toCollection(HashSet::new));
    desired.ahead().forEach(next -> wanted.add(next.target().image().sha256()));
    memory.staging().ifPresent(use -> wanted.add(use.sha256()));
    return wanted;
  }

  /** What is there of it may be carried on. */
  private boolean isStillToCome(String image) {
    return !view.storage().files().containsKey(image)
        || memory.staging().filter(use -> use.sha256().equals(image)).isPresent();
  }

  private Set<String> images(Set<String> wanted) {
    Set<String> spare = new TreeSet<>(view.images());
    spare.addAll(view.storage().files().keySet());
    spare.removeAll(wanted);
    spare.removeAll(resting);
    view.names().values().forEach(links -> links.images().forEach(spare::remove));
    view.merged().values().forEach(image -> image.ifPresent(spare::remove));

    Set<String> removed =
        assignments.stream()
            .filter(Assignment::remove)
            .map(assignment -> assignment.target().image().sha256())
            .filter(spare::remove)
            .collect(Collectors.toCollection(TreeSet::new));
    if (!isRemoving()) {
      spare.removeAll(view.storage().inLoops());
    }

    Set<String> going =
        spare.stream()
            .filter(image -> memory.undeleted().find(image).isPresent())
            .collect(Collectors.toCollection(LinkedHashSet::new));
    List<String> newestFirst =
        spare.stream()
            .filter(image -> !going.contains(image))
            .sorted(Comparator.comparingLong(this::modifiedMillis).reversed().thenComparing(s -> s))
            .toList();
    int limit = (int) Math.min(newestFirst.size(), limit());
    going.addAll(newestFirst.subList(limit, newestFirst.size()));
    long free =
        view.storage().freeBytes()
            + Stream.concat(going.stream(), removed.stream()).mapToLong(this::bytes).sum();
    for (int i = limit - 1; i >= 0 && free < view.storage().lowWaterBytes(); i--) {
      going.add(newestFirst.get(i));
      free += bytes(newestFirst.get(i));
    }
    going.addAll(removed);
    return going;
  }

  private boolean isRemoving() {
    return assignments.stream().anyMatch(Assignment::remove);
  }

  private long limit() {
    boolean noRoom =
        memory.failures().values().stream()
            .anyMatch(failure -> failure.reason().equals(Reasons.INSUFFICIENT_STORAGE));
    return isRemoving() || noRoom ? 0 : (long) view.storage().keepImages() * assignments.size();
  }

  private long modifiedMillis(String image) {
    return file(image).modifiedMillis();
  }

  private long bytes(String image) {
    return file(image).bytes();
  }

  private Storage.ImageFile file(String image) {
    return view.storage().files().getOrDefault(image, new Storage.ImageFile(0, 0));
  }
}
