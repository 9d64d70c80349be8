package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the host's boot entries boot, as far as it was seen or follows from what was.
 *
 * <ol>
 *   <li>At first {@code active} and {@code passive} boot what is booted: an installation writes one
 *       system to both.
 *   <li>An upgrade puts a new system into {@code active}. The one that was there becomes {@code
 *       passive}, unless that is what was booted: then it stays as it is. Under Trusted Boot it
 *       becomes {@code passive} in any case ({@code kairos-agent upgrade}: action/upgrade.go,
 *       uki/upgrade.go).
 *   <li>{@code recovery} is upgraded by itself: what it boots is known once it was booted.
 * </ol>
 *
 * @param systems what each entry boots; nothing before the first look
 * @param last the entry that was booted last
 */
public record BootEntries(Map<Profile, BootedSystem> systems, Optional<Profile> last) {
  /** Nobody has looked yet. */
  public static final BootEntries UNKNOWN = new BootEntries(Map.of(), Optional.empty());

  /** What a host can boot. */
  public static final List<Profile> ALL =
      List.of(Profile.ACTIVE, Profile.PASSIVE, Profile.RECOVERY);

  /** Takes a copy. */
  public BootEntries {
    systems = Map.copyOf(systems);
  }

  /**
   * What follows from what is booted now.
   *
   * @param entry that is booted
   * @param system that runs
   * @param trustedBoot whether it was booted trusted
   */
  public BootEntries booted(Profile entry, BootedSystem system, boolean trustedBoot) {
    Map<Profile, BootedSystem> next = new EnumMap<>(Profile.class);
    next.putAll(systems);
    next.putIfAbsent(Profile.ACTIVE, system);
    next.putIfAbsent(Profile.PASSIVE, system);
    BootedSystem active = next.get(Profile.ACTIVE);
    boolean upgraded = entry == Profile.ACTIVE && !active.equals(system);
    if (upgraded && (trustedBoot || !last.equals(Optional.of(Profile.PASSIVE)))) {
      next.put(Profile.PASSIVE, active);
    }
    next.put(entry, system);
    return new BootEntries(next, Optional.of(entry));
  }

  /** The entries that boot another system than this one, each with what it boots. */
  public Map<Profile, BootedSystem> others(BootedSystem than) {
    Map<Profile, BootedSystem> others = new EnumMap<>(Profile.class);
    systems.forEach(
        (entry, system) -> {
          if (!system.equals(than)) {
            others.put(entry, system);
          }
        });
    return others;
  }
}
