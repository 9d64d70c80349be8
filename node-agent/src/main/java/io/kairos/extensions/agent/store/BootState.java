package io.kairos.extensions.agent.store;

import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/**
 * What is booted: immucore leaves a sentinel for it in {@code /run/cos}. An automatic reset reads
 * the folder of {@code recovery}; a live medium has no profile.
 *
 * @param profile the booted profile
 * @param bootId the kernel's id of this boot
 */
public record BootState(Optional<Profile> profile, String bootId) {

  /**
   * Reads it.
   *
   * @throws IOException when the boot id cannot be read
   */
  public static BootState read(HostPaths host) throws IOException {
    return new BootState(profile(host), Files.readString(host.bootId()).strip());
  }

  /**
   * Whether a signed unified kernel image was booted (Trusted Boot): immucore leaves {@code
   * uki_boot_mode} beside the profile's sentinel.
   */
  public static boolean isTrustedBoot(HostPaths host) {
    return Files.exists(host.cos().resolve("uki_boot_mode"));
  }

  private static Optional<Profile> profile(HostPaths host) {
    if (Files.exists(host.cos().resolve("active_mode"))) {
      return Optional.of(Profile.ACTIVE);
    }
    if (Files.exists(host.cos().resolve("passive_mode"))) {
      return Optional.of(Profile.PASSIVE);
    }
    boolean recovery =
        Files.exists(host.cos().resolve("recovery_mode"))
            || Files.exists(host.cos().resolve("autoreset_mode"));
    return recovery ? Optional.of(Profile.RECOVERY) : Optional.empty();
  }
}
