package io.kairos.extensions.agent.plan;

import io.kairos.extensions.agent.plan.Planner.Decision;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Gets an image out of the way of all others: as long as the run folder links one that does not
 * merge, no refresh works, and a boot that finds it in a profile merges nothing at all.
 *
 * <p>In its place comes what is merged now; where nothing is, what the booted profile was committed
 * to; where that is the image itself, the version that is good. A good version stays in its
 * profiles when a refresh with it fails: it has been merged here before, so the fault may well be
 * another's.
 *
 * <p>A boot entry with another system than the one that runs is left as it is: what does not work
 * here says nothing about what it boots. And what is good on another system alone takes the place
 * of nothing that was proven on this one, and does not stay in its profiles where it does not merge
 * on this one.
 *
 * <p>Where something is merged of which nobody knows what it is, or whose file is gone, a refresh
 * could not bring it back: links may move, but none is asked for, and what is merged stays for as
 * long as nothing else needs one.
 */
final class WayBack {
  /** So many refreshes in a row that fail are no accident. */
  private static final int SURELY = 3;

  private final HostView view;
  private final String name;
  private final NameView links;

  /** The profile folder in which the booted system looks for the name. */
  private final Optional<Profile> booted;

  /**
   * What is linked and good on another system alone, and not merged, where the host refuses one
   * refresh after the other.
   */
  private final Optional<String> troublesome;

  WayBack(HostView view, String name, Optional<Profile> booted, Optional<Memory.Trouble> trouble) {
    this.view = view;
    this.name = name;
    this.links = view.name(name);
    this.booted = booted;
    this.troublesome =
        trouble
            .filter(one -> one.attempts() >= SURELY)
            .flatMap(one -> links.linkedForRun())
            .filter(image -> !view.isMerged(name, image))
            .filter(links::isStrange);
  }

  /** The way back of an assignment's name. */
  static WayBack of(HostView view, Memory memory, Assignment assignment) {
    return new WayBack(
        view, assignment.name(), new WantedLinks(view, assignment).booted(), memory.trouble());
  }

  /** Lets one that is fit for the host wait: what is merged, and would not come back, stays. */
  Decision putOff(String sha256, Decision decision) {
    return isMergedLost() ? decision : giveUp(sha256, decision);
  }

  /** Gives up on one that is refused: it stays where it may be what is merged, as if it were. */
  Decision refuse(String sha256, Decision decision) {
    return isMergedUnknown() ? decision : giveUp(sha256, decision);
  }

  /** Gives up on an image for now. */
  Decision giveUp(String sha256, Decision decision) {
    if (!isInTheWay(sha256)) {
      return decision;
    }
    Optional<String> back = mergedNow().or(() -> committed(sha256)).or(() -> good(sha256));
    boolean merges = // as far as anybody knows
        !links.isStrange(sha256) || !decision.standing().reason().equals(Reasons.MERGE_FAILED);
    boolean stays = decision.standing().phase() == Phase.FAILED && links.wasGood(sha256) && merges;
    List<Action> steps = new ArrayList<>();
    if (!stays) {
      for (Profile profile : profiles()) {
        if (links.inProfile(profile).filter(sha256::equals).isPresent()) {
          boolean isBooted = booted.filter(profile::equals).isPresent();
          steps.add(inProfile(profile, isBooted ? back : good(sha256)));
        }
      }
      back.filter(image -> links.root().filter(new Link.Image(image)::equals).isEmpty())
          .ifPresent(image -> steps.add(new Action.LinkRoot(name, image)));
    }
    steps.add(inRun(back));
    return relinking(decision, steps, back);
  }

