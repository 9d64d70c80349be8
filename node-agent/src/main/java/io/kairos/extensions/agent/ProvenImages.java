package io.kairos.extensions.agent;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.plan.BootedSystem;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.store.KeptNote;
import io.kairos.extensions.agent.store.ProvenImage;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * On what systems the images of a store were proven. What is good on one says nothing about
 * another: after an upgrade of the host, or on its way back, a version is good once it has proven
 * itself there. Used by the agent's loop alone.
 */
final class ProvenImages {
  private final KeptNote<ProvenImage> note;

  ProvenImages(KeptNote<ProvenImage> note) {
    this.note = note;
  }

  /**
   * Links as they count on the system that runs. What is good and not noted, as an agent before
   * this note left it, was proven on it.
   *
   * @param facts of the host, where it can merge the class
   * @param stored the images that are there
   * @throws IOException when the note cannot be read
   */
  Map<String, NameView> on(
      BootedSystem system,
      Optional<HostFacts> facts,
      Map<String, NameView> names,
      Set<String> stored)
      throws IOException {
    Map<String, ProvenImage> proven = note.now();
    Set<String> good = new HashSet<>();
    names.forEach((name, links) -> links.good().ifPresent(image -> good.add(key(name, image))));
    good.forEach(key -> proven.putIfAbsent(key, new ProvenImage(Set.of(system), Map.of())));
    proven
        .keySet()
        .removeIf(
            key -> !good.contains(key) && !stored.contains(key.substring(key.indexOf(' ') + 1)));
    Map<String, NameView> seen = new TreeMap<>();
    for (Map.Entry<String, NameView> entry : names.entrySet()) {
      String name = entry.getKey();
      seen.put(
          name,
          entry
              .getValue()
              .provenOnThisSystem(
                  here(name, system, proven), image -> fits(proven.get(key(name, image)), facts)));
    }
    note.keep();
    return seen;
  }

  private static boolean fits(ProvenImage image, Optional<HostFacts> facts) {
    return !image.release().isEmpty()
        && facts.filter(host -> host.takes(new OsRelease(image.release()))).isPresent();
  }

  private static Set<String> here(
      String name, BootedSystem system, Map<String, ProvenImage> proven) {
    String prefix = name + " ";
    return proven.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(prefix))
        .filter(entry -> entry.getValue().systems().contains(system))
        .map(entry -> entry.getKey().substring(prefix.length()))
        .collect(Collectors.toSet());
  }

  /**
   * An image has proven itself under a name.
   *
   * @param release what it says about itself, empty where nobody knows
   * @throws IOException when the note cannot be read
   */
  void proved(String name, String sha256, Map<String, String> release, BootedSystem system)
      throws IOException {
    Optional<ProvenImage> before = Optional.ofNullable(note.now().get(key(name, sha256)));
    Set<BootedSystem> systems = new HashSet<>(before.map(ProvenImage::systems).orElse(Set.of()));
    systems.add(system);
    Map<String, String> said =
        release.isEmpty() ? before.map(ProvenImage::release).orElse(Map.of()) : release;
    note.now().put(key(name, sha256), new ProvenImage(systems, said));
    note.keep();
  }

  /**
   * An image that is good was looked into: what it says about itself is noted where nobody knew.
   *
   * @throws IOException when the note cannot be read
   */
  void looked(String name, String sha256, Map<String, String> release) throws IOException {
    Optional<ProvenImage> known = Optional.ofNullable(note.now().get(key(name, sha256)));
    if (known.isPresent() && known.get().release().isEmpty()) {
      note.now().put(key(name, sha256), new ProvenImage(known.get().systems(), release));
    }
  }

  private static String key(String name, String sha256) {
    return name + " " + sha256;
  }
}
