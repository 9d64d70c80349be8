package io.kairos.extensions.agent.plan;

import io.kairos.extensions.agent.plan.Planner.Decision;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
 *       merge is refreshed once; when that fails too, {@code good} comes back.
 *   <li><b>passive and recovery are the way back</b>: beside other profiles they get a version once
 *       it is good here. Alone they are linked directly.
 *   <li><b>Removal</b>: profile links, run link, refresh, then root and good, and the image as
 *       garbage.
 *   <li>A file of somebody else under a name of ours stops everything for that name.
 * </ul>
 */
final class Decider {
  /**
   * The kernel takes one page of mount options; beyond it the overlay fails and everything is
   * unmerged.
   */
  private static final int OVERLAY_OPTION_BYTES = 4_000;

  private static final int OVERLAY_BYTES_EACH = 32 + "/usr".length();

  private final List<Assignment> assignments;
  private final HostView view;
  private final Memory memory;
  private final long nowMillis;

  Decider(List<Assignment> assignments, HostView view, Memory memory, long nowMillis) {
    this.assignments = assignments;
    this.view = view;
    this.memory = memory;
    this.nowMillis = nowMillis;
  }

  Decision decide(Assignment assignment) {
    if (assignment.remove()) {
      return remove(assignment);
    }
    Optional<String> foreign = view.name(assignment.name()).foreign();
    if (foreign.isPresent()) {
      return Decision.of(
          assignment,
          Phase.FAILED,
          Reasons.FOREIGN_FILE,
          foreign.get()
              + " is not ours and has the name: move it away, or give the extension another imageName");
    }
    Optional<Staged> staged = memory.staged(Memory.use(assignment));
    if (staged.isPresent() && staged.get() instanceof Staged.Unfit unfit) {
      return putBack(assignment, Phase.INCOMPATIBLE, unfit.reason(), unfit.message());
    }
    Optional<Failure> failure = memory.failure(assignment);
    if (failure.isPresent() && failure.get().retryAtMillis() > nowMillis) {
      return putBack(assignment, Phase.FAILED, failure.get().reason(), failure.get().message())
          .failures(failure.get().attempts())
          .wakingAt(failure.get().retryAtMillis());
    }
    Decision decision =
        assignment.target().activation() == Activation.LIVE && booted(assignment).isPresent()
            ? live(assignment)
            : nextBoot(assignment);
    return decision.failures(failure.map(Failure::attempts).orElse(0));
  }

  /** Others are tried first: what is merged stays what is linked. */
  Decision waitForTurn(Assignment assignment) {
    return putBack(
        assignment,
        Phase.STAGED,
        Planner.AT_WORK,
        "waits until other images were tried one by one");
  }

  private Decision live(Assignment assignment) {
    if (view.isMerged(assignment.name(), sha256(assignment))) {
      return commit(assignment);
    }
    return tryOut(assignment);
  }

  private Decision nextBoot(Assignment assignment) {
    NameView links = view.name(assignment.name());
    List<Action> changes = links(assignment, links, false);
    if (changes.isEmpty() && booted(assignment).isPresent()) {
      boolean merged = view.isMerged(assignment.name(), sha256(assignment));
      if (!merged && links.linkedForRun().filter(sha256(assignment)::equals).isPresent()) {
        return tryOut(assignment);
      }
      if (!merged) {
        return Decision.of(
            assignment,
            Phase.PENDING_REBOOT,
            Reasons.LINKED_FOR_NEXT_BOOT,
            "the next boot merges it");
      }
    }
    return commit(assignment);
  }

