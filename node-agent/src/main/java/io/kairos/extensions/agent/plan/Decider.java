package io.kairos.extensions.agent.plan;

import io.kairos.extensions.agent.plan.Planner.Decision;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Requirements;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Decides about one assignment.
 *
 * <ul>
 *   <li><b>Live is trial before commit.</b> The run link leads to the new image, a refresh merges
 *       it; only when PID 1 shows it do the profile links, the root link and at last the run link
 *       follow. A power cut during the trial boots the old version. After the soak the version is
 *       {@code good}.
 *   <li><b>NextBoot commits first.</b> A merged version is pinned by its run link, so that a
 *       refresh for the sake of another extension does not slip the new one in. What a boot did not
 *       merge is refreshed; when that fails too, {@code good} comes back, and from then on it has
 *       to pass a trial before it is linked for another boot.
 *   <li><b>Reboot</b> is that as well: the reboot that follows is the operator's to allow.
 *   <li><b>Stage</b> wants an image in the store, verified and found fit, and no more: what of the
 *       name is linked and merged stays as it is, and is no longer looked after.
 *   <li>What is to wait <b>for a drain</b> gives way until the operator allows it. What was good on
 *       this host is merged again without: that is a repair, and so is going back.
 *   <li><b>passive and recovery are the way back</b>: beside other profiles they get a version once
 *       it is good here. Alone they are linked directly. Where an entry boots another system than
 *       the one that runs, its folder keeps what it has until the image was matched with that one.
 *   <li><b>Removal</b> is {@link Removal}'s.
 *   <li>A merged image whose extension has services or health checks <b>proves itself</b>: before
 *       it is committed, once more at the end of its soak, and after each boot. One that does not
 *       is rolled back ({@link ProofGate}); the good one stays and is looked at again. While a
 *       proof runs nothing about its name changes.
 *   <li>While a host <b>is frozen</b>, as its unit is masked, what is merged stays, and nothing new
 *       is linked, not even for a boot: the unit does not say what it would take. That is no
 *       verdict on any image, so nothing is held against one, and nothing is taken back.
 *   <li>While an image that is linked or merged <b>is hashed again</b>, as its file is not what was
 *       verified, nothing about its name changes: it may be the way back.
 *   <li>A file of somebody else under a name of ours stops everything for that name, unless it
 *       turns out to be the wanted image itself; and so does a name or digest that is none: it
 *       would become a path.
 * </ul>
 */
final class Decider {
  private static final Pattern NAME = Pattern.compile(Api.IMAGE_NAME_PATTERN);

  private static final Pattern DIGEST = Pattern.compile(Api.DIGEST_PATTERN);

  private static final long FROZEN_LOOK_MILLIS = 10_000;

  private final HostView view;
  private final Memory memory;
  private final Grants grants;
  private final long nowMillis;
  private final Removal removal;
  private final ImageGate images;
  private final ProofGate proofs;
  private final MergeLimits limits;

  Decider(
      List<Assignment> assignments, HostView view, Memory memory, Grants grants, long nowMillis) {
    this.view = view;
    this.memory = memory;
    this.grants = grants;
    this.nowMillis = nowMillis;
    this.removal = new Removal(assignments, view, memory, grants, nowMillis);
    this.images = new ImageGate(view, memory, nowMillis);
    this.proofs = new ProofGate(view, memory, nowMillis);
    this.limits = new MergeLimits(view);
  }

