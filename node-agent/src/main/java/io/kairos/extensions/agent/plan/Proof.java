package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Service;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How far a merged image has proven itself in this boot: the services of its extension were dealt
 * with, and the health checks passed so many times.
 *
 * @param image the digest; empty once another image began to prove itself, until it has
 * @param checks the checks that passed, empty before the first time
 * @param passes how often they passed
 * @param services of the name that may run: those that were dealt with for this image, and those of
 *     images before it while it has not proven itself
 */
public record Proof(String image, List<HealthCheck> checks, int passes, List<Service> services) {

  /** Takes copies. */
  public Proof {
    checks = List.copyOf(checks);
    services = List.copyOf(services);
  }

  /** Services are dealt with; no check has passed yet. */
  public static Proof ofServices(String image, List<Service> services) {
    return new Proof(image, List.of(), 0, services);
  }

  /**
   * An image begins to prove itself: what was dealt with for another counts no more. Its services
   * are known from now on, however the proof ends.
   */
  public static Optional<Proof> begun(Optional<Proof> before, Proving proving) {
    if (before.filter(proof -> proof.image().equals(proving.image())).isPresent()) {
      return Optional.empty();
    }
    List<Service> known = merged(before.map(Proof::services).orElse(List.of()), proving.services());
    return before.isEmpty() && known.isEmpty()
        ? Optional.empty()
        : Optional.of(ofServices("", known));
  }

  /** What is known of an image whose proof ended, if that says anything of it. */
  public static Optional<Proof> ended(Optional<Proof> before, Proving proving, Proved outcome) {
    Optional<Proof> own = before.filter(proof -> proof.image().equals(proving.image()));
    List<Service> known =
        merged(
            proving.assignment().target().services(),
            before.map(Proof::services).orElse(List.of()));
    if (outcome instanceof Proved.Passed) {
      boolean onlyOwn = own.isEmpty() && proving.wanted(); // the rest was stopped, or is the host's
      return Optional.of(
          own.orElse(ofServices(proving.image(), List.of()))
              .passed(
                  proving.checks(), onlyOwn ? proving.assignment().target().services() : known));
    }
    return outcome instanceof Proved.Failed failed && failed.servicesDone()
        ? Optional.of(own.orElse(ofServices(proving.image(), known)))
        : Optional.empty();
  }

  /** The first ones, and those of the others that have other names. */
  static List<Service> merged(List<Service> first, List<Service> others) {
    List<Service> all = new ArrayList<>(first);
    others.stream()
        .filter(other -> first.stream().noneMatch(one -> one.name().equals(other.name())))
        .forEach(all::add);
    return all;
  }

  /** These checks passed, once more where they are the same as before. */
  private Proof passed(List<HealthCheck> now, List<Service> of) {
    return new Proof(image, now, now.equals(checks) ? passes + 1 : 1, of);
  }

  /** Whether these checks passed at least so often. */
  boolean has(List<HealthCheck> wanted, int times) {
    return wanted.isEmpty() || (wanted.equals(checks) && passes >= times);
  }
}
