package io.kairos.extensions.agent.crash;

import static io.kairos.extensions.agent.crash.Sample.ILL;
import static io.kairos.extensions.agent.crash.Sample.ONE;
import static io.kairos.extensions.agent.crash.Sample.OTHER;
import static io.kairos.extensions.agent.crash.Sample.THREE;
import static io.kairos.extensions.agent.crash.Sample.TWO;
import static io.kairos.extensions.agent.crash.Sample.UNMERGEABLE;

import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** From what to what an agent has to bring a host; a witness is in effect all the while. */
@SuppressWarnings("ImmutableEnumChecker") // the maps and lists are none that change
enum Scenario {
  /** On a host that has never seen an agent. */
  FIRST_INSTALL(Map.of(), List.of(Want.live("tool", ONE)), Map.of("tool", ONE)),
  INSTALL(Map.of(), List.of(Want.live("tool", ONE)), Map.of("tool", ONE)),
  INSTALL_WITH_NEXT_BOOT(Map.of(), List.of(Want.nextBoot("tool", ONE)), Map.of("tool", ONE)),
  UPGRADE(Map.of("tool", ONE), List.of(Want.live("tool", TWO)), Map.of("tool", TWO)),
  UPGRADE_WITH_NEXT_BOOT(
      Map.of("tool", ONE), List.of(Want.nextBoot("tool", TWO)), Map.of("tool", TWO)),
  ROLLBACK(Map.of("tool", ONE), List.of(Want.live("tool", ILL)), Map.of("tool", ONE)),
  ROLLBACK_AFTER_BOOT(
      Map.of("tool", ONE), List.of(Want.nextBoot("tool", ILL)), Map.of("tool", ONE)),
  REFUSED_UPGRADE(
      Map.of("tool", ONE), List.of(Want.live("tool", UNMERGEABLE)), Map.of("tool", ONE)),
  REFUSED_BY_BOOT(
      Map.of("tool", ONE), List.of(Want.nextBoot("tool", UNMERGEABLE)), Map.of("tool", ONE)),
  REMOVAL(Map.of("tool", ONE), List.of(Want.gone("tool", ONE)), Map.of()),
  /** Somebody else put the very image there, by hand. */
  ADOPTION(Map.of(), List.of(Want.live("tool", ONE)), Map.of("tool", ONE)),
  /** The same, and a copy of it for every boot. */
  ADOPTION_OF_MERGED(Map.of(), List.of(Want.live("tool", ONE)), Map.of("tool", ONE)),
  SEVERAL_AT_ONCE(
      Map.of("tool", ONE, "old", OTHER),
      List.of(Want.live("tool", TWO), Want.live("new", THREE), Want.gone("old", OTHER)),
      Map.of("tool", TWO, "new", THREE));

  private final Map<String, Sample> before;
  private final List<Want> wants;
  private final Map<String, Sample> after;

  Scenario(Map<String, Sample> before, List<Want> wants, Map<String, Sample> after) {
    this.before = before;
    this.wants = wants;
    this.after = after;
  }

  /** What is in effect at the start, by name. */
  Map<String, Sample> before() {
    return withWitness(before);
  }

  /** What is new about what shall be. */
  List<Want> wants() {
    return wants;
  }

  /** What shall be. */
  List<Want> allWants() {
    return hasWitness()
        ? Stream.concat(wants.stream(), Stream.of(Want.live("witness", Sample.WITNESS))).toList()
        : wants;
  }

  /** The digests of what has to be tried before a boot may find it. */
  Set<String> tried() {
    return wants.stream()
        .filter(want -> want.activation() == Activation.LIVE)
        .map(want -> want.image().sha256())
        .collect(Collectors.toSet());
  }

  private Map<String, Sample> withWitness(Map<String, Sample> installed) {
    Map<String, Sample> all = new TreeMap<>(installed);
    if (hasWitness()) {
      all.put("witness", Sample.WITNESS);
    }
    return all;
  }

  private boolean hasWitness() {
    return this != FIRST_INSTALL;
  }

  /** What is in effect in the end, by name. */
  Map<String, Sample> after() {
    return withWitness(after);
  }

  /** Images that are kept in the end though nothing links them: those that are still wanted. */
  List<Sample> spare() {
    return wants.stream()
        .filter(want -> !want.removed() && !after.containsValue(want.image()))
        .map(Want::image)
        .toList();
  }

  /** Where somebody else put the image of {@code tool}. */
  List<Path> byHand(StoreLayout layout) {
    Path root = layout.store().resolve("tool.raw");
    Path booted = layout.profile(Profile.ACTIVE).resolve("tool.raw");
    return switch (this) {
      case ADOPTION -> List.of(root);
      case ADOPTION_OF_MERGED ->
          layout.looksIntoProfile() ? List.of(booted) : List.of(root, booted);
      default -> List.of();
    };
  }

  /** Whether there is such a thing there: nobody but us puts anything into a store of our own. */
  boolean isOf(HostLayout layout) {
    return layout == HostLayout.KAIROS || this != ADOPTION;
  }

  /** Whether the host is rebooted in good order once everything is linked. */
  boolean boots() {
    return wants.stream().anyMatch(want -> want.activation() == Activation.NEXT_BOOT);
  }

  /** How the agent has to report a wish in the end. */
  Phase phase(Want want) {
    if (want.removed()) {
      return Phase.REMOVED;
    }
    if (want.image().equals(ILL)) {
      return Phase.ROLLED_BACK;
    }
    return want.image().equals(UNMERGEABLE) ? Phase.FAILED : Phase.ACTIVE;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
