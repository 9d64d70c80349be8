package io.kairos.extensions.e2e.sandbox;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.e2e.sandbox.Row.Mark;
import io.kairos.extensions.e2e.sandbox.Samples.Wanted;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How far the nodes have come, as their states tell it. There is a row for each node and each
 * extension that is wanted there, and for whatever else turns up. For one thread.
 */
final class Progress {
  private static final String GONE = "Gone";

  private final Clock clock;
  private final Instant start;
  private final Map<Key, Entry> entries = new LinkedHashMap<>();
  private final Map<Key, Wanted> wanted = new LinkedHashMap<>();

  private record Key(String node, String extension) {}

  private record Standing(String version, String phase, String detail, Mark mark) {}

  private record Entry(Standing standing, Instant began, Optional<Instant> settled) {}

  /** Starts the watch now. */
  Progress(List<String> nodes, List<Wanted> wishes, Clock clock) {
    this.clock = clock;
    this.start = clock.instant();
    for (String node : nodes) {
      for (Wanted wish : wishes) {
        Key key = new Key(node, wish.extension());
        wanted.put(key, wish);
        entries.put(
            key,
            new Entry(
                new Standing(
                    wish.version(), Phase.PENDING.text(), "waits for its turn", Mark.WAITING),
                start,
                Optional.empty()));
      }
    }
  }

  /** Takes in a node's state, or that there is none, and tells the rows that it changed. */
  List<Row> apply(String node, Optional<NodeExtensionState> state) {
    Set<String> names = new LinkedHashSet<>();
    entries.keySet().stream()
        .filter(key -> key.node().equals(node))
        .forEach(key -> names.add(key.extension()));
    state.ifPresent(
        s -> {
          s.getSpec().assignments().forEach(a -> names.add(a.name()));
          s.getStatus().extensions().forEach(e -> names.add(e.name()));
        });
    List<Row> changed = new ArrayList<>();
    for (String name : names) {
      Key key = new Key(node, name);
      Optional<Entry> before = Optional.ofNullable(entries.get(key));
      standing(key, state, before.map(Entry::standing))
          .filter(now -> before.isEmpty() || !before.get().standing().equals(now))
          .ifPresent(
              now -> {
                Entry entry = next(before, now);
                entries.put(key, entry);
                changed.add(row(key, entry));
              });
    }
    return changed;
  }

  /** All rows, node by node. */
  List<Row> rows() {
    return entries.entrySet().stream().map(e -> row(e.getKey(), e.getValue())).toList();
  }

  /** The rows of what is wanted and not in effect yet. */
  List<Row> missing() {
    return wanted.entrySet().stream()
        .filter(wish -> !fulfilled(wish.getValue(), entries.get(wish.getKey()).standing()))
        .map(wish -> row(wish.getKey(), entries.get(wish.getKey())))
        .toList();
  }

  /** Time since the start. */
  Duration elapsed() {
    return Duration.between(start, clock.instant());
  }

  private static boolean fulfilled(Wanted wish, Standing standing) {
    return standing.version().equals(wish.version())
        && (standing.phase().equals(Phase.ACTIVE.text())
            || (wish.activation() == Activation.NEXT_BOOT
                && standing.phase().equals(Phase.PENDING_REBOOT.text())));
  }

  /** A row that had come true starts anew when it moves again. */
  private Entry next(Optional<Entry> before, Standing standing) {
    Instant now = clock.instant();
    boolean done = standing.mark() == Mark.DONE;
    if (before.isEmpty()) {
      return new Entry(standing, now, done ? Optional.of(now) : Optional.empty());
    }
    Entry last = before.get();
    if (last.settled().isPresent()) {
      return done
          ? new Entry(standing, last.began(), last.settled())
          : new Entry(standing, now, Optional.empty());
    }
    return new Entry(standing, last.began(), done ? Optional.of(now) : Optional.empty());
  }

  private static Optional<Standing> standing(
      Key key, Optional<NodeExtensionState> state, Optional<Standing> before) {
    Optional<Assignment> assignment =
        state.stream()
            .flatMap(s -> s.getSpec().assignments().stream())
            .filter(a -> a.name().equals(key.extension()))
            .findFirst();
    Optional<ExtensionStatus> reported =
        state.stream()
            .flatMap(s -> s.getStatus().extensions().stream())
            .filter(e -> e.name().equals(key.extension()))
            .findFirst();
    if (assignment.isPresent()
        && reported
            .filter(r -> r.revision().equals(assignment.get().target().revision()))
            .isEmpty()) {
      return Optional.of(
          new Standing(
              assignment.get().target().version(),
              Phase.PENDING.text(),
              "given to the node, its agent has not begun",
              Mark.WAITING));
    }
    if (reported.isPresent()) {
      return reported.map(Progress::reported);
    }
    // Neither: not there yet, or there no longer.
    return before.map(
        b -> b.mark() == Mark.WAITING ? b : new Standing("", GONE, "not on the node", Mark.DONE));
  }

  private static Standing reported(ExtensionStatus status) {
    String detail =
        status.message().isEmpty()
            ? status.reason()
            : status.reason().isEmpty()
                ? status.message()
                : status.reason() + ": " + status.message();
    return new Standing(status.version(), status.phase().text(), detail, mark(status.phase()));
  }

  private static Mark mark(Phase phase) {
    return switch (phase) {
      case PENDING -> Mark.WAITING;
      case FETCHING, STAGED, ACTIVATING, VERIFYING, ROLLING_BACK, REMOVING -> Mark.WORKING;
      case ACTIVE, PENDING_REBOOT, REMOVED, RELEASED -> Mark.DONE;
      case FAILED, INCOMPATIBLE, ROLLED_BACK -> Mark.FAILED;
    };
  }

  private Row row(Key key, Entry entry) {
    Standing standing = entry.standing();
    return new Row(
        key.node(),
        key.extension(),
        standing.version(),
        standing.phase(),
        standing.detail(),
        standing.mark(),
        Duration.between(entry.began(), entry.settled().orElseGet(clock::instant)));
  }
}
