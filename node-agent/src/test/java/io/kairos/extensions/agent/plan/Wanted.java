package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Target;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/** Assignments and digests for tests: a digest begins with the readable words it stands for. */
public final class Wanted {
  private Wanted() {}

  /** A digest that stands for a version of a name. */
  public static String digest(String name, String version) {
    String hex = HexFormat.of().formatHex((name + "-" + version).getBytes(StandardCharsets.UTF_8));
    return (hex + "0".repeat(64)).substring(0, 64);
  }

  /** Live, in {@code active}, good as soon as merged. */
  public static Assignment live(String name, String version, Profile... profiles) {
    return assignment(name, version, Activation.LIVE, 0, profiles);
  }

  /** With the next boot, in {@code active}, good as soon as merged. */
  public static Assignment nextBoot(String name, String version, Profile... profiles) {
    return assignment(name, version, Activation.NEXT_BOOT, 0, profiles);
  }

  /** An assignment; without profiles in {@code active}. */
  public static Assignment assignment(
      String name, String version, Activation activation, int soakSeconds, Profile... profiles) {
    Target target =
        Target.builder()
            .revision("v1-" + version)
            .version(version)
            .image(
                new Target.ResolvedImage(
                    "https://images.example/" + name + "-" + version, digest(name, version)))
            .profiles(profiles.length == 0 ? List.of(Profile.ACTIVE) : List.of(profiles))
            .activation(activation)
            .soakSeconds(soakSeconds)
            .build();
    return new Assignment(ExtensionType.SYSEXT, name, name, "policy", target, false);
  }
}
