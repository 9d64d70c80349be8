package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import java.time.Instant;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;

/**
 * How far assignments are: what their agents report ({@link Standing}), and what the clock adds.
 *
 * <ul>
 *   <li>An assignment that does not get through before its deadline ({@link Deadlines}) has failed:
 *       {@code Unresponsive}. So has one whose Node is not Ready for longer than {@code
 *       progressDeadlineSeconds}: {@code Unreachable}.
 *   <li>A failure that often passes by itself (a server that does not answer), or says something
 *       about one host alone and nothing about what is rolled out (its unit is masked), is none
 *       before that deadline. Nothing on the host has been touched then, and the agent tries again.
 *   <li>One whose agent tries again by itself what has failed stays failed until it succeeds.
 * </ul>
 *
 * <p>Not thread-safe.
 */
public final class Evidence {
  private static final Set<String> PASSING =
      Set.of(
          Reasons.SOURCE_UNREACHABLE,
          Reasons.DOWNLOAD_REFUSED,
          Reasons.DOWNLOAD_INTERRUPTED,
          Reasons.SOURCE_CHANGED,
          Reasons.CREDENTIALS_UNAVAILABLE,
          Reasons.CA_BUNDLE_UNAVAILABLE,
          Reasons.HOST_UNREACHABLE,
          Reasons.UNIT_MASKED,
          Reasons.WAITS_FOR_EXTENSION);

  private final FleetSnapshot fleet;
  private final Alarm alarm;

  /** What was asked before; by the very objects of the fleet, which stays as it is. */
  private final IdentityHashMap<State, IdentityHashMap<Assignment, Standing>> known =
      new IdentityHashMap<>();

  /**
   * Evidence of one fleet at one time.
   *
   * @param alarm is told of every deadline that is still to come
   */
  public Evidence(FleetSnapshot fleet, Alarm alarm) {
    this.fleet = fleet;
    this.alarm = alarm;
  }

  /** Whether a failure often passes by itself, or says nothing about what is rolled out. */
  public static boolean isPassing(String reason) {
    return PASSING.contains(reason);
  }

  /**
   * Why something failed.
   *
   * @param reason CamelCase, of {@link Reasons}
   * @param message for a person
   */
  public record Failure(String reason, String message) {}

  /** How far an assignment is. */
  public Standing standing(State state, Assignment assignment) {
    return known
        .computeIfAbsent(state, s -> new IdentityHashMap<>())
        .computeIfAbsent(assignment, a -> decide(state, a));
  }

  private Standing decide(State state, Assignment assignment) {
    Standing reported = Standing.of(state, assignment);
    if (reported != Standing.WORKING && reported != Standing.FAILED) {
      return reported;
    }
    return failure(state, assignment).isPresent() ? Standing.FAILED : Standing.WORKING;
  }

  /** Why an assignment has failed, if it has. */
  public Optional<Failure> failure(State state, Assignment assignment) {
    Standing reported = Standing.of(state, assignment);
    if (reported != Standing.WORKING && reported != Standing.FAILED) {
      return Optional.empty();
    }
    Optional<ExtensionStatus> entry =
        Standing.isObserved(state) ? Standing.entry(state, assignment) : Optional.empty();
    if (reported == Standing.FAILED && Standing.isByMaintenance(state, assignment)) {
      return Standing.outcome(state, assignment)
          .map(one -> new Failure(one.reason(), assignment.name() + ": " + one.message()));
    }
    if (reported == Standing.FAILED) {
      Failure failure = failure(entry.orElseThrow());
      boolean counts = !PASSING.contains(failure.reason()) || isLate(state, assignment, entry);
      return Optional.of(failure).filter(f -> counts);
    }
    return entry
        .flatMap(e -> lastFailure(e, assignment))
        .or(() -> silence(state, assignment, entry));
  }

  /**
   * What has failed for an assignment's very revision and attempt, though a further try may have
   * succeeded since.
   */
  static Optional<Failure> lastFailure(ExtensionStatus entry, Assignment assignment) {
    return entry
        .lastFailure()
        .filter(last -> last.revision().equals(assignment.target().revision()))
        .filter(last -> last.attempt().equals(assignment.attempt()))
        .filter(last -> !PASSING.contains(last.reason()))
        .map(last -> new Failure(last.reason(), named(entry, last.message())));
  }

  private Optional<Failure> silence(
      State state, Assignment assignment, Optional<ExtensionStatus> entry) {
    Node node = fleet.nodes().get(state.node());
    if (node != null && isUnreachable(node, pace(assignment.policy()))) {
      return Optional.of(
          new Failure(
              Reasons.UNREACHABLE,
              assignment.name() + ": the Node has not been Ready for too long"));
    }
    if (isLate(state, assignment, entry)) {
      return Optional.of(
          new Failure(
              Reasons.UNRESPONSIVE,
              assignment.name()
                  + entry.map(Evidence::standstill).orElse(": the node's agent does not answer")));
    }
    return Optional.empty();
  }

  private static String standstill(ExtensionStatus entry) {
    return ": no progress for too long, in phase "
        + entry.phase().text()
        + (entry.message().isEmpty() ? "" : ": " + entry.message());
  }

  private boolean isLate(State state, Assignment assignment, Optional<ExtensionStatus> entry) {
    return Deadlines.of(state, assignment, entry, pace(assignment.policy()))
        .map(alarm::hasCome)
        .orElse(false);
  }

  /** Whether a Node has not been Ready for longer than a policy waits for it. */
  public boolean isUnreachable(Node node, Policy policy) {
    return isUnreachable(node, policy.spec().rollout());
  }

  /** The same for a policy by its name, which may be gone. */
  boolean isUnreachable(Node node, String policy) {
    return isUnreachable(node, pace(policy));
  }

  /** Whether a Node does not serve, and may come back. */
  boolean isAway(Node node, Policy policy) {
    return !node.isAvailable() && !isUnreachable(node, policy);
  }

  private boolean isUnreachable(Node node, Rollout pace) {
    return !node.ready()
        && !node.unreadySince().equals(Instant.MAX)
        && alarm.hasCome(node.unreadySince().plusSeconds(pace.progressDeadlineSeconds()));
  }

  private Rollout pace(String policy) {
    return Optional.ofNullable(fleet.policies().get(policy))
        .map(found -> found.spec().rollout())
        .orElse(Rollout.DEFAULT);
  }

  private static Failure failure(ExtensionStatus entry) {
    String reason = entry.reason().isEmpty() ? entry.phase().text() : entry.reason();
    return new Failure(reason, named(entry, entry.message()));
  }

  private static String named(ExtensionStatus entry, String message) {
    return message.isEmpty() ? entry.name() : entry.name() + ": " + message;
  }
}
