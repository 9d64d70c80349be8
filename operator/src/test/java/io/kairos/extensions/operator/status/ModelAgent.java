package io.kairos.extensions.operator.status;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A host and its agent, step by step. */
final class ModelAgent {
  /** What the host shows of an assignment. */
  private record Content(String sha256, List<Profile> profiles, Activation activation) {
    static Content of(Assignment assignment) {
      return new Content(
          assignment.target().image().sha256(),
          assignment.target().profiles(),
          assignment.target().activation());
    }
  }

  private final World world;
  private final String node;

  /** What is on the host and has stayed there. */
  private final Map<ExtensionKey, Content> settled = new TreeMap<>();

  /** What is on the host, proven or not, or was begun. */
  private final Map<ExtensionKey, Content> begun = new TreeMap<>();

  private List<Assignment> seen = List.of();
  private long seenGeneration;
  private String seenUid = "";
  private final Map<ExtensionKey, Phase> phases = new TreeMap<>();
  private final Map<ExtensionKey, ExtensionStatus.LastFailure> failures = new TreeMap<>();
  private final List<NodeExtensionStateStatus> reports = new ArrayList<>();

  ModelAgent(World world, String node) {
    this.world = world;
    this.node = node;
  }

  /** Reads its spec. */
  void observe() {
    if (!world.states.now().containsKey(node)) {
      return; // absence changes nothing
    }
    State state = world.states.now().get(node).value();
    if (!state.uid().equals(seenUid)) {
      reports.clear();
    }
    seen = state.spec().assignments();
    seenGeneration = state.generation();
    seenUid = state.uid();
    phases.keySet().retainAll(seen.stream().map(Assignment::key).toList());
    for (Assignment assignment : seen) {
      if (assignment.remove()) {
        if (phases.get(assignment.key()) != Phase.REMOVED) {
          phases.put(assignment.key(), Phase.REMOVING);
        }
      } else if (Content.of(assignment).equals(settled.get(assignment.key()))) {
        phases.put(
            assignment.key(),
            assignment.target().activation() == Activation.LIVE
                ? Phase.ACTIVE
                : phases.getOrDefault(assignment.key(), Phase.PENDING_REBOOT));
      } else if (!Content.of(assignment).equals(begun.get(assignment.key()))
          || phases.get(assignment.key()) == null
          || (phases.get(assignment.key()) == Phase.FAILED && !isFailure(assignment))) {
        phases.put(assignment.key(), Phase.PENDING);
      }
    }
  }

  /** Gets one extension one step further; {@code bad} digests fail. */
  void work(int choice, Predicate<String> bad) {
    if (seen.isEmpty()) {
      return;
    }
    Assignment assignment = seen.get(choice % seen.size());
    ExtensionKey key = assignment.key();
    if (assignment.remove()) {
      settled.remove(key);
      begun.remove(key);
      failures.remove(key);
      phases.put(key, Phase.REMOVED);
      return;
    }
    Content content = Content.of(assignment);
    if (content.equals(settled.get(key))) {
      return;
    }
    if (!content.equals(begun.get(key))) {
      begun.put(key, content);
      settled.remove(key);
      phases.put(key, Phase.FETCHING);
    } else if (bad.test(content.sha256())) {
      phases.put(key, Phase.FAILED);
      failures.put(
          key,
          new ExtensionStatus.LastFailure(
              assignment.target().revision(), assignment.attempt(), "MergeFailed", "", ""));
    } else if (assignment.target().activation() == Activation.NEXT_BOOT) {
      settled.put(key, content);
      phases.put(key, Phase.PENDING_REBOOT);
    } else if (phases.get(key) == Phase.VERIFYING) {
      settled.put(key, content);
      phases.put(key, Phase.ACTIVE);
    } else {
      phases.put(key, Phase.VERIFYING);
    }
  }

  /** Merges what is linked. */
  void boot() {
    for (Assignment assignment : seen) {
      if (phases.get(assignment.key()) == Phase.PENDING_REBOOT) {
        phases.put(assignment.key(), Phase.ACTIVE);
      }
    }
  }

  /** Reports, or repeats its first report of this state, if that is on an older spec. */
  void report(boolean stale) {
    if (!world.states.now().containsKey(node)
        || !world.states.now().get(node).value().uid().equals(seenUid)) {
      return;
    }
    NodeExtensionStateStatus status =
        NodeExtensionStateStatus.EMPTY.toBuilder()
            .observedGeneration(seenGeneration)
            .extensions(seen.stream().map(this::entry).toList())
            .build();
    if (stale && !reports.isEmpty() && reports.get(0).observedGeneration() < seenGeneration) {
      status = reports.get(0);
    } else {
      reports.add(status);
    }
    if (!status.equals(world.states.now().get(node).value().status())) {
      world.report(node, status);
    }
  }

  private ExtensionStatus entry(Assignment assignment) {
    Phase phase = phases.getOrDefault(assignment.key(), Phase.PENDING);
    return ExtensionStatus.builder()
        .type(assignment.type())
        .name(assignment.name())
        .phase(phase)
        .revision(assignment.target().revision())
        .soaked(phase == Phase.ACTIVE)
        .reason(phase == Phase.FAILED ? "MergeFailed" : "")
        .lastFailureOrNull(failures.get(assignment.key()))
        .build();
  }

  /**
   * Whether, in truth, something that was assigned here by a policy is not through, and has not
   * failed.
   */
  boolean isDisturbedBy(String policy) {
    if (!world.states.now().containsKey(node)) {
      return false;
    }
    return world.states.now().get(node).value().spec().assignments().stream()
        .filter(assignment -> assignment.policy().equals(policy))
        .filter(assignment -> !hasFailed(assignment))
        .anyMatch(
            assignment ->
                assignment.remove()
                    ? begun.containsKey(assignment.key())
                    : !Content.of(assignment).equals(settled.get(assignment.key())));
  }

  /**
   * Whether this very attempt has failed here, reported or not: that stays so while it is tried
   * again by itself, and while other assignments of the node are written.
   */
  private boolean hasFailed(Assignment assignment) {
    return phases.get(assignment.key()) != Phase.ACTIVE && isFailure(assignment);
  }

  private boolean isFailure(Assignment assignment) {
    return Optional.ofNullable(failures.get(assignment.key()))
        .filter(one -> one.revision().equals(assignment.target().revision()))
        .filter(one -> one.attempt().equals(assignment.attempt()))
        .isPresent();
  }

  /** The images that are on the host in truth, proven or not. */
  Map<ExtensionKey, String> images() {
    Map<ExtensionKey, String> images = new TreeMap<>();
    begun.forEach((key, content) -> images.put(key, content.sha256()));
    return images;
  }

  /** The keys that are on the host in truth. */
  Set<ExtensionKey> onHost() {
    return begun.keySet();
  }
}
