package io.kairos.extensions.agent.report;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Sums up a node: one entry for each assignment and for each extension of ours that is assigned no
 * more, counts, and conditions as kstatus reads them. A failure that is tried again is {@code
 * Reconciling}; one that is not, {@code Stalled}.
 */
public final class StatusReport {
  private static final Set<Phase> FAILED =
      EnumSet.of(Phase.FAILED, Phase.INCOMPATIBLE, Phase.ROLLED_BACK);

  /** Nothing but another target moves these on. */
  private static final Set<Phase> STALLED = EnumSet.of(Phase.INCOMPATIBLE, Phase.ROLLED_BACK);

  private static final Set<Phase> SETTLED =
      EnumSet.of(Phase.ACTIVE, Phase.PENDING_REBOOT, Phase.REMOVED, Phase.RELEASED);

  /** What the schema takes; a status that is refused would say nothing at all. */
  private static final int MESSAGE_CHARACTERS = 32_768;

  /** It becomes the note of an event, which is no longer than 1 KiB. */
  private static final int DRIFT_MESSAGE_CHARACTERS = 900;

  private StatusReport() {}

  /**
   * The status that the evidence calls for.
   *
   * @param previous the last one, for its times
   * @param now RFC 3339, for what moved
   */
  public static NodeExtensionStateStatus of(
      Evidence evidence, NodeExtensionStateStatus previous, String now) {
    List<ExtensionStatus> entries =
        Stream.concat(
                evidence.standings().stream().map(standing -> entry(standing, evidence.view())),
                released(evidence).stream())
            .map(entry -> timed(entry, previous, now))
            .toList();
    List<Standing> wanted =
        evidence.standings().stream().filter(s -> !s.assignment().remove()).toList();
    return NodeExtensionStateStatus.builder()
        .observedGeneration(evidence.generation())
        .conditions(
            Conditions.transition(
                previous.conditions(),
                Stream.concat(
                        conditions(entries, evidence.generation()).stream(),
                        imagePolicy(evidence.host(), evidence.generation()).stream())
                    .toList(),
                now))
        .desired(wanted.size())
        .active((int) wanted.stream().filter(s -> s.phase() == Phase.ACTIVE).count())
        .failed((int) wanted.stream().filter(s -> FAILED.contains(s.phase())).count())
        .summary(
            entries.stream()
                .map(
                    e ->
                        (e.version().isEmpty() ? e.name() : e.name() + " " + e.version())
                            + " "
                            + e.phase().text())
                .collect(Collectors.joining(", ")))
        .host(evidence.host())
        .extensions(entries)
        .unmanaged(evidence.view().unmanaged())
        .drift(drift(evidence.drift(), previous.drift(), now))
        .build();
  }

  private static DriftStatus drift(List<String> found, DriftStatus before, String now) {
    return found.isEmpty()
        ? before
        : new DriftStatus(
            before.count() + found.size(),
            now,
            cut(String.join("; ", found), DRIFT_MESSAGE_CHARACTERS));
  }

  /**
   * The previous status with the one thing that is known: the host does not answer. What waited for
   * a boot still does.
   */
  public static NodeExtensionStateStatus unreachable(
      NodeExtensionStateStatus previous, long generation, String message, String now) {
    List<Condition> wanted = new ArrayList<>();
    wanted.addAll(
        List.of(
            condition(
                Conditions.READY, Conditions.FALSE, Reasons.HOST_UNREACHABLE, message, generation),
            condition(
                Conditions.DEGRADED,
                Conditions.TRUE,
                Reasons.HOST_UNREACHABLE,
                message,
                generation),
            condition(
                Conditions.RECONCILING,
                Conditions.TRUE,
                Reasons.HOST_UNREACHABLE,
                "tries again",
                generation)));
    Conditions.find(previous.conditions(), Conditions.REBOOT_REQUIRED).ifPresent(wanted::add);
    Conditions.find(previous.conditions(), Conditions.WEAK_IMAGE_POLICY).ifPresent(wanted::add);
    return previous.toBuilder()
        .conditions(Conditions.transition(previous.conditions(), wanted, now))
        .build();
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
        .attempts(standing.attempts())
        .reason(standing.reason())
        .message(standing.message())
        .soaked(standing.phase() == Phase.ACTIVE)
        .build();
  }