  Decision decide(Assignment assignment) {
    if (!isPlainName(assignment)) {
      return decision(assignment, noPlainName(assignment));
    }
    if (memory.proving().containsKey(assignment.key())) {
      return ProofGate.checkingHealth(assignment);
    }
    if (assignment.remove()) {
      return removal.decide(assignment);
    }
    if (view.obstacle().isPresent()) {
      return giveUp(
          assignment, Phase.INCOMPATIBLE, Reasons.CLASS_NOT_SUPPORTED, view.obstacle().get());
    }
    Set<String> unverified = view.unverified(assignment.name());
    if (!unverified.isEmpty()) {
      return images.hashedAgain(assignment, unverified);
    }
    if (assignment.target().activation() == Activation.STAGE) {
      return wayBack(assignment)
          .dropFromRun(
              refusal(assignment)
                  .map(refusal -> decision(assignment, refusal))
                  .orElseGet(() -> images.stageOnly(assignment)));
    }
    Optional<Refusal> noProfile = new HostProfiles(view.profiles()).refusal(assignment.target());
    if (noProfile.isPresent()) {
      return giveUp(
          assignment, noProfile.get().phase(), noProfile.get().reason(), noProfile.get().message());
    }
    Optional<String> foreign = view.name(assignment.name()).foreign();
    if (foreign.isPresent()) {
      return wayBack(assignment).dropFromRun(images.conflict(assignment, foreign.get()));
    }
    Decision decision = hold(assignment, decideFreely(assignment));
    return decision.expected().isPresent()
        ? decision
        : wayBack(assignment)
            .dropSuperseded(booted(assignment).map(profile -> sha256(assignment)), decision);
  }

  /** Whether name and digest can be file names. */
  static boolean isPlainName(Assignment assignment) {
    return NAME.matcher(assignment.name()).matches()
        && DIGEST.matcher(sha256(assignment)).matches();
  }

  static Refusal noPlainName(Assignment assignment) {
    return new Refusal(
        Phase.INCOMPATIBLE,
        Reasons.INVALID_SPEC,
        "the name '" + assignment.name() + "' or its digest would be no plain file name");
  }

  private static Decision decision(Assignment assignment, Refusal refusal) {
    return Decision.of(assignment, refusal.phase(), refusal.reason(), refusal.message());
  }

  /** Why it cannot be wanted here, whatever is done. */
  private Optional<Refusal> refusal(Assignment assignment) {
    return memory
        .refusal(assignment)
        .or(() -> unmet(assignment.target().requires(), view.versions()))
        .or(
            () ->
                memory
                    .staged(Memory.use(assignment))
                    .filter(Staged.Unfit.class::isInstance)
                    .map(Staged.Unfit.class::cast)
                    .map(one -> new Refusal(Phase.INCOMPATIBLE, one.reason(), one.message())));
  }

  /**
   * What is merged stays linked: a removal that was taken back may have been cut off half way, or
   * the image of a trial have gone.
   */
  private Decision hold(Assignment assignment, Decision decision) {
    Optional<String> mergedNow = view.mergedImage(assignment.name());
    Optional<String> linked =
        view.name(assignment.name()).linkedForRun().filter(view.images()::contains);
    if (mergedNow.isEmpty() || linked.isPresent()) {
      return decision;
    }
    List<Action> steps = new ArrayList<>();
    steps.add(new Action.LinkRunToImage(assignment.name(), mergedNow.get()));
    steps.addAll(decision.settle());
    return decision.settling(steps);
  }

  private Decision decideFreely(Assignment assignment) {
    Optional<Refusal> refusal = memory.refusal(assignment);
    if (refusal.isPresent()) {
      return proofs.refused(assignment, refusal.get());
    }
    Optional<Refusal> unfit = refusal(assignment);
    if (unfit.isPresent()) {
      return giveUp(assignment, unfit.get().phase(), unfit.get().reason(), unfit.get().message());
    }
    Optional<Failure> failure = memory.failure(assignment);
    if (failure.isPresent() && failure.get().retryAtMillis() > nowMillis) {
      return giveUp(assignment, Phase.FAILED, failure.get().reason(), failure.get().message())
          .failures(failure.get().attempts())
          .wakingAt(failure.get().retryAtMillis());
    }
    Decision decision = decideFresh(assignment);
    return decision.failures(failure.map(Failure::attempts).orElse(0));
  }

  /** What the host lacks of what an extension requires. */
  static Optional<Refusal> unmet(Requirements requires, HostView.Versions versions) {
    if (!VersionConstraint.isMet(requires.systemd(), versions.systemd())) {
      return Optional.of(
          unmet("systemd " + requires.systemd() + ", the host has " + versions.systemd()));
    }
    if (!VersionConstraint.isMet(requires.kernel(), versions.kernel())) {
      return Optional.of(
          unmet("a kernel " + requires.kernel() + ", the host has " + versions.kernel()));
    }
    return Optional.empty();
  }

