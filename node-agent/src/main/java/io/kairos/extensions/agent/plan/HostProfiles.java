package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads what a policy says of profiles on a host that does not have them all. Where there is but
 * one, it is what {@code active} and {@code common} mean, and the way back that {@code passive} and
 * {@code recovery} would be beside them is not there. Alone they mean nothing here: such a target
 * stays as it was asked for, and is refused.
 *
 * @param ofHost the profiles that the host has
 */
public record HostProfiles(Set<Profile> ofHost) {
  /** Takes a copy. */
  public HostProfiles {
    ofHost = Set.copyOf(ofHost);
  }

  /** What is asked for, as it is meant on this host. */
  public Desired read(Desired desired) {
    return new Desired(read(desired.assignments()), read(desired.upcoming()));
  }

  /** Assignments as they are meant on this host, what comes next included. */
  private List<Assignment> read(List<Assignment> assignments) {
    return assignments.stream()
        .map(
            assignment ->
                assignment.toBuilder()
                    .target(read(assignment.target()))
                    .nextOrNull(assignment.next().map(this::read).orElse(null))
                    .build())
        .toList();
  }

  private Target read(Target target) {
    List<Profile> found =
        target.profiles().stream()
            .map(profile -> isMissing(profile) ? Profile.ACTIVE : profile)
            .filter(ofHost::contains)
            .distinct()
            .toList();
    return found.isEmpty() ? target : target.toBuilder().profiles(found).build();
  }

  private boolean isMissing(Profile profile) {
    return profile == Profile.COMMON && !ofHost.contains(profile);
  }

  /** Why a target has no place on this host, where it has none. */
  Optional<Refusal> refusal(Target target) {
    return Collections.disjoint(ofHost, target.profiles())
        ? Optional.of(
            new Refusal(
                Phase.INCOMPATIBLE,
                Reasons.PROFILE_NOT_ON_HOST,
                "the policy asks for "
                    + String.join(", ", target.profiles().stream().map(Profile::text).toList())
                    + ", and this host has one profile, which active and common mean: add active"
                    + " to the policy's profiles"))
        : Optional.empty();
  }
}
