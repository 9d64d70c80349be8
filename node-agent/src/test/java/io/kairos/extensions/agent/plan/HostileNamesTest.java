package io.kairos.extensions.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A name or digest becomes a path only where it is a plain file name. */
class HostileNamesTest {
  private static final HostView EMPTY =
      new HostView(Optional.of(Profile.ACTIVE), Map.of(), Map.of(), Set.of(), Set.of(), List.of());

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.oneOf(
        Arbitraries.of(
            "",
            ".",
            "..",
            "../x",
            "../../etc/passwd",
            "a/b",
            "/etc/x",
            "a/../b",
            "a\0b",
            "a\nb",
            ".hidden",
            "a..b",
            "..a",
            "a.",
            "-a",
            "tool",
            "\ud800",
            "a\u202eb",
            "~",
            "$(x)"),
        Arbitraries.strings().ofMaxLength(20),
        Arbitraries.strings().withChars("./-_a0\u0000").ofMaxLength(8));
  }

  @Provide
  Arbitrary<String> digests() {
    return Arbitraries.oneOf(
        Arbitraries.of("a".repeat(64), "A".repeat(64), "a".repeat(63), "../" + "a".repeat(61), ""),
        Arbitraries.strings().withChars("0123456789abcdef./").ofLength(64));
  }

  @Property(tries = 1000)
  void onlyPlainNamesLeadToAStep(
      @ForAll("names") String name,
      @ForAll("digests") String digest,
      @ForAll Activation activation,
      @ForAll boolean remove) {
    Assignment pattern = Wanted.assignment("tool", "1", activation, 0, Profile.ACTIVE);
    Target target =
        pattern.target().toBuilder()
            .image(new Target.ResolvedImage("https://images.example/x", digest))
            .build();
    Assignment assignment = new Assignment(pattern.type(), name, "tool", "policy", target, remove);
    boolean plain = name.matches(Api.IMAGE_NAME_PATTERN) && digest.matches(Api.DIGEST_PATTERN);

    Plan plan =
        Planner.plan(
            Desired.only(List.of(assignment)),
            Elsewhere.NOTHING,
            EMPTY,
            Memory.EMPTY,
            Grants.NONE,
            0);

    if (!plain) {
      assertThat(plan.actions()).isEmpty();
      assertThat(plan.stage()).isEmpty();
      assertThat(plan.prove()).isEmpty();
    } else {
      assertThat(plan.stage().isPresent()).isEqualTo(!remove);
      assertThat(name).doesNotContain("/").isNotIn(".", "..");
    }
  }
}