  private static Refusal unmet(String what) {
    return new Refusal(Phase.INCOMPATIBLE, Reasons.REQUIREMENT_NOT_MET, "it requires " + what);
  }

  private Decision decideFresh(Assignment assignment) {
    if (!view.images().contains(sha256(assignment))) {
      return images.stage(assignment);
    }
    if (booted(assignment).isPresent()
        && view.isMerged(assignment.name(), sha256(assignment))
        && !proofs.isProven(assignment, 1)) {
      return proofs.prove(assignment);
    }
    if (view.frozen().isPresent() && !view.isMerged(assignment.name(), sha256(assignment))) {
      return frozen(assignment, Phase.FAILED, view.frozen().get(), nowMillis);
    }
    Decision decision =
        assignment.target().activation() == Activation.LIVE && booted(assignment).isPresent()
            ? live(assignment)
            : nextBoot(assignment);
    // what is in place already is not waited for, but what is wrong with it comes to light
    ImageUse use = Memory.use(assignment);
    boolean unverified =
        (assignment.target().signature().required() || memory.outdated().contains(use))
            && memory.staged(use).filter(Staged.Ready.class::isInstance).isEmpty();
    return unverified ? decision.staging() : decision;
  }

  /** Waits for a person, and looks again soon. */
  static Decision frozen(Assignment assignment, Phase phase, String why, long nowMillis) {
    return Decision.of(assignment, phase, Reasons.UNIT_MASKED, why)
        .wakingAt(nowMillis + FROZEN_LOOK_MILLIS);
  }

  /** Others are tried first: what is merged stays what is linked. */
  Decision waitForTurn(Assignment assignment) {
    return giveWay(assignment, Planner.AT_WORK, "waits until other images were tried one by one");
  }

  /** What it requires has to be merged first: what is merged stays what is linked. */
  Decision waitForRequired(Assignment assignment, List<String> required) {
    return giveWay(
        assignment,
        Reasons.WAITS_FOR_EXTENSION,
        "waits for " + String.join(", ", required) + ", which it requires");
  }

  private Decision giveWay(Assignment assignment, String reason, String message) {
    return wayBack(assignment)
        .giveWay(sha256(assignment), Decision.of(assignment, Phase.STAGED, reason, message));
  }

  private Decision giveUp(Assignment assignment, Phase phase, String reason, String message) {
    Decision decision = Decision.of(assignment, phase, reason, message);
    return failedToMerge(assignment)
        ? wayBack(assignment).giveUp(sha256(assignment), decision)
        : wayBack(assignment).refuse(sha256(assignment), decision);
  }

  private Decision putOff(Assignment assignment, MergeLimits.Exceeded limit) {
    return putOff(
        assignment, Decision.of(assignment, Phase.FAILED, limit.reason(), limit.message()));
  }

  /** The image is fit, and yet not to be merged now. */
  private Decision putOff(Assignment assignment, Decision decision) {
    return failedToMerge(assignment)
        ? wayBack(assignment).giveUp(sha256(assignment), decision)
        : wayBack(assignment).putOff(sha256(assignment), decision);
  }

  private WayBack wayBack(Assignment assignment) {
    return WayBack.of(view, memory, assignment);
  }

  private Decision live(Assignment assignment) {
    if (view.isMerged(assignment.name(), sha256(assignment))) {
      return commit(assignment);
    }
    return tryOut(assignment);
  }

  private Decision nextBoot(Assignment assignment) {
    boolean pending =
        booted(assignment).isPresent() && !view.isMerged(assignment.name(), sha256(assignment));
    if (pending && failedToMerge(assignment)) {
      return tryOut(assignment);
    }
    if (pending && wanted(assignment).isWithoutPlace()) {
      return withoutPlace(assignment, List.of());
    }
    if (pending && wanted(assignment).changes().isEmpty()) {
      return bootFailed(assignment) ? tryOut(assignment) : pendingReboot(assignment);
    }
    return commit(assignment);
  }

