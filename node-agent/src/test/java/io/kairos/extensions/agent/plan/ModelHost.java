package io.kairos.extensions.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A host in memory that behaves as immucore and systemd-sysext do: a dangling link is skipped, one
 * bad image fails a refresh and leaves the merge as it was, at a boot it leaves nothing merged.
 *
 * <p>Every step is held against what must never happen: a link to an image that is not there or was
 * not found fit, a change to an entry of somebody else, a name in {@code common} and another
 * profile at once, the end of an image that something needs.
 */
public final class ModelHost {
  private final Map<String, Link> root = new TreeMap<>();
  private final Map<Profile, Map<String, Link>> profiles = new EnumMap<>(Profile.class);
  private final Map<String, Link> run = new TreeMap<>();
  private final Map<String, String> good = new TreeMap<>();
  private final Map<String, String> rivals = new TreeMap<>();
  private final Map<String, Set<Integer>> proven = new TreeMap<>();
  private final Set<String> images = new TreeSet<>();
  private final Set<String> strays = new TreeSet<>();
  private final Set<String> bad = new TreeSet<>();
  private final Map<String, Proof> proofs = new TreeMap<>();
  private Map<String, Optional<String>> merged = new TreeMap<>();
  private Optional<Profile> booted = Optional.of(Profile.ACTIVE);
  private boolean refusing;
  private List<String> hierarchies = List.of("/usr", "/opt");
  private Map<String, Set<String>> hides = Map.of();
  private Optional<String> obstacle = Optional.empty();
  private Optional<String> frozen = Optional.empty();
  private BootEntries entries = BootEntries.UNKNOWN;
  private int system = 1;
  private BiPredicate<String, Integer> fits = (image, on) -> true;
  private HostView.Versions versions = new HostView.Versions("257.13", "6.1.0-18-amd64");

  /** Booted into {@code active}, empty. */
  public ModelHost() {
    for (Profile profile : Profile.values()) {
      profiles.put(profile, new TreeMap<>());
    }
    entries = entries.booted(Profile.ACTIVE, system(), false);
  }

  private BootedSystem system() {
    return new BootedSystem(Map.of("ID", "kairos", "VERSION_ID", String.valueOf(system)));
  }

  /** What the agent would observe. */
  public HostView view() {
    Map<String, NameView> names = new TreeMap<>();
    for (String name : names()) {
      Map<Profile, Link> enabled = new EnumMap<>(Profile.class);
      profiles.forEach(
          (profile, links) ->
              Optional.ofNullable(links.get(name)).ifPresent(link -> enabled.put(profile, link)));
      names.put(
          name,
          new NameView(
                  Optional.ofNullable(root.get(name)),
                  enabled,
                  Optional.ofNullable(run.get(name)).map(link -> throughProfile(name, link)),
                  Optional.ofNullable(good.get(name)),
                  Optional.ofNullable(rivals.get(name)))
              .provenOnThisSystem(provenHere(name), image -> fits.test(image, system)));
    }
    return new HostView(
        booted,
        names,
        merged,
        images,
        strays,
        List.of(),
        proofs,
        Storage.UNKNOWN,
        hierarchies,
        hides,
        versions,
        obstacle,
        frozen,
        HostView.EVERY_PROFILE,
        entries.others(system()));
  }