  /**
   * Takes back a version that merged and does not work: what was committed before it returns, else
   * the good version, else nothing. The good version itself has nothing to go back to, and stays.
   */
  Decision rollBack(String sha256, Decision decision) {
    boolean isGood = links.wasGood(sha256);
    boolean isLeft =
        view.isMerged(name, sha256)
            || links.linkedForRun().filter(sha256::equals).isPresent()
            || profiles().stream().anyMatch(profile -> links.isLinked(profile, sha256))
            || links.root().filter(new Link.Image(sha256)::equals).isPresent();
    if (isGood || !isLeft) {
      return decision;
    }
    Optional<String> back = committed(sha256).or(() -> before(sha256));
    List<Action> steps = new ArrayList<>(withoutTroublesome());
    for (Profile profile : profiles()) {
      if (links.inProfile(profile).filter(sha256::equals).isPresent()) {
        boolean isBooted = booted.filter(profile::equals).isPresent();
        steps.add(inProfile(profile, isBooted ? back : before(sha256)));
      }
    }
    if (back.isPresent()) {
      if (links.root().filter(new Link.Image(back.get())::equals).isEmpty()) {
        steps.add(new Action.LinkRoot(name, back.get()));
      }
    } else if (links.root().filter(new Link.Image(sha256)::equals).isPresent()) {
      steps.add(new Action.UnlinkRoot(name));
    }
    if (!links.linkedForRun().equals(back)) {
      boolean movesBack = // by a step above
          back.isPresent() && booted.flatMap(links::inProfile).filter(sha256::equals).isPresent();
      steps.add(movesBack ? new Action.LinkRunToProfile(name, booted.orElseThrow()) : inRun(back));
    }
    return view.isMerged(name, sha256)
        ? decision.relinking(steps, back, false)
        : relinking(decision, steps, back);
  }

  /**
   * The same for a version that must not be swapped live: it stays merged until the next boot,
   * which finds the version before.
   */
  Decision rollBackWithNextBoot(String sha256, Decision decision) {
    if (links.wasGood(sha256)) {
      return decision;
    }
    boolean isLast = // a node without its runtime has no agent that would mend it
        before(sha256).isEmpty() && links.goodElsewhere().isPresent();
    if (isLast) {
      return decision.saying(
          "it stays, as what was good before cannot take its place on the system that runs by now");
    }
    List<Action> steps = new ArrayList<>();
    for (Profile profile : profiles()) {
      if (links.inProfile(profile).filter(sha256::equals).isPresent()) {
        steps.add(inProfile(profile, before(sha256)));
      }
    }
    if (!steps.isEmpty() && links.run().filter(Link.ViaProfile.class::isInstance).isPresent()) {
      steps.add(0, new Action.LinkRunToImage(name, sha256));
    }
    return decision.settling(steps);
  }

  /** Lets others be tried first: only the run link gives way. */
  Decision giveWay(String sha256, Decision decision) {
    return isInTheWay(sha256)
        ? relinking(decision, List.of(inRun(mergedNow())), mergedNow())
        : decision;
  }

  /**
   * Drops what is linked and neither merged nor good: a trial that was cut off, or the boot of a
   * version that was superseded before it worked.
   *
   * @param wanted the image that a boot may have linked, where it is for the booted system
   */
  Decision dropSuperseded(Optional<String> wanted, Decision decision) {
    if (troublesome.isPresent() && !wanted.equals(troublesome)) {
      List<Action> steps = new ArrayList<>(withoutTroublesome());
      steps.add(inRun(mergedNow()));
      return relinking(decision, steps, mergedNow());
    }
    Optional<String> stale =
        stale().filter(image -> through().isEmpty() || !wanted.equals(Optional.of(image)));
    if (stale.isEmpty() || through().filter(p -> changes(decision, p)).isPresent()) {
      return decision;
    }
    Optional<String> back =
        mergedNow().or(() -> committed(stale.get())).or(() -> good(stale.get()));
    boolean committedMovesOn = booted.filter(p -> changes(decision, p)).isPresent();
    List<Action> steps = new ArrayList<>(superseded(wanted));
    steps.add(
        back.isPresent() && committedMovesOn
            ? new Action.LinkRunToImage(name, back.get())
            : inRun(back));
    return relinking(decision, steps, back);
  }

