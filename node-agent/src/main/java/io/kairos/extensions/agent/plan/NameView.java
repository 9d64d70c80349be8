package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All links of one extension name.
 *
 * @param root {@code extensions/NAME.raw}
 * @param profiles {@code extensions/PROFILE/NAME.raw}
 * @param run {@code /run/extensions/NAME.raw}
 * @param good the digest that {@code good/NAME} leads to, where it was proven on the system that
 *     runs
 * @param rival a file that systemd or immucore would take for the same extension, such as {@code
 *     NAME.sysext.raw}
 * @param goodElsewhere the digest that {@code good/NAME} leads to, where it was proven on another
 *     system of this host alone
 * @param fallback what one that fails may be replaced with: what is good, or good elsewhere and, by
 *     what it says about itself, fits the system that runs
 * @param proven the digests that were proven on the system that runs, at any time
 */
public record NameView(
    Optional<Link> root,
    Map<Profile, Link> profiles,
    Optional<Link> run,
    Optional<String> good,
    Optional<String> rival,
    Optional<String> goodElsewhere,
    Optional<String> fallback,
    Set<String> proven) {

  /** Nothing of that name. */
  public static final NameView NONE =
      new NameView(
          Optional.empty(), Map.of(), Optional.empty(), Optional.empty(), Optional.empty());

  /** Takes copies. */
  public NameView {
    profiles = Map.copyOf(profiles);
    proven = Set.copyOf(proven);
  }

  /** Links on a host that has booted one system only. */
  public NameView(
      Optional<Link> root,
      Map<Profile, Link> profiles,
      Optional<Link> run,
      Optional<String> good,
      Optional<String> rival) {
    this(
        root,
        profiles,
        run,
        good,
        rival,
        Optional.empty(),
        good,
        good.map(Set::of).orElseGet(Set::of));
  }

  /** The same with a file that the host takes instead of ours. */
  public NameView rivalled(String by) {
    return new NameView(
        root,
        profiles,
        run,
        good,
        rival.or(() -> Optional.of(by)),
        goodElsewhere,
        fallback,
        proven);
  }

  /**
   * The same on a host that has booted others.
   *
   * @param here the digests that were proven on the one that runs
   * @param fits whether one fits that
   */
  public NameView provenOnThisSystem(Set<String> here, Predicate<String> fits) {
    return new NameView(
        root,
        profiles,
        run,
        good.filter(here::contains),
        rival,
        good.filter(image -> !here.contains(image)),
        good.filter(image -> here.contains(image) || fits.test(image)),
        here);
  }

  /** The digest that a profile's link leads to, where it is one of ours. */
  public Optional<String> inProfile(Profile profile) {
    return Optional.ofNullable(profiles.get(profile)).flatMap(NameView::image);
  }

  /** The digest that the next refresh would merge: the run link, followed through the profile's. */
  public Optional<String> linkedForRun() {
    return run.flatMap(
        link -> link instanceof Link.ViaProfile via ? inProfile(via.profile()) : image(link));
  }

  /**
   * Whether an image is the last that was good, on whatever system of the host; or was good on the
   * one that runs, before another one became that elsewhere.
   */
  public boolean wasGood(String sha256) {
    return good.or(() -> goodElsewhere).filter(sha256::equals).isPresent()
        || (goodElsewhere.isPresent() && proven.contains(sha256));
  }

  /** Whether an image is good on another system alone. */
  boolean isStrange(String sha256) {
    return goodElsewhere.filter(sha256::equals).isPresent() && !proven.contains(sha256);
  }

  /** Whether a profile's folder has the very link that enables an image. */
  public boolean isLinked(Profile profile, String sha256) {
    return new Link.Image(sha256).equals(profiles.get(profile));
  }

  /** What somebody else put where a link of ours has to be. */
  public Optional<String> foreign() {
    return allForeign().map(Link.Foreign::what).findFirst().or(() -> rival);
  }

  /**
   * The files that stand in the way, where nothing else does: identical ones can be adopted.
   *
   * @param wanted the profiles in which a link is wanted, too
   * @return by path below the store, or absolute outside of it; empty where something can only be a
   *     conflict
   */
  public Set<String> adoptable(Collection<Profile> wanted) {
    boolean unwanted =
        profiles.entrySet().stream()
            .anyMatch(
                entry ->
                    entry.getValue() instanceof Link.Foreign && !wanted.contains(entry.getKey()));
    if (unwanted || rival.isPresent() || allForeign().anyMatch(link -> link.file().isEmpty())) {
      return Set.of();
    }
    return allForeign().flatMap(link -> link.file().stream()).collect(Collectors.toSet());
  }

  /** The images that have a second name here: files that were adopted. */
  public Set<String> adopted() {
    return Stream.concat(root.stream(), profiles.values().stream())
        .filter(Link.Adopted.class::isInstance)
        .map(link -> ((Link.Adopted) link).sha256())
        .collect(Collectors.toSet());
  }

  private Stream<Link.Foreign> allForeign() {
    return Stream.concat(Stream.concat(root.stream(), run.stream()), profiles.values().stream())
        .filter(Link.Foreign.class::isInstance)
        .map(Link.Foreign.class::cast);
  }

  /** Whether a run link of ours is there. */
  public boolean hasOwnRunLink() {
    return run.filter(link -> !(link instanceof Link.Foreign)).isPresent();
  }

  /** Every digest that a link of ours leads to. */
  public Stream<String> images() {
    return Stream.of(
            root.stream().flatMap(l -> image(l).stream()),
            run.stream().flatMap(l -> image(l).stream()),
            profiles.values().stream().flatMap(l -> image(l).stream()),
            good.stream(),
            goodElsewhere.stream())
        .flatMap(s -> s);
  }

  private static Optional<String> image(Link link) {
    if (link instanceof Link.Adopted adopted) {
      return Optional.of(adopted.sha256());
    }
    if (link instanceof Link.ThroughRoot through) {
      return Optional.of(through.sha256());
    }
    return link instanceof Link.Image image ? Optional.of(image.sha256()) : Optional.empty();
  }
}