  private static Decision pendingReboot(Assignment assignment) {
    return Decision.of(
        assignment, Phase.PENDING_REBOOT, Reasons.LINKED_FOR_NEXT_BOOT, "the next boot merges it");
  }

  /** Whether a refresh failed with it: it must not get near another boot. */
  private boolean failedToMerge(Assignment assignment) {
    return memory.alone().contains(Memory.use(assignment));
  }

  /** Whether the boot linked it, or had it proven before, and yet it is not merged. */
  private boolean bootFailed(Assignment assignment) {
    NameView links = view.name(assignment.name());
    boolean provenBefore =
        links.wasGood(sha256(assignment)) && !view.merged().containsKey(assignment.name());
    return provenBefore || links.linkedForRun().filter(sha256(assignment)::equals).isPresent();
  }

  private Decision tryOut(Assignment assignment) {
    if (!images.isReady(assignment)) {
      return images.stage(assignment);
    }
    Staged.Ready ready = (Staged.Ready) memory.staged(Memory.use(assignment)).orElseThrow();
    String name = assignment.name();
    String sha256 = sha256(assignment);
    NameView links = view.name(name);
    boolean booted =
        booted(assignment).flatMap(links::inProfile).filter(sha256::equals).isPresent();
    boolean swap =
        view.merged().containsKey(name)
            || (assignment.target().activation() == Activation.LIVE && !booted);
    if (swap && ready.nodeRuntime().isPresent()) {
      boolean live = assignment.target().activation() == Activation.LIVE;
      if (!live && !failedToMerge(assignment) && wayBack(assignment).isMergedLost()) {
        return pendingReboot(assignment); // the last boot merged something, so it did not fail
      }
      return putOff(
          assignment,
          Decision.of(
              assignment,
              Phase.INCOMPATIBLE,
              Reasons.CARRIES_NODE_RUNTIME,
              ready.nodeRuntime().get()
                  + " in the image is part of the node's own runtime and is not swapped live: "
                  + (live
                      ? "use activation NextBoot or Reboot"
                      : "it did not merge at the last boot")));
    }
    Optional<MergeLimits.Exceeded> exceeded =
        limits.hidesMounts(ready).or(() -> limits.tooMany(assignment));
    if (exceeded.isPresent()) {
      return putOff(assignment, exceeded.get());
    }
    boolean repair = links.wasGood(sha256);
    if (assignment.target().activation() == Activation.LIVE
        && !repair
        && !grants.allow(assignment)) {
      Decision waits =
          Decision.of(
              assignment,
              Phase.STAGED,
              Reasons.AWAITING_DRAIN,
              "is merged once the node's pods were moved away");
      return wayBack(assignment).isMergedLost()
          ? waits
          : wayBack(assignment).giveWay(sha256, waits);
    }
    List<Action> steps = new ArrayList<>(wayBack(assignment).superseded(Optional.of(sha256)));
    if (links.linkedForRun().filter(sha256::equals).isEmpty()) {
      steps.add(new Action.LinkRunToImage(name, sha256));
    }
    return Decision.of(
            assignment, Phase.ACTIVATING, Planner.AT_WORK, "systemd-sysext is being refreshed")
        .relinking(steps, Optional.of(sha256), true);
  }