  /** The profile's part of it, for when the run link is about to change anyway. */
  List<Action> superseded(Optional<String> wanted) {
    return stale()
        .filter(image -> !wanted.equals(Optional.of(image)))
        .flatMap(image -> through().map(profile -> inProfile(profile, good(image))))
        .stream()
        .toList();
  }

  /** The profile that the run link goes through. */
  private Optional<Profile> through() {
    return links
        .run()
        .filter(Link.ViaProfile.class::isInstance)
        .map(link -> ((Link.ViaProfile) link).profile());
  }

  private static boolean changes(Decision decision, Profile profile) {
    return decision.settle().stream()
        .anyMatch(
            step ->
                (step instanceof Action.LinkProfile link && link.profile() == profile)
                    || (step instanceof Action.UnlinkProfile unlink
                        && unlink.profile() == profile));
  }

  /** Ends the trial of a name that nobody assigns any more; all else of it stays as it is. */
  Optional<Action> endTrial() {
    return stale()
        .filter(image -> links.run().orElseThrow() instanceof Link.Image)
        .map(image -> inRun(mergedNow()));
  }

  /** Drops it from the run folder alone, for a name whose other links must be left as they are. */
  Decision dropFromRun(Decision decision) {
    return stale().isPresent()
        ? relinking(decision, List.of(inRun(mergedNow())), mergedNow())
        : decision;
  }

  private Decision relinking(Decision decision, List<Action> steps, Optional<String> back) {
    return isMergedLost() ? decision.withRelink(steps) : decision.relinking(steps, back, false);
  }

  /** Whether something is merged that no refresh could bring back. */
  boolean isMergedLost() {
    return view.merged().containsKey(name) && mergedNow().isEmpty();
  }

  private boolean isMergedUnknown() {
    return view.merged().containsKey(name) && view.merged().get(name).isEmpty();
  }

  private boolean isInTheWay(String sha256) {
    return links.linkedForRun().filter(sha256::equals).isPresent() && !view.isMerged(name, sha256);
  }

  private Optional<String> stale() {
    return links
        .linkedForRun()
        .filter(image -> !view.isMerged(name, image))
        .filter(image -> !links.wasGood(image));
  }

  private Optional<String> mergedNow() {
    return view.mergedImage(name);
  }

  private List<Action> withoutTroublesome() {
    return profiles().stream()
        .filter(profile -> troublesome.isPresent())
        .filter(profile -> links.inProfile(profile).equals(troublesome))
        .<Action>map(profile -> new Action.UnlinkProfile(profile, name))
        .toList();
  }

  private Optional<String> committed(String except) {
    return booted
        .flatMap(links::inProfile)
        .filter(image -> !image.equals(except) && view.images().contains(image))
        .filter(image -> !troublesome.equals(Optional.of(image)));
  }

  private Optional<String> good(String except) {
    return links.good().filter(image -> !image.equals(except) && view.images().contains(image));
  }

  /**
   * What takes the place of a version that merged and does not work. What is good on another system
   * alone does so too, where that version has never been good on this one either.
   */
  private Optional<String> before(String except) {
    return links
        .fallback()
        .filter(image -> links.good().isPresent() || !links.proven().contains(except))
        .filter(image -> !troublesome.equals(Optional.of(image)))
        .filter(image -> !image.equals(except) && view.images().contains(image));
  }

  /** Those of the system that runs. */
  private List<Profile> profiles() {
    return Arrays.stream(Profile.values())
        .filter(profile -> !view.others().containsKey(profile))
        .toList();
  }

  private Action inProfile(Profile profile, Optional<String> image) {
    return image
        .<Action>map(sha256 -> new Action.LinkProfile(profile, name, sha256))
        .orElseGet(() -> new Action.UnlinkProfile(profile, name));
  }

  private Action inRun(Optional<String> image) {
    if (image.isEmpty()) {
      return new Action.UnlinkRun(name);
    }
    return booted.isPresent() && booted.flatMap(links::inProfile).equals(image)
        ? new Action.LinkRunToProfile(name, booted.get())
        : new Action.LinkRunToImage(name, image.get());
  }
}
