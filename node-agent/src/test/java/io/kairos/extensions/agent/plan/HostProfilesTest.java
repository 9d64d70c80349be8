package io.kairos.extensions.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a policy's profiles mean where there are not all of them. */
class HostProfilesTest {
  private static final HostProfiles ONE = new HostProfiles(Set.of(Profile.ACTIVE));

  private static Assignment of(Profile... profiles) {
    return Wanted.assignment("tool", "1", Activation.LIVE, 0, profiles);
  }

  private static List<Profile> onOne(Profile... profiles) {
    return ONE.read(Desired.only(List.of(of(profiles)))).assignments().get(0).target().profiles();
  }

  @Test
  void activeAndCommonAreTheOneProfile() {
    assertThat(onOne(Profile.ACTIVE)).containsExactly(Profile.ACTIVE);
    assertThat(onOne(Profile.COMMON)).containsExactly(Profile.ACTIVE);
    assertThat(ONE.refusal(of(Profile.ACTIVE).target())).isEmpty();
  }

  @Test
  void theWayBackBesideItIsNotThere() {
    assertThat(onOne(Profile.ACTIVE, Profile.PASSIVE, Profile.RECOVERY))
        .containsExactly(Profile.ACTIVE);
  }

  @Test
  void aloneTheWayBackIsRefusedInWords() {
    Assignment asked = of(Profile.PASSIVE, Profile.RECOVERY);
    assertThat(ONE.read(Desired.only(List.of(asked))).assignments()).containsExactly(asked);
    assertThat(ONE.refusal(asked.target()))
        .hasValueSatisfying(
            refusal -> {
              assertThat(refusal.phase()).isEqualTo(Phase.INCOMPATIBLE);
              assertThat(refusal.reason()).isEqualTo(Reasons.PROFILE_NOT_ON_HOST);
              assertThat(refusal.message()).contains("passive, recovery", "add active");
            });
  }

  @Test
  void whatComesNextIsReadTheSameWay() {
    Assignment asked =
        of(Profile.ACTIVE).toBuilder().nextOrNull(of(Profile.COMMON).target()).build();
    assertThat(
            ONE.read(Desired.only(List.of(asked)))
                .assignments()
                .get(0)
                .next()
                .orElseThrow()
                .profiles())
        .containsExactly(Profile.ACTIVE);
  }

  @Test
  void aKairosHostTakesThemToTheLetter() {
    HostProfiles all = new HostProfiles(EnumSet.allOf(Profile.class));
    for (Profile profile : Profile.values()) {
      assertThat(all.read(Desired.only(List.of(of(profile)))).assignments())
          .containsExactly(of(profile));
      assertThat(all.refusal(of(profile).target())).isEmpty();
    }
  }
}
