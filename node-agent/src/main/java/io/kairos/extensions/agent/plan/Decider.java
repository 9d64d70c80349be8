package io.kairos.extensions.agent.plan;

import io.kairos.extensions.agent.plan.Planner.Decision;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Requirements;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

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
 *   <li><b>passive and recovery are the way back</b>: beside other profiles they get a version once
 *       it is good here. Alone they are linked directly.
 *   <li><b>Removal</b>: profile links, run link, refresh, then root and good, and the image as
 *       garbage.
 *   <li>A merged image whose extension has services or health checks <b>proves itself</b>: before
 *       it is committed, once more at the end of its soak, and after each boot. One that does not
 *       is rolled back, and stays refused until its target changes; the good one stays and is
 *       looked at again. While a proof runs nothing about its name changes.
 *   <li>A file of somebody else under a name of ours stops everything for that name, unless it
 *       turns out to be the wanted image itself; and so does a name or digest that is none: it
 *       would become a path.
 * </ul>
 */
final class Decider {
  /**
   * The kernel takes one page of mount options; beyond it the overlay fails and everything is
   * unmerged.
   */
  private static final int OVERLAY_OPTION_BYTES = 4_000;

  private static final int OVERLAY_BYTES_EACH = 32 + "/usr".length();

  private static final int SAMPLES = 5;

  private static final Pattern NAME = Pattern.compile(Api.IMAGE_NAME_PATTERN);

  private static final Pattern DIGEST = Pattern.compile(Api.DIGEST_PATTERN);

  private final List<Assignment> assignments;
  private final HostView view;
  private final Memory memory;
  private final long nowMillis;

  /** What this plan lets into the overlay beside what is there already. */
  private final Set<String> admitted = new HashSet<>();

  Decider(List<Assignment> assignments, HostView view, Memory memory, long nowMillis) {
    this.assignments = assignments;
    this.view = view;
    this.memory = memory;
    this.nowMillis = nowMillis;
  }

  Decision decide(Assignment assignment) {
    if (!NAME.matcher(assignment.name()).matches()
        || !DIGEST.matcher(sha256(assignment)).matches()) {
      return Decision.of(
          assignment,
          Phase.INCOMPATIBLE,
          Reasons.INVALID_SPEC,
          "the name '" + assignment.name() + "' or its digest would be no plain file name");
    }
    if (memory.proving().containsKey(assignment.key())) {
      return checkingHealth(assignment);
    }
    if (assignment.remove()) {
      return remove(assignment);
    }
    Optional<String> foreign = view.name(assignment.name()).foreign();
    if (foreign.isPresent()) {
      return wayBack(assignment).dropFromRun(conflict(assignment, foreign.get()));
    }
    Decision decision = hold(assignment, decideFreely(assignment));
    return decision.expected().isPresent()
        ? decision
        : wayBack(assignment)
            .dropSuperseded(booted(assignment).map(profile -> sha256(assignment)), decision);
  }

