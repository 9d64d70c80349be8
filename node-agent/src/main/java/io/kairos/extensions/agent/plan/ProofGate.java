package io.kairos.extensions.agent.plan;

import io.kairos.extensions.agent.plan.Planner.Decision;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.List;
import java.util.Optional;

/**
 * Holds a merged image to its proof, and takes back what failed it.
 *
 * <p>Services are dealt with once a boot, those that only an image before had are stopped, checks
 * pass as often as is asked for. A target that is refused is not tried again until it changes:
 * nothing is left of it, what was before is back, and the services of that run again.
 */
final class ProofGate {
  private final HostView view;
  private final Memory memory;
  private final long nowMillis;

  ProofGate(HostView view, Memory memory, long nowMillis) {
    this.view = view;
    this.memory = memory;
    this.nowMillis = nowMillis;
  }

  /** Whether services were dealt with in this boot, and the checks passed so often. */
  boolean isProven(Assignment assignment, int times) {
    Target target = assignment.target();
    if (target.services().isEmpty()
        && target.healthChecks().isEmpty()
        && left(assignment).isEmpty()) {
      return true;
    }
    return view.proof(assignment.name(), sha256(assignment))
        .filter(proof -> proof.has(target.healthChecks(), times))
        .isPresent();
  }

  /** Lets it prove itself: the services that this boot has not seen dealt with, then the checks. */
  Decision prove(Assignment assignment) {
    boolean servicesDone = view.proof(assignment.name(), sha256(assignment)).isPresent();
    Target target = assignment.target();
    return checkingHealth(assignment)
        .proving(
            new Proving(
                assignment,
                sha256(assignment),
                servicesDone ? List.of() : target.services(),
                true,
                target.healthChecks(),
                left(assignment)));
  }

  /** Units that may still run though only an image before had a service for them. */
  private List<String> left(Assignment assignment) {
    return Optional.ofNullable(view.proofs().get(assignment.name())).stream()
        .filter(proof -> !proof.image().equals(sha256(assignment)))
        .flatMap(proof -> proof.services().stream())
        .map(Service::name)
        .filter(
            unit -> assignment.target().services().stream().noneMatch(s -> s.name().equals(unit)))
        .toList();
  }

  /** All that may run, of the target and of images before. */
  static List<Service> services(HostView view, Assignment assignment) {
    return Proof.merged(
        assignment.target().services(),
        Optional.ofNullable(view.proofs().get(assignment.name()))
            .map(Proof::services)
            .orElse(List.of()));
  }

  /**
   * The end of an extension of which nothing is merged any more: services that the host has without
   * it run again, but for those that it was told to leave alone. Where somebody else's is merged
   * under the name, what runs is his. They are known as long as the proof is, so that an agent that
   * is cut off in between is followed by one that goes on.
   */
  static List<Action> over(HostView view, Assignment assignment) {
    String name = assignment.name();
    if (!view.proofs().containsKey(name)) {
      return List.of();
    }
    List<String> units =
        services(view, assignment).stream()
            .filter(service -> service.onChange() != ServiceAction.NONE)
            .map(Service::name)
            .toList();
    return units.isEmpty() || view.merged().containsKey(name)
        ? List.of(new Action.DropProof(name))
        : List.of(new Action.StartServices(name, units), new Action.DropProof(name));
  }

  /** A proof of its image runs: nothing about the name changes meanwhile. */
  static Decision checkingHealth(Assignment assignment) {
    return Decision.of(
        assignment,
        assignment.remove() ? Phase.REMOVING : Phase.VERIFYING,
        Reasons.CHECKING_HEALTH,
        "services are dealt with and health checks run");
  }

  /** Nothing is left of it, what was before is back, and its services run again. */
  Decision refused(Assignment assignment, Refusal refusal) {
    String name = assignment.name();
    String sha256 = sha256(assignment);
    Decision rest = Decision.of(assignment, refusal.phase(), refusal.reason(), refusal.message());
    if (view.isMerged(name, sha256) && view.images().contains(sha256)) {
      Optional<Staged> staged = memory.staged(Memory.use(assignment));
      if (staged.isEmpty()) {
        return rest.as(Phase.ROLLING_BACK).staging(); // only a look into it tells how to go back
      }
      if (staged.get() instanceof Staged.Ready ready && ready.nodeRuntime().isPresent()) {
        return WayBack.of(view, memory, assignment).rollBackWithNextBoot(sha256, rest);
      }
    }
    Decision back = WayBack.of(view, memory, assignment).rollBack(sha256, rest);
    if (!back.equals(rest)) {
      return back.as(Phase.ROLLING_BACK);
    }
    Optional<Failure> failure = memory.failure(assignment);
    if (failure.isPresent() && failure.get().retryAtMillis() > nowMillis) {
      return rest.failures(failure.get().attempts()).wakingAt(failure.get().retryAtMillis());
    }
    if (!view.merged().containsKey(name)) {
      return rest.settling(over(view, assignment));
    }
    List<Service> services = services(view, assignment);
    return view.mergedImage(name)
        .filter(image -> !image.equals(sha256))
        .filter(image -> !services.isEmpty())
        .filter(image -> view.proof(name, image).isEmpty())
        .map(
            image ->
                rest.as(Phase.ROLLING_BACK)
                    .proving(new Proving(assignment, image, services, false, List.of())))
        .orElse(rest);
  }

  private static String sha256(Assignment assignment) {
    return assignment.target().image().sha256();
  }
}