  /** Links what is proven, or what a boot shall prove. */
  private Decision commit(Assignment assignment) {
    NameView links = view.name(assignment.name());
    String name = assignment.name();
    String sha256 = sha256(assignment);
    Optional<Profile> booted = booted(assignment);
    boolean merged = booted.isPresent() && view.isMerged(name, sha256);
    boolean good = links.good().filter(sha256::equals).isPresent();
    Optional<Memory.Soak> soak =
        Optional.ofNullable(memory.soaks().get(assignment.key()))
            .filter(s -> s.sha256().equals(sha256));
    long soakEnd =
        soak.map(Memory.Soak::sinceMillis).orElse(nowMillis)
            + assignment.target().soakSeconds() * 1000L;
    boolean soaked = soak.isPresent() && soakEnd <= nowMillis;
    boolean lasts = assignment.target().soakSeconds() == 0 || proofs.isProven(assignment, 2);
    boolean proven = merged && (good || (soaked && lasts));

    List<Action> changes = wanted(assignment).changes();
    if (proven) {
      if (!good) {
        changes.add(new Action.SetGood(name, sha256));
      }
      changes.addAll(wanted(assignment).wayBack(changes));
    }
    if (!changes.isEmpty() && !images.isReady(assignment)) {
      boolean isForOthers =
          changes.stream()
              .allMatch(
                  change ->
                      change instanceof Action.LinkProfile link
                          && view.others().containsKey(link.profile()));
      return proven && good && isForOthers
          ? Decision.of(assignment, Phase.ACTIVE, Reasons.MERGED, "").staging()
          : images.stage(assignment);
    }
    Map<Profile, Staged.Unfit> kept = wanted(assignment).kept();
    if (booted.isEmpty() && wanted(assignment).isWithoutPlace()) {
      return withoutPlace(assignment, changes);
    }
    if (changes.isEmpty() && merged && !good && soaked && !lasts) {
      return proofs.prove(assignment); // the soak ends with what it began with
    }
    if (!merged && !changes.isEmpty()) {
      Optional<MergeLimits.Exceeded> tooMany = limits.tooMany(assignment);
      if (tooMany.isPresent()) {
        return putOff(assignment, tooMany.get());
      }
    }
    Decision decision;
    if (booted.isEmpty()) {
      decision =
          Decision.of(
              assignment,
              changes.isEmpty() ? Phase.ACTIVE : Phase.STAGED,
              changes.isEmpty() ? Reasons.LINKED_IN_OTHER_PROFILE : Planner.AT_WORK,
              "enabled in "
                  + folders(assignment, kept.keySet())
                  + ", which is not what this host booted"
                  + (kept.isEmpty() ? "" : "; " + kept(kept)));
    } else if (!merged) {
      decision =
          Decision.of(
              assignment, Phase.STAGED, Planner.AT_WORK, "is being linked for the next boot");
    } else if (proven && good && changes.isEmpty()) {
      decision = Decision.of(assignment, Phase.ACTIVE, Reasons.MERGED, kept(kept));
    } else {
      decision =
          Decision.of(
                  assignment,
                  Phase.VERIFYING,
                  Reasons.SOAKING,
                  "merged; has to stay so for " + assignment.target().soakSeconds() + " s")
              .wakingAt(soakEnd);
    }
    return decision.settling(changes);
  }

  /** No entry that it is meant for takes it; what it is no longer meant for is unlinked. */
  private Decision withoutPlace(Assignment assignment, List<Action> changes) {
    Map<Profile, Staged.Unfit> kept = wanted(assignment).kept();
    return giveUp(
            assignment, Phase.INCOMPATIBLE, kept.values().iterator().next().reason(), kept(kept))
        .settling(
            changes.stream()
                .filter(
                    change ->
                        change instanceof Action.UnlinkProfile
                            || change instanceof Action.LinkRunToImage)
                .toList());
  }

  /** For a person. */
  private String kept(Map<Profile, Staged.Unfit> kept) {
    return kept.entrySet().stream()
        .map(
            entry ->
                view.folders().get(entry.getKey())
                    + " is left as it is, as its entry boots "
                    + view.others().get(entry.getKey()).text()
                    + ": "
                    + entry.getValue().message())
        .collect(Collectors.joining("; "));
  }

  private Optional<Profile> booted(Assignment assignment) {
    return wanted(assignment).booted();
  }

  private WantedLinks wanted(Assignment assignment) {
    return new WantedLinks(view, assignment, images.misfits(assignment));
  }

  private static String folders(Assignment assignment, Set<Profile> butFor) {
    return assignment.target().profiles().stream()
        .filter(profile -> !butFor.contains(profile))
        .map(Profile::text)
        .collect(Collectors.joining(", "));
  }

  private static String sha256(Assignment assignment) {
    return assignment.target().image().sha256();
  }
}