  private static List<ExtensionStatus> released(Evidence evidence) {
    Set<String> assigned =
        evidence.standings().stream().map(s -> s.assignment().name()).collect(Collectors.toSet());
    return evidence.view().names().entrySet().stream()
        .filter(entry -> !assigned.contains(entry.getKey()))
        .filter(entry -> entry.getValue().images().findAny().isPresent())
        .sorted(java.util.Map.Entry.comparingByKey())
        .limit(64)
        .map(
            entry ->
                ExtensionStatus.builder()
                    .type(ExtensionType.SYSEXT)
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
                    .build())
        .toList();
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

  private static List<Condition> conditions(List<ExtensionStatus> entries, long generation) {
    List<ExtensionStatus> failed =
        entries.stream().filter(e -> FAILED.contains(e.phase())).toList();
    List<ExtensionStatus> working =
        entries.stream()
            .filter(e -> !SETTLED.contains(e.phase()) && !STALLED.contains(e.phase()))
            .toList();
    List<ExtensionStatus> waiting =
        entries.stream().filter(e -> e.phase() == Phase.PENDING_REBOOT).toList();
    List<Condition> conditions = new ArrayList<>();
    if (!failed.isEmpty()) {
      String message =
          failed.stream()
              .limit(10)
              .map(e -> e.name() + ": " + e.message())
              .collect(Collectors.joining("; "));
      conditions.add(
          condition(
              Conditions.READY, Conditions.FALSE, Reasons.EXTENSIONS_FAILED, message, generation));
      conditions.add(
          condition(
              Conditions.DEGRADED,
              Conditions.TRUE,
              Reasons.EXTENSIONS_FAILED,
              message,
              generation));
    } else {
      conditions.add(
          working.isEmpty()
              ? condition(
                  Conditions.READY,
                  Conditions.TRUE,
                  waiting.isEmpty() ? Reasons.ALL_ACTIVE : Reasons.AWAITING_REBOOT,
                  waiting.isEmpty() ? "" : names(waiting) + " wait for a boot",
                  generation)
              : condition(
                  Conditions.READY,
                  Conditions.FALSE,
                  Reasons.IN_PROGRESS,
                  names(working),
                  generation));
      conditions.add(
          condition(Conditions.DEGRADED, Conditions.FALSE, Reasons.ALL_ACTIVE, "", generation));
    }
    conditions.add(
        waiting.isEmpty()
            ? condition(
                Conditions.REBOOT_REQUIRED,
                Conditions.FALSE,
                Reasons.NOTHING_PENDING,
                "",
                generation)
            : condition(
                Conditions.REBOOT_REQUIRED,
                Conditions.TRUE,
                Reasons.LINKED_FOR_NEXT_BOOT,
                names(waiting),
                generation));
    if (!working.isEmpty()) {
      conditions.add(
          condition(
              Conditions.RECONCILING,
              Conditions.TRUE,
              Reasons.IN_PROGRESS,
              names(working),
              generation));
    } else if (!failed.isEmpty()) {
      conditions.add(
          condition(
              Conditions.STALLED,
              Conditions.TRUE,
              Reasons.EXTENSIONS_FAILED,
              names(failed),
              generation));
    }
    return conditions;
  }

  /**
   * Whether a Trusted Boot host would merge by itself what nobody signed: the agent refuses such an
   * image, another hand would not.
   */
  private static Optional<Condition> imagePolicy(HostStatus host, long generation) {
    if (!host.trustedBoot()) {
      return Optional.empty();
    }
    List<String> policies =
        host.imagePolicy().isEmpty() ? List.of() : List.of(host.imagePolicy().split(", ", -1));
    boolean strong =
        !policies.isEmpty()
            && policies.stream().map(ImagePolicy::parse).allMatch(ImagePolicy::demandsSignatures);
    String found =
        policies.isEmpty()
            ? "systemd-sysext has no image policy here"
            : "the image policy of systemd-sysext.service is '" + host.imagePolicy() + "'";
    return Optional.of(
        strong
            ? condition(
                Conditions.WEAK_IMAGE_POLICY,
                Conditions.FALSE,
                Reasons.SIGNATURES_DEMANDED,
                found,
                generation)
            : condition(
                Conditions.WEAK_IMAGE_POLICY,
                Conditions.TRUE,
                Reasons.UNSIGNED_IMAGES_ALLOWED,
                found
                    + ", with which this Trusted Boot host merges images that nobody signed: have it"
                    + " run with --image-policy=root=signed+absent:usr=signed+absent",
                generation));
  }

  private static String names(List<ExtensionStatus> entries) {
    return entries.stream()
        .map(e -> e.name() + " " + e.phase().text())
        .collect(Collectors.joining(", "));
  }

  private static Condition condition(
      String type, String status, String reason, String message, long generation) {
    return new ConditionBuilder()
        .withType(type)
        .withStatus(status)
        .withReason(reason)
        .withMessage(cut(message, MESSAGE_CHARACTERS))
        .withObservedGeneration(generation)
        .build();
  }

  private static String cut(String message, int characters) {
    return message.length() <= characters ? message : message.substring(0, characters - 1) + "…";
  }
}