  private Set<String> provenHere(String name) {
    return proven.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(name + " "))
        .filter(entry -> entry.getValue().contains(system))
        .map(entry -> entry.getKey().substring(name.length() + 1))
        .collect(Collectors.toSet());
  }

  private Set<String> names() {
    Set<String> names = new TreeSet<>(root.keySet());
    profiles.values().forEach(links -> names.addAll(links.keySet()));
    names.addAll(run.keySet());
    names.addAll(good.keySet());
    names.addAll(rivals.keySet());
    return names;
  }

  private Link throughProfile(String name, Link link) {
    return link instanceof Link.ViaProfile via
            && profiles.get(via.profile()).get(name) instanceof Link.Foreign foreign
        ? foreign
        : link;
  }

  /** Carries out a step that is not a refresh. */
  public void apply(Action action) {
    if (action instanceof Action.LinkProfile a) {
      put(profiles.get(a.profile()), a.name(), new Link.Image(present(a.sha256())));
    } else if (action instanceof Action.UnlinkProfile a) {
      drop(profiles.get(a.profile()), a.name());
    } else if (action instanceof Action.LinkRoot a) {
      put(root, a.name(), new Link.Image(present(a.sha256())));
    } else if (action instanceof Action.UnlinkRoot a) {
      drop(root, a.name());
    } else if (action instanceof Action.LinkRunToImage a) {
      put(run, a.name(), new Link.Image(present(a.sha256())));
    } else if (action instanceof Action.LinkRunToProfile a) {
      assertThat(profiles.get(a.profile()).get(a.name()))
          .as("%s leads to a link of ours", a)
          .isInstanceOf(Link.Image.class);
      put(run, a.name(), new Link.ViaProfile(a.profile()));
    } else if (action instanceof Action.UnlinkRun a) {
      drop(run, a.name());
    } else if (action instanceof Action.SetGood a) {
      good.put(a.name(), present(a.sha256()));
      proven.computeIfAbsent(a.name() + " " + a.sha256(), key -> new TreeSet<>()).add(system);
    } else if (action instanceof Action.UnsetGood a) {
      good.remove(a.name());
    } else if (action instanceof Action.DropProof a) {
      proofs.remove(a.name());
    } else if (action instanceof Action.StopServices a) {
      assertThat(merged).as("%s comes while the files are there", a).containsKey(a.name());
      proofs.putIfAbsent(a.name(), Proof.ofServices("", List.of()));
    } else if (action instanceof Action.StartServices a) {
      assertThat(merged).as("%s comes once the files are gone", a).doesNotContainKey(a.name());
    } else if (action instanceof Action.DeleteImage a) {
      assertThat(needed()).as("%s deletes what is needed", a).doesNotContain(a.sha256());
      images.remove(a.sha256());
    } else if (action instanceof Action.DeleteStray a) {
      assertThat(strays).contains(a.path());
      strays.remove(a.path());
    } else {
      throw new IllegalArgumentException("not a step of the store: " + action);
    }
    checkCommonIsAlone();
  }

  private String present(String sha256) {
    assertThat(images).as("a link leads to an image that is there and fit").contains(sha256);
    return sha256;
  }

  private static void put(Map<String, Link> folder, String name, Link link) {
    assertThat(folder.put(name, link) instanceof Link.Foreign)
        .as("%s is somebody else's", name)
        .isFalse();
  }

  private static void drop(Map<String, Link> folder, String name) {
    assertThat(folder.remove(name) instanceof Link.Foreign)
        .as("%s is somebody else's", name)
        .isFalse();
  }

  private Set<String> needed() {
    Set<String> needed = new TreeSet<>(good.values());
    Stream.concat(Stream.of(root, run), profiles.values().stream())
        .flatMap(links -> links.values().stream())
        .forEach(
            link -> {
              if (link instanceof Link.Image image) {
                needed.add(image.sha256());
              }
            });
    merged.values().forEach(image -> image.ifPresent(needed::add));
    return needed;
  }

  private void checkCommonIsAlone() {
    for (String name : profiles.get(Profile.COMMON).keySet()) {
      for (Profile profile : Profile.values()) {
        if (profile != Profile.COMMON && profiles.get(profile).containsKey(name)) {
          throw new AssertionError(
              name + " is in common and in " + profile + ": immucore would stop linking");
        }
      }
    }
  }

  /**
   * Merges what the run folder links.
   *
   * @return whether it did; else the merge is as it was
   */
  public boolean refresh() {
    assertThat(frozen).as("nobody asks a frozen host for a refresh").isEmpty();
    if (refusing || linked().values().stream().anyMatch(this::isBad)) {
      return false;
    }
    merged = linked();
    return true;
  }

  private boolean isBad(Optional<String> image) {
    return image.filter(bad::contains).isPresent();
  }

  /** What a refresh would merge; somebody else's without a digest. */
  private Map<String, Optional<String>> linked() {
    Map<String, Optional<String>> linked = new TreeMap<>();
    run.forEach(
        (name, link) -> {
          Link last =
              link instanceof Link.ViaProfile via ? profiles.get(via.profile()).get(name) : link;
          if (last instanceof Link.Foreign) {
            linked.put(name, Optional.empty());
          } else if (last instanceof Link.Image image && images.contains(image.sha256())) {
            linked.put(name, Optional.of(image.sha256()));
          }
        });
    return linked;
  }

  /** The power goes and comes back: immucore links the profile and {@code common}. */
  public void boot(Optional<Profile> profile) {
    booted = profile;
    if (profile.isPresent()) {
      BootedSystem boots = entries.systems().getOrDefault(profile.get(), system());
      system = Integer.parseInt(boots.osRelease().get("VERSION_ID"));
      entries = entries.booted(profile.get(), boots, false);
    }
    run.clear();
    proofs.clear();
    merged = new TreeMap<>();
    List<Profile> folders = new ArrayList<>(profile.stream().toList());
    folders.add(Profile.COMMON);
    for (Profile folder : folders) {
      profiles.get(folder).keySet().forEach(name -> run.put(name, new Link.ViaProfile(folder)));
    }
    boolean unused = frozen.isEmpty() && refresh();
  }

  /** The power goes and comes back with {@code active}. */
  public void boot() {
    boot(Optional.of(Profile.ACTIVE));
  }

  /** The next system is written to {@code active}, and booted. */
  public void upgrade() {
    int newest =
        entries.systems().values().stream()
            .mapToInt(one -> Integer.parseInt(one.osRelease().get("VERSION_ID")))
            .max()
            .orElseThrow();
    system = newest + 1;
    entries = entries.booted(Profile.ACTIVE, system(), false);
    boot();
  }

  /** Which image fits which system, by what it says about itself; all do without this. */
  public void fits(BiPredicate<String, Integer> which) {
    fits = which;
  }

  /** Which system runs; the first is 1. */
  public int runs() {
    return system;
  }

  /** It can merge nothing of the class at all, for this reason; or can, without one. */
  public void obstacle(Optional<String> why) {
    obstacle = why;
  }

  /** It lets nothing be merged or unmerged for now, for this reason; or does, without one. */
  public void frozen(Optional<String> why) {
    frozen = why;
  }

  /** The host was upgraded. */
  public void versions(String systemd, String kernel) {
    versions = new HostView.Versions(systemd, kernel);
  }

  /** The folders that it merges. */
  public void hierarchies(String... folders) {
    hierarchies = List.of(folders);
  }

  /** What is mounted below {@code /usr}. */
  public void mounted(String... points) {
    hides = points.length == 0 ? Map.of() : Map.of("/usr", Set.of(points));
  }

  /** Somebody unmerges by hand. */
  public void unmerge() {
    merged = new TreeMap<>();
  }

  /** A verified image gets its name. */
  public ModelHost image(String sha256) {
    images.add(sha256);
    return this;
  }

  /** An image has proven itself so far. */
  public void proof(String name, Proof proof) {
    proofs.put(name, proof);
  }

  /** An image passes inspection and yet does not merge. */
  public ModelHost bad(String sha256) {
    bad.add(sha256);
    return this;
  }

  /** Merges after all. */
  public void mend(String sha256) {
    bad.remove(sha256);
  }

  /** Refuses every refresh, for a reason that lies in no image of ours. */
  public void refusing(boolean refuses) {
    refusing = refuses;
  }

  /** Somebody deletes an image behind the agent's back. */
  public void loseImage(String sha256) {
    images.remove(sha256);
  }

  /** Which image is merged under a name is not known any more, though it is. */
  public void forgetImage(String name) {
    merged = new TreeMap<>(merged);
    merged.put(name, Optional.empty());
  }

  /** Something that an interrupted step left. */
  public void stray(String path) {
    strays.add(path);
  }

  /** Somebody else puts a file into the store's root, where none is. */
  public boolean foreignRoot(String name) {
    return root.putIfAbsent(name, new Link.Foreign("the file " + name + ".raw")) == null;
  }

  /** Somebody else puts a link into a profile, where none is. */
  public boolean foreignProfile(Profile profile, String name) {
    boolean alone =
        profile == Profile.COMMON
            ? profiles.values().stream().noneMatch(links -> links.containsKey(name))
            : !profiles.get(Profile.COMMON).containsKey(name);
    return alone
        && profiles
                .get(profile)
                .putIfAbsent(name, new Link.Foreign("the link " + profile + "/" + name + ".raw"))
            == null;
  }

  /** Somebody else puts a link into the run folder, where none is. */
  public boolean foreignRun(String name) {
    return run.putIfAbsent(name, new Link.Foreign("the link run/" + name + ".raw")) == null;
  }

  /** Somebody else has a file that systemd takes for the same extension. */
  public void rival(String name) {
    rivals.put(name, "the file " + name + ".sysext.raw");
  }

  /** Somebody else takes all that is theirs away. */
  public void removeForeign() {
    root.values().removeIf(Link.Foreign.class::isInstance);
    run.entrySet().removeIf(e -> throughProfile(e.getKey(), e.getValue()) instanceof Link.Foreign);
    profiles.values().forEach(links -> links.values().removeIf(Link.Foreign.class::isInstance));
    rivals.clear();
  }

  /** The entries of somebody else. */
  public Set<String> foreign() {
    Set<String> foreign = new TreeSet<>();
    root.forEach((name, link) -> noteForeign(foreign, "root/" + name, link));
    run.forEach((name, link) -> noteForeign(foreign, "run/" + name, link));
    profiles.forEach(
        (profile, links) ->
            links.forEach((name, link) -> noteForeign(foreign, profile + "/" + name, link)));
    return foreign;
  }

  private static void noteForeign(Set<String> foreign, String place, Link link) {
    if (link instanceof Link.Foreign) {
      foreign.add(place);
    }
  }

  /** What is merged, with the digest where it is ours. */
  public Map<String, Optional<String>> merged() {
    return Map.copyOf(merged);
  }
}
