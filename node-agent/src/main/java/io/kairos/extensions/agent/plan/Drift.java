package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Tells drift from the agent's own work.
 *
 * <p>When a plan has nothing to do, what is there of each extension that stands as wanted is kept:
 * its links, its image, that it is merged. Whatever of that is missing at the next look went
 * without the agent, for the agent keeps nothing while it acts ({@link #NONE}): that is drift. What
 * the assignment no longer wants is not missed. What was found missing is told once; it counts
 * again when it has been in effect again.
 *
 * <p>A new process begins with what the last report showed to be in effect, if that was this boot:
 * a boot begins with nothing merged, and that is nobody's doing.
 *
 * @param held what is there of each extension that is as wanted
 */
public record Drift(Map<ExtensionKey, Set<Fact>> held) {
  /** Nothing is in effect, or not for sure. */
  public static final Drift NONE = new Drift(Map.of());

  private static final Set<Phase> AS_WANTED = EnumSet.of(Phase.ACTIVE, Phase.PENDING_REBOOT);

  /** Takes a copy. */
  public Drift {
    held = Map.copyOf(held);
  }

  /** Something that is there of an extension: an image of it, used in some way. */
  sealed interface Fact {
    /** Which image. */
    String sha256();

    /** What to say when it is gone from a host. */
    String gone(HostView view);

    /** Merged under the name. */
    record Merged(String sha256) implements Fact {
      @Override
      public String gone(HostView view) {
        return "it was unmerged";
      }
    }

    /** Linked in a boot profile. */
    record Enabled(Profile profile, String sha256) implements Fact {
      @Override
      public String gone(HostView view) {
        return "its link in "
            + view.folders().getOrDefault(profile, profile.text() + "/")
            + " was deleted or changed";
      }
    }

    /** Linked in the store's root. */
    record Listed(String sha256) implements Fact {
      @Override
      public String gone(HostView view) {
        return "its link in the store was deleted or changed";
      }
    }

    /** Linked in the run folder. */
    record Linked(String sha256) implements Fact {
      @Override
      public String gone(HostView view) {
        return "its link in the run folder was deleted or changed";
      }
    }

    /** Remembered as proven. */
    record Good(String sha256) implements Fact {
      @Override
      public String gone(HostView view) {
        return "its link in good/ was deleted or changed";
      }
    }

    /** In the store, as it was verified. */
    record Stored(String sha256) implements Fact {
      @Override
      public String gone(HostView view) {
        return gone(sha256);
      }

      private static String gone(String sha256) {
        return "its image " + sha256 + " was deleted or changed";
      }
    }
  }

  /** What the last report of an earlier process showed to be in effect. */
  public static Drift reported(
      List<Assignment> assignments, NodeExtensionStateStatus last, String bootId) {
    Map<ExtensionKey, Set<Fact>> held = new HashMap<>();
    if (!last.host().bootId().equals(bootId)) {
      return NONE;
    }
    for (Assignment assignment : assignments) {
      String wanted = assignment.target().image().sha256();
      last.extensions().stream()
          .filter(entry -> entry.key().equals(assignment.key()))
          .filter(entry -> entry.phase() == Phase.ACTIVE && entry.sha256().equals(wanted))
          .filter(entry -> entry.revision().equals(assignment.target().revision()))
          .findFirst()
          .ifPresent(entry -> held.put(assignment.key(), facts(entry)));
    }
    return new Drift(held);
  }

  private static Set<Fact> facts(ExtensionStatus entry) {
    Set<Fact> facts = new HashSet<>();
    facts.add(new Fact.Stored(entry.sha256()));
    if (entry.merged()) {
      facts.add(new Fact.Merged(entry.sha256()));
    }
    entry.profiles().forEach(profile -> facts.add(new Fact.Enabled(profile, entry.sha256())));
    return facts;
  }

  /** What a plan that has nothing to do finds as wanted. */
  public static Drift settled(List<Standing> standings, HostView view) {
    Map<ExtensionKey, Set<Fact>> held = new HashMap<>();
    standings.stream()
        .filter(standing -> AS_WANTED.contains(standing.phase()))
        .map(Standing::assignment)
        .forEach(assignment -> held.put(assignment.key(), facts(assignment, view)));
    return new Drift(held);
  }

  private static Set<Fact> facts(Assignment assignment, HostView view) {
    String name = assignment.name();
    String sha256 = assignment.target().image().sha256();
    NameView links = view.name(name);
    Set<Fact> facts = new HashSet<>();
    if (view.images().contains(sha256)) {
      facts.add(new Fact.Stored(sha256));
    }
    if (view.isMerged(name, sha256)) {
      facts.add(new Fact.Merged(sha256));
    }
    if (links.root().filter(new Link.Image(sha256)::equals).isPresent()) {
      facts.add(new Fact.Listed(sha256));
    }
    boolean runs = // where there is one profile, the run folder has no link to it
        links
            .run()
            .filter(
                link ->
                    (link instanceof Link.ViaProfile && view.profiles().size() > 1)
                        || link.equals(new Link.Image(sha256)))
            .isPresent();
    if (runs) {
      facts.add(new Fact.Linked(sha256));
    }
    if (links.good().filter(sha256::equals).isPresent()) {
      facts.add(new Fact.Good(sha256));
    }
    assignment.target().profiles().stream()
        .filter(profile -> links.inProfile(profile).filter(sha256::equals).isPresent())
        .forEach(profile -> facts.add(new Fact.Enabled(profile, sha256)));
    return facts;
  }

  /** The same without images of which nothing can be said before they were hashed again. */
  public Drift butFor(Set<String> images) {
    Map<ExtensionKey, Set<Fact>> rest = new HashMap<>();
    held.forEach(
        (key, facts) ->
            rest.put(
                key,
                facts.stream()
                    .filter(
                        fact -> !(fact instanceof Fact.Stored && images.contains(fact.sha256())))
                    .collect(Collectors.toSet())));
    return new Drift(rest);
  }

  /** What to say of an image that was hashed again and has another digest than its name. */
  public static String changedImage(String name, String sha256) {
    return name + ": " + Fact.Stored.gone(sha256);
  }

  /**
   * What is missing.
   *
   * @param assignments what is wanted now
   * @param view what the host shows now
   * @return one message for each extension, by its key
   */
  public Map<ExtensionKey, String> missing(List<Assignment> assignments, HostView view) {
    Map<ExtensionKey, String> missing = new TreeMap<>();
    for (Assignment assignment : assignments) {
      Set<Fact> gone = new HashSet<>(held.getOrDefault(assignment.key(), Set.of()));
      gone.removeAll(facts(assignment, view));
      gone.removeIf(fact -> !isWanted(fact, assignment));
      if (!gone.isEmpty()) {
        missing.put(assignment.key(), message(assignment.name(), gone, view));
      }
    }
    return missing;
  }

  private static boolean isWanted(Fact fact, Assignment assignment) {
    return !assignment.remove()
        && fact.sha256().equals(assignment.target().image().sha256())
        && !(fact instanceof Fact.Enabled enabled
            && !assignment.target().profiles().contains(enabled.profile()));
  }

  private static String message(String name, Set<Fact> gone, HostView view) {
    List<String> parts =
        new ArrayList<>(gone.stream().map(fact -> fact.gone(view)).distinct().sorted().toList());
    view.name(name).foreign().ifPresent(foreign -> parts.add("in its place is " + foreign));
    return name + ": " + parts.stream().collect(Collectors.joining(", "));
  }
}
