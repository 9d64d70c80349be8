package io.kairos.extensions.agent.report;

import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus.LastFailure;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a status says of extensions: an entry for each assignment, for each extension of ours that
 * is assigned no more, and for each that is to come.
 */
final class ExtensionEntries {
  /** What the schema takes beside 64 assignments. */
  private static final int MOST_RELEASED = 64;

  private ExtensionEntries() {}

  /**
   * Those of what is there, or shall be.
   *
   * @param previous the last status, for its times and failures
   * @param now RFC 3339, for what moved
   */
  static List<ExtensionStatus> present(
      Evidence evidence, NodeExtensionStateStatus previous, String now) {
    return Stream.concat(
            evidence.classes().stream()
                .flatMap(one -> entries(one.standings(), one.view(), previous, now)),
            released(evidence).limit(MOST_RELEASED))
        .map(entry -> timed(entry, previous, now))
        .toList();
  }

  /** Those of what is to come, and of which nothing is assigned. */
  static List<ExtensionStatus> upcoming(
      Evidence evidence, NodeExtensionStateStatus previous, String now) {
    return evidence.classes().stream()
        .flatMap(one -> entries(one.upcoming(), one.view(), previous, now))
        .map(entry -> timed(entry, previous, now))
        .toList();
  }

  private static Stream<ExtensionStatus> entries(
      List<Standing> standings, HostView view, NodeExtensionStateStatus previous, String now) {
    return standings.stream()
        .map(standing -> failing(entry(standing, view), standing, previous, now));
  }

  private static Stream<ExtensionStatus> released(Evidence evidence) {
    return evidence.classes().stream().flatMap(ExtensionEntries::released);
  }

  /** Most are system extensions; the others say so. */
  static String name(ExtensionStatus entry) {
    return entry.type() == ExtensionType.SYSEXT
        ? entry.name()
        : entry.name() + " (" + entry.type().text() + ")";
  }

  private static ExtensionStatus entry(Standing standing, HostView view) {
    String name = standing.assignment().name();
    String wanted = standing.assignment().target().image().sha256();
    NameView links = view.name(name);
    boolean merged = view.merged().containsKey(name);
    Optional<String> inEffect =
        merged
            ? view.merged().get(name)
            : Arrays.stream(Profile.values()).flatMap(p -> links.inProfile(p).stream()).findFirst();
    return ExtensionStatus.builder()
        .type(standing.assignment().type())
        .name(name)
        .phase(standing.phase())
        .version(standing.assignment().target().version())
        .sha256(inEffect.orElse(""))
        .profiles(
            Arrays.stream(Profile.values())
                .filter(profile -> links.inProfile(profile).filter(wanted::equals).isPresent())
                .toList())
        .merged(merged)
        .revision(standing.assignment().target().revision())
        .stagedRevision(standing.stagedRevision())
        .attempts(standing.attempts())
        .reason(standing.reason())
        .message(standing.message())
        .soaked(standing.phase() == Phase.ACTIVE)
        .build();
  }

  /**
   * The failure that stands now: of the target, or else of what comes next; where none does, the
   * last one told. It keeps the time of its first report.
   */
  private static ExtensionStatus failing(
      ExtensionStatus entry, Standing standing, NodeExtensionStateStatus previous, String now) {
    Optional<LastFailure> before =
        previous.extensions().stream()
            .filter(one -> one.key().equals(entry.key()))
            .flatMap(one -> one.lastFailure().stream())
            .findFirst();
    Optional<LastFailure> found =
        NodeConditions.FAILED.contains(standing.phase())
            ? Optional.of(
                failure(
                    standing,
                    standing.assignment().target(),
                    standing.reason(),
                    standing.message(),
                    now))
            : standing
                .nextFailure()
                .flatMap(
                    why ->
                        standing
                            .assignment()
                            .next()
                            .map(
                                next -> failure(standing, next, why.reason(), why.message(), now)));
    LastFailure last =
        found
            .filter(one -> before.filter(known -> sameButTime(known, one)).isEmpty())
            .or(() -> before)
            .orElse(null);
    return entry.toBuilder().lastFailureOrNull(last).build();
  }

  private static LastFailure failure(
      Standing standing, Target target, String reason, String message, String now) {
    return new LastFailure(
        target.revision(),
        standing.assignment().attempt(),
        reason,
        Messages.cut(message, Messages.CHARACTERS),
        now);
  }

  private static boolean sameButTime(LastFailure one, LastFailure other) {
    return new LastFailure(one.revision(), one.attempt(), one.reason(), one.message(), other.time())
        .equals(other);
  }

  private static Stream<ExtensionStatus> released(Evidence.OfClass evidence) {
    Set<String> spokenOf =
        Stream.concat(evidence.standings().stream(), evidence.upcoming().stream())
            .map(standing -> standing.assignment().name())
            .collect(Collectors.toSet());
    return evidence.view().names().entrySet().stream()
        .filter(entry -> !spokenOf.contains(entry.getKey()))
        .filter(entry -> entry.getValue().images().findAny().isPresent())
        .sorted(Map.Entry.comparingByKey())
        .map(
            entry ->
                ExtensionStatus.builder()
                    .type(evidence.type())
                    .name(entry.getKey())
                    .phase(Phase.RELEASED)
                    .sha256(entry.getValue().images().findFirst().orElse(""))
                    .profiles(
                        Arrays.stream(Profile.values())
                            .filter(profile -> entry.getValue().inProfile(profile).isPresent())
                            .toList())
                    .merged(evidence.view().merged().containsKey(entry.getKey()))
                    .reason(Reasons.NO_LONGER_ASSIGNED)
                    .message("left as it is; no policy looks after it")
                    .build());
  }

  private static ExtensionStatus timed(
      ExtensionStatus entry, NodeExtensionStateStatus previous, String now) {
    String since =
        previous.extensions().stream()
            .filter(before -> before.key().equals(entry.key()))
            .filter(
                before -> before.phase() == entry.phase() && before.reason().equals(entry.reason()))
            .map(ExtensionStatus::lastTransitionTime)
            .findFirst()
            .orElse(now);
    return entry.toBuilder().lastTransitionTime(since).build();
  }
}
