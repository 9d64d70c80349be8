package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The links that a target wants, against those that are there.
 *
 * <p>passive and recovery are the way back: beside other profiles they come last, once the version
 * is good on this host. A name in {@code common} is in no other folder, not even between two steps,
 * since immucore stops linking there.
 *
 * <p>A boot entry whose system is another one than the image was found fit for keeps what it has:
 * one bad image leaves its boot without any extension.
 */
final class WantedLinks {
  private final HostView view;
  private final Assignment assignment;
  private final NameView links;
  private final String name;
  private final String sha256;
  private final Map<Profile, Staged.Unfit> misfits;

  /** For an image that fits what every boot entry boots. */
  WantedLinks(HostView view, Assignment assignment) {
    this(view, assignment, Map.of());
  }

  /**
   * For an image that was looked into.
   *
   * @param misfits the boot entries that it does not fit
   */
  WantedLinks(HostView view, Assignment assignment, Map<Profile, Staged.Unfit> misfits) {
    this.view = view;
    this.misfits = Map.copyOf(misfits);
    this.assignment = assignment;
    this.links = view.name(assignment.name());
    this.name = assignment.name();
    this.sha256 = assignment.target().image().sha256();
  }

  /** The profile folder of the target that the booted system merges. */
  Optional<Profile> booted() {
    List<Profile> profiles = assignment.target().profiles();
    return view.bootProfile()
        .map(profile -> profiles.contains(Profile.COMMON) ? Profile.COMMON : profile)
        .filter(profiles::contains);
  }

  /**
   * The profiles that are linked at once: all but the way back, or that where there is no other. To
   * a host that merges it live an entry with another system is the way back as well: what fails
   * here would not be taken out of it again.
   */
  Set<Profile> direct() {
    Set<Profile> profiles = EnumSet.copyOf(assignment.target().profiles());
    Set<Profile> first = EnumSet.copyOf(profiles);
    first.removeAll(EnumSet.of(Profile.PASSIVE, Profile.RECOVERY));
    if (first.isEmpty()) {
      return profiles;
    }
    if (assignment.target().activation() == Activation.LIVE && booted().isPresent()) {
      first.removeAll(view.others().keySet());
    }
    return first;
  }

  /** Whether none of the profiles that would be linked at once can be. */
  boolean isWithoutPlace() {
    return !direct().isEmpty() && kept().keySet().containsAll(direct());
  }

  /**
   * The link changes that make the host's links those of the target, in the order of the durable
   * steps: profile links, root link, run link, then what is enabled no more. The way back is no
   * part of it.
   */
  List<Action> changes() {
    Set<Profile> wanted = direct();
    Optional<Profile> booted = booted();
    boolean merged = booted.isPresent() && view.isMerged(name, sha256);
    List<Action> linking = linking(wanted, List.of());
    List<Action> unlinking = new ArrayList<>();
    Arrays.stream(Profile.values())
        .filter(profile -> !assignment.target().profiles().contains(profile))
        .filter(profile -> links.inProfile(profile).isPresent())
        .forEach(profile -> unlinking.add(new Action.UnlinkProfile(profile, name)));

    List<Action> changes = new ArrayList<>();
    pin().ifPresent(changes::add);
    boolean unlinkFirst = // immucore stops linking where a name is in common and elsewhere, too
        assignment.target().profiles().contains(Profile.COMMON)
            || links.inProfile(Profile.COMMON).isPresent();
    if (unlinkFirst) {
      changes.addAll(unlinking);
    }
    changes.addAll(linking);
    if (links.root().filter(new Link.Image(sha256)::equals).isEmpty()) {
      changes.add(new Action.LinkRoot(name, sha256));
    }
    if (merged
        && (wanted.contains(booted.get())
            || links.inProfile(booted.get()).filter(sha256::equals).isPresent())
        && links.run().filter(new Link.ViaProfile(booted.get())::equals).isEmpty()) {
      changes.add(new Action.LinkRunToProfile(name, booted.get()));
    }
    if (!unlinkFirst) {
      changes.addAll(unlinking);
    }
    return changes;
  }

  /**
   * Links the way back too, for a version that is good here.
   *
   * @param before what is linked by then
   */
  List<Action> wayBack(List<Action> before) {
    return linking(assignment.target().profiles(), before);
  }

  /** The wanted profiles that keep what they have, each with why. */
  Map<Profile, Staged.Unfit> kept() {
    Map<Profile, Staged.Unfit> kept = new EnumMap<>(Profile.class);
    for (Profile profile : assignment.target().profiles()) {
      if (misfits.containsKey(profile) && !links.isLinked(profile, sha256)) {
        kept.put(profile, misfits.get(profile));
      }
    }
    return kept;
  }

  /** Links the image in the profiles where it is not linked, nor about to be. */
  private List<Action> linking(Collection<Profile> wanted, List<Action> before) {
    return Arrays.stream(Profile.values())
        .filter(wanted::contains)
        .filter(profile -> !misfits.containsKey(profile))
        .filter(profile -> !links.isLinked(profile, sha256))
        .<Action>map(profile -> new Action.LinkProfile(profile, name, sha256))
        .filter(action -> !before.contains(action))
        .toList();
  }

  /**
   * Holds a merged version by its run link before the profile link that it goes through moves on:
   * the process may end between two steps, and another extension's refresh come first.
   */
  private Optional<Action> pin() {
    boolean movesOn =
        links.run().isPresent()
            && links.run().get() instanceof Link.ViaProfile via
            && (!assignment.target().profiles().contains(via.profile())
                || (direct().contains(via.profile())
                    && !links.inProfile(via.profile()).equals(Optional.of(sha256))));
    return view.mergedImage(name)
        .filter(image -> movesOn)
        .map(image -> new Action.LinkRunToImage(name, image));
  }
}