  private Decision tryOut(Assignment assignment) {
    if (!isReady(assignment)) {
      return stage(assignment);
    }
    Staged.Ready ready = (Staged.Ready) memory.staged(Memory.use(assignment)).orElseThrow();
    if (assignment.target().activation() == Activation.LIVE && ready.nodeRuntime().isPresent()) {
      return putBack(
          assignment,
          Phase.INCOMPATIBLE,
          Reasons.CARRIES_NODE_RUNTIME,
          ready.nodeRuntime().get()
              + " in the image is part of the node's own runtime and is not swapped live: use activation NextBoot");
    }
    Optional<Decision> tooMany = tooMany(assignment);
    if (tooMany.isPresent()) {
      return tooMany.get();
    }
    String sha256 = sha256(assignment);
    boolean linked = view.name(assignment.name()).linkedForRun().filter(sha256::equals).isPresent();
    return Decision.of(
            assignment, Phase.ACTIVATING, Planner.AT_WORK, "systemd-sysext is being refreshed")
        .relinking(
            linked ? List.of() : List.of(new Action.LinkRunToImage(assignment.name(), sha256)),
            Optional.of(sha256),
            true);
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
    boolean proven = merged && (good || (soak.isPresent() && soakEnd <= nowMillis));

    List<Action> changes = links(assignment, links, proven);
    if (!changes.isEmpty() && !isReady(assignment)) {
      return stage(assignment);
    }
    if (!merged && !changes.isEmpty()) {
      Optional<Decision> tooMany = tooMany(assignment);
      if (tooMany.isPresent()) {
        return tooMany.get();
      }
    }
    if (proven && !good) {
      changes.add(new Action.SetGood(name, sha256));
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

  /**
   * The link changes that make the host's links those of the target, in the order of the durable
   * steps: profile links, root link, run link, then what is enabled no more.
   */
  private List<Action> links(Assignment assignment, NameView links, boolean proven) {
    String name = assignment.name();
    String sha256 = sha256(assignment);
    Set<Profile> wanted = new HashSet<>(direct(assignment));
    if (proven) {
      wanted.addAll(assignment.target().profiles());
    }
    Optional<Profile> booted = booted(assignment);
    boolean merged = booted.isPresent() && view.isMerged(name, sha256);
    List<Action> linking = new ArrayList<>();
    Arrays.stream(Profile.values())
        .filter(wanted::contains)
        .filter(profile -> links.inProfile(profile).filter(sha256::equals).isEmpty())
        .forEach(profile -> linking.add(new Action.LinkProfile(profile, name, sha256)));
    List<Action> unlinking = new ArrayList<>();
    Arrays.stream(Profile.values())
        .filter(profile -> !assignment.target().profiles().contains(profile))
        .filter(profile -> links.inProfile(profile).isPresent())
        .forEach(profile -> unlinking.add(new Action.UnlinkProfile(profile, name)));

    List<Action> changes = new ArrayList<>();
    if (!merged && !(linking.isEmpty() && unlinking.isEmpty())) {
      pin(links, name).ifPresent(changes::add);
    }
    if (assignment.target().profiles().contains(Profile.COMMON)
        || links.inProfile(Profile.COMMON).isPresent()) {
      changes.addAll(
          unlinking); // immucore stops linking where a name is in common and in another profile
      changes.addAll(linking);
    } else {
      changes.addAll(linking);
    }
    if (links.root().filter(new Link.Image(sha256)::equals).isEmpty()) {
      changes.add(new Action.LinkRoot(name, sha256));
    }
    if (merged
        && (wanted.contains(booted.get())
            || links.inProfile(booted.get()).filter(sha256::equals).isPresent())
        && links.run().filter(new Link.ViaProfile(booted.get())::equals).isEmpty()) {
      changes.add(new Action.LinkRunToProfile(name, booted.get()));
    }
    if (!changes.containsAll(unlinking)) {
      changes.addAll(unlinking);
    }
    return changes;
  }

  /**
   * Holds a merged version by its run link before the profile link that it goes through moves on.
   */
  private Optional<Action> pin(NameView links, String name) {
    Optional<String> mergedNow = view.merged().getOrDefault(name, Optional.empty());
    boolean throughProfile = links.run().filter(Link.ViaProfile.class::isInstance).isPresent();
    return mergedNow
        .filter(sha -> throughProfile && view.images().contains(sha))
        .map(sha -> new Action.LinkRunToImage(name, sha));
  }

  /**
   * Gives up on an image for now: where it is linked but not merged, what was before comes back.
   */
  private Decision putBack(Assignment assignment, Phase phase, String reason, String message) {
    String name = assignment.name();
    String sha256 = sha256(assignment);
    NameView links = view.name(name);
    Decision decision = Decision.of(assignment, phase, reason, message);
    boolean linkedUnmerged =
        links.linkedForRun().filter(sha256::equals).isPresent() && !view.isMerged(name, sha256);
    if (!linkedUnmerged) {
      return decision;
    }
    Optional<Profile> booted = booted(assignment);
    Optional<String> committed = booted.flatMap(links::inProfile);
    if (committed.isPresent() && !committed.get().equals(sha256)) {
      return decision.relinking(
          List.of(new Action.LinkRunToProfile(name, booted.get())), committed, false);
    }
    Optional<String> good =
        links.good().filter(image -> !image.equals(sha256) && view.images().contains(image));
    List<Action> steps = new ArrayList<>();
    for (Map.Entry<Profile, Link> enabled : links.profiles().entrySet()) {
      if (enabled.getValue().equals(new Link.Image(sha256))) {
        steps.add(
            good.<Action>map(image -> new Action.LinkProfile(enabled.getKey(), name, image))
                .orElseGet(() -> new Action.UnlinkProfile(enabled.getKey(), name)));
      }
    }
    good.ifPresent(image -> steps.add(new Action.LinkRoot(name, image)));
    steps.add(
        good.<Action>map(image -> new Action.LinkRunToImage(name, image))
            .orElseGet(() -> new Action.UnlinkRun(name)));
    return decision.relinking(steps, good, false);
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

  private Optional<Decision> tooMany(Assignment assignment) {
    Set<String> names = new HashSet<>(view.merged().keySet());
    booted(assignment)
        .ifPresent(
            profile ->
                view.names()
                    .forEach(
                        (name, links) ->
                            links.inProfile(profile).ifPresent(image -> names.add(name))));
    names.add(assignment.name());
    int bytes = names.stream().mapToInt(name -> OVERLAY_BYTES_EACH + name.length()).sum();
    return bytes < OVERLAY_OPTION_BYTES
        ? Optional.empty()
        : Optional.of(
            putBack(
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

  /** The profile folder of the target that the booted system merges. */
  private Optional<Profile> booted(Assignment assignment) {
    List<Profile> profiles = assignment.target().profiles();
    return view.bootProfile()
        .map(profile -> profiles.contains(Profile.COMMON) ? Profile.COMMON : profile)
        .filter(profiles::contains);
  }

  private static Set<Profile> direct(Assignment assignment) {
    Set<Profile> profiles = EnumSet.copyOf(assignment.target().profiles());
    Set<Profile> first = EnumSet.copyOf(profiles);
    first.removeAll(EnumSet.of(Profile.PASSIVE, Profile.RECOVERY));
    return first.isEmpty() ? profiles : first;
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