  /** Files are compared with the wanted image before they are called a conflict, and adopted. */
  private Decision conflict(Assignment assignment, String foreign) {
    Decision conflict =
        Decision.of(
            assignment,
            Phase.FAILED,
            Reasons.FOREIGN_FILE,
            foreign
                + " is not ours and has the name: move it away, or give the extension another imageName");
    if (view.name(assignment.name()).adoptable(assignment.target().profiles()).isEmpty()) {
      return conflict;
    }
    Optional<Failure> failure = memory.failure(assignment);
    if (failure.isEmpty()) {
      return Decision.of(
              assignment,
              Phase.FETCHING,
              Planner.AT_WORK,
              foreign + " has the name: it is compared with the wanted image")
          .staging();
    }
    conflict = conflict.failures(failure.get().attempts());
    return failure.get().retryAtMillis() > nowMillis
        ? conflict.wakingAt(failure.get().retryAtMillis())
        : conflict.staging();
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
      return refused(assignment, refusal.get());
    }
    Optional<String> unmet = unmet(assignment.target().requires());
    if (unmet.isPresent()) {
      return giveUp(assignment, Phase.INCOMPATIBLE, Reasons.REQUIREMENT_NOT_MET, unmet.get());
    }
    Optional<Staged> staged = memory.staged(Memory.use(assignment));
    if (staged.isPresent() && staged.get() instanceof Staged.Unfit unfit) {
      return giveUp(assignment, Phase.INCOMPATIBLE, unfit.reason(), unfit.message());
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

  private Optional<String> unmet(Requirements requires) {
    if (!VersionConstraint.isMet(requires.systemd(), view.versions().systemd())) {
      return Optional.of(
          "it requires systemd "
              + requires.systemd()
              + ", the host has "
              + view.versions().systemd());
    }
    if (!VersionConstraint.isMet(requires.kernel(), view.versions().kernel())) {
      return Optional.of(
          "it requires a kernel "
              + requires.kernel()
              + ", the host has "
              + view.versions().kernel());
    }
    return Optional.empty();
  }

  private Decision decideFresh(Assignment assignment) {
    if (!view.images().contains(sha256(assignment))) {
      return stage(assignment);
    }
    if (booted(assignment).isPresent()
        && view.isMerged(assignment.name(), sha256(assignment))
        && !isProven(assignment, 1)) {
      return prove(assignment);
    }
    Decision decision =
        assignment.target().activation() == Activation.LIVE && booted(assignment).isPresent()
            ? live(assignment)
            : nextBoot(assignment);
    // what is in place already is not waited for, but a signature that it lacks comes to light
    boolean unverified =
        assignment.target().signature().required()
            && memory.staged(Memory.use(assignment)).isEmpty();
    return unverified ? decision.staging() : decision;
  }

  /** Whether services were dealt with in this boot, and the checks passed so often. */
  private boolean isProven(Assignment assignment, int times) {
    Target target = assignment.target();
    if (target.services().isEmpty() && target.healthChecks().isEmpty()) {
      return true;
    }
    return view.proof(assignment.name(), sha256(assignment))
        .filter(proof -> proof.has(target.healthChecks(), times))
        .isPresent();
  }

  private Decision prove(Assignment assignment) {
    boolean servicesDone = view.proof(assignment.name(), sha256(assignment)).isPresent();
    Target target = assignment.target();
    return checkingHealth(assignment)
        .proving(
            new Proving(
                assignment,
                sha256(assignment),
                servicesDone ? List.of() : target.services(),
                true,
                target.healthChecks()));
  }

  private static Decision checkingHealth(Assignment assignment) {
    return Decision.of(
        assignment,
        assignment.remove() ? Phase.REMOVING : Phase.VERIFYING,
        Reasons.CHECKING_HEALTH,
        "services are dealt with and health checks run");
  }

  /** Nothing is left of it, what was before is back, and its services run again. */
  private Decision refused(Assignment assignment, Refusal refusal) {
    String name = assignment.name();
    String sha256 = sha256(assignment);
    Decision rest = Decision.of(assignment, refusal.phase(), refusal.reason(), refusal.message());
    if (view.isMerged(name, sha256) && view.images().contains(sha256)) {
      Optional<Staged> staged = memory.staged(Memory.use(assignment));
      if (staged.isEmpty()) {
        return rest.as(Phase.ROLLING_BACK).staging(); // only a look into it tells how to go back
      }
      if (staged.get() instanceof Staged.Ready ready && ready.nodeRuntime().isPresent()) {
        return wayBack(assignment).rollBackWithNextBoot(sha256, rest);
      }
    }
    Decision back = wayBack(assignment).rollBack(sha256, rest);
    if (back.expected().isPresent()) {
      return back.as(Phase.ROLLING_BACK);
    }
    Optional<Failure> failure = memory.failure(assignment);
    if (failure.isPresent() && failure.get().retryAtMillis() > nowMillis) {
      return rest.failures(failure.get().attempts()).wakingAt(failure.get().retryAtMillis());
    }
    return view.mergedImage(name)
        .filter(image -> !image.equals(sha256))
        .filter(image -> !assignment.target().services().isEmpty())
        .filter(image -> view.proof(name, image).isEmpty())
        .map(
            image ->
                rest.as(Phase.ROLLING_BACK)
                    .proving(
                        new Proving(
                            assignment, image, assignment.target().services(), false, List.of())))
        .orElse(rest);
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
    return wayBack(assignment)
        .giveUp(sha256(assignment), Decision.of(assignment, phase, reason, message));
  }

  private WayBack wayBack(Assignment assignment) {
    return new WayBack(view, assignment.name(), booted(assignment));
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
    if (pending && wanted(assignment).changes().isEmpty()) {
      return bootFailed(assignment)
          ? tryOut(assignment)
          : Decision.of(
              assignment,
              Phase.PENDING_REBOOT,
              Reasons.LINKED_FOR_NEXT_BOOT,
              "the next boot merges it");
    }
    return commit(assignment);
  }

  /** Whether this agent saw a refresh fail with it: it must not get near another boot. */
  private boolean failedToMerge(Assignment assignment) {
    return memory.alone().contains(Memory.use(assignment))
        || memory
            .failure(assignment)
            .filter(failure -> failure.reason().equals(Reasons.MERGE_FAILED))
            .isPresent();
  }

  /** Whether the boot linked it, or had it proven before, and yet it is not merged. */
  private boolean bootFailed(Assignment assignment) {
    NameView links = view.name(assignment.name());
    boolean provenBefore =
        links.good().filter(sha256(assignment)::equals).isPresent()
            && !view.merged().containsKey(assignment.name());
    return provenBefore || links.linkedForRun().filter(sha256(assignment)::equals).isPresent();
  }

  private Decision tryOut(Assignment assignment) {
    if (!isReady(assignment)) {
      return stage(assignment);
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
      return giveUp(
          assignment,
          Phase.INCOMPATIBLE,
          Reasons.CARRIES_NODE_RUNTIME,
          ready.nodeRuntime().get()
              + " in the image is part of the node's own runtime and is not swapped live: "
              + (assignment.target().activation() == Activation.LIVE
                  ? "use activation NextBoot"
                  : "it did not merge at the last boot"));
    }
    Optional<Decision> refused = hidesMounts(assignment, ready).or(() -> tooMany(assignment));
    if (refused.isPresent()) {
      return refused.get();
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
    boolean lasts = assignment.target().soakSeconds() == 0 || isProven(assignment, 2);
    boolean proven = merged && (good || (soaked && lasts));

    List<Action> changes = wanted(assignment).changes();
    if (proven) {
      if (!good) {
        changes.add(new Action.SetGood(name, sha256));
      }
      changes.addAll(wanted(assignment).wayBack(changes));
    }
    if (!changes.isEmpty() && !isReady(assignment)) {
      return stage(assignment);
    }
    if (changes.isEmpty() && merged && !good && soaked && !lasts) {
      return prove(assignment); // the soak ends with what it began with
    }
    if (!merged && !changes.isEmpty()) {
      Optional<Decision> tooMany = tooMany(assignment);
      if (tooMany.isPresent()) {
        return tooMany.get();
      }
    }
    Decision decision;
    if (booted.isEmpty()) {
      decision =
          Decision.of(
              assignment,
              changes.isEmpty() ? Phase.ACTIVE : Phase.STAGED,
              changes.isEmpty() ? Reasons.LINKED_IN_OTHER_PROFILE : Planner.AT_WORK,
              "enabled in " + folders(assignment) + ", which is not what this host booted");
    } else if (!merged) {
      decision =
          Decision.of(
              assignment, Phase.STAGED, Planner.AT_WORK, "is being linked for the next boot");
    } else if (proven && good && changes.isEmpty()) {
      decision = Decision.of(assignment, Phase.ACTIVE, Reasons.MERGED, "");
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

  private Decision remove(Assignment assignment) {
    String name = assignment.name();
    NameView links = view.name(name);
    List<Action> disable = new ArrayList<>();
    Arrays.stream(Profile.values())
        .filter(profile -> links.inProfile(profile).isPresent())
        .forEach(profile -> disable.add(new Action.UnlinkProfile(profile, name)));
    if (links.hasOwnRunLink()) {
      disable.add(new Action.UnlinkRun(name));
    }
    boolean foreignRun = links.run().isPresent() && !links.hasOwnRunLink();
    boolean mergedOurs =
        !foreignRun
            && view.merged().containsKey(name)
            && (links.hasOwnRunLink() || view.merged().get(name).isPresent());
    if (mergedOurs || !disable.isEmpty()) {
      Decision decision =
          Decision.of(assignment, Phase.REMOVING, Planner.AT_WORK, "is being unlinked and unmerged")
              .relinking(disable, Optional.empty(), false);
      return memory
          .trouble()
          .map(
              trouble ->
                  Decision.of(assignment, Phase.REMOVING, Reasons.MERGE_FAILED, trouble.message())
                      .failures(trouble.attempts())
                      .relinking(disable, Optional.empty(), false))
          .orElse(decision);
    }
    List<Action> clear = new ArrayList<>();
    if (links.root().filter(Link.Image.class::isInstance).isPresent()) {
      clear.add(new Action.UnlinkRoot(name));
    }
    if (links.good().isPresent()) {
      clear.add(new Action.UnsetGood(name));
    }
    if (view.proofs().containsKey(name)) {
      clear.add(new Action.DropProof(name));
    }
    boolean imageLeft = view.images().contains(sha256(assignment)) && !usedElsewhere(assignment);
    if (clear.isEmpty() && !imageLeft) {
      return Decision.of(assignment, Phase.REMOVED, Reasons.REMOVED, "");
    }
    return Decision.of(assignment, Phase.REMOVING, Planner.AT_WORK, "its files are being deleted")
        .settling(clear);
  }

  private boolean usedElsewhere(Assignment assignment) {
    String sha256 = sha256(assignment);
    return view.names().entrySet().stream()
            .filter(entry -> !entry.getKey().equals(assignment.name()))
            .anyMatch(entry -> entry.getValue().images().anyMatch(sha256::equals))
        || assignments.stream().anyMatch(other -> !other.remove() && sha256(other).equals(sha256));
  }

  private Decision stage(Assignment assignment) {
    boolean working = memory.staging().filter(Memory.use(assignment)::equals).isPresent();
    boolean here = view.images().contains(sha256(assignment));
    return Decision.of(
            assignment,
            working || here ? Phase.FETCHING : Phase.PENDING,
            Planner.AT_WORK,
            working
                ? (here
                    ? "the image is being verified"
                    : "the image is being fetched from " + url(assignment))
                : "waits for its turn: one image at a time is fetched")
        .staging();
  }

  /** What is mounted below a hierarchy would no longer be seen: somebody needs it. */
  private Optional<Decision> hidesMounts(Assignment assignment, Staged.Ready ready) {
    List<String> hidden =
        ready.hierarchies().stream()
            .flatMap(hierarchy -> view.hides().getOrDefault(hierarchy, Set.of()).stream())
            .distinct()
            .sorted()
            .toList();
    if (hidden.isEmpty()) {
      return Optional.empty();
    }
    String more = hidden.size() > SAMPLES ? " and " + (hidden.size() - SAMPLES) + " more" : "";
    return Optional.of(
        giveUp(
            assignment,
            Phase.FAILED,
            Reasons.HIDES_MOUNTS,
            "the merge would hide what is mounted at "
                + String.join(", ", hidden.subList(0, Math.min(SAMPLES, hidden.size())))
                + more
                + ": unmount it, or use a host with systemd 257 or newer, which takes it along"));
  }

  private Optional<Decision> tooMany(Assignment assignment) {
    Set<Profile> folders = EnumSet.of(Profile.COMMON);
    folders.addAll(wanted(assignment).direct());
    view.bootProfile().ifPresent(folders::add);
    Set<String> names = new HashSet<>(view.merged().keySet());
    view.names()
        .forEach(
            (name, links) -> {
              if (links.run().isPresent()
                  || folders.stream().anyMatch(links.profiles()::containsKey)) {
                names.add(name);
              }
            });
    names.addAll(admitted);
    names.add(assignment.name());
    int bytes = names.stream().mapToInt(name -> OVERLAY_BYTES_EACH + name.length()).sum();
    if (bytes < OVERLAY_OPTION_BYTES) {
      admitted.add(assignment.name());
      return Optional.empty();
    }
    return Optional.of(
        giveUp(
            assignment,
            Phase.FAILED,
            Reasons.TOO_MANY_EXTENSIONS,
            names.size()
                + " extensions need "
                + bytes
                + " bytes of mount options, the kernel takes fewer than "
                + OVERLAY_OPTION_BYTES
                + ": remove some or give them shorter names"));
  }

  /** Whether the image was verified and found fit in this agent's life, and is still there. */
  private boolean isReady(Assignment assignment) {
    return view.images().contains(sha256(assignment))
        && memory.staged(Memory.use(assignment)).filter(Staged.Ready.class::isInstance).isPresent();
  }

  private Optional<Profile> booted(Assignment assignment) {
    return wanted(assignment).booted();
  }

  private WantedLinks wanted(Assignment assignment) {
    return new WantedLinks(view, assignment);
  }

  private static String folders(Assignment assignment) {
    return String.join(", ", assignment.target().profiles().stream().map(Profile::text).toList());
  }

  private static String sha256(Assignment assignment) {
    return assignment.target().image().sha256();
  }

  private static String url(Assignment assignment) {
    return assignment.target().image().url();
  }
}
