package io.kairos.extensions.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BootEntriesTest {
  private static final BootedSystem ONE = system("1");
  private static final BootedSystem TWO = system("2");
  private static final BootedSystem THREE = system("3");

  private BootEntries entries = BootEntries.UNKNOWN;

  private static BootedSystem system(String version) {
    return new BootedSystem(Map.of("ID", "kairos", "VERSION_ID", version));
  }

  private Map<Profile, BootedSystem> boots(Profile entry, BootedSystem system) {
    return boots(entry, system, false);
  }

  private Map<Profile, BootedSystem> boots(
      Profile entry, BootedSystem system, boolean trustedBoot) {
    entries = entries.booted(entry, system, trustedBoot);
    return entries.others(system);
  }

  @Test
  void anInstallationBootsOneSystemEverywhere() {
    assertThat(boots(Profile.ACTIVE, ONE)).isEmpty();
    assertThat(boots(Profile.ACTIVE, ONE)).isEmpty();
  }

  @Test
  void anUpgradeOfActiveLeavesTheOneBeforeInPassive() {
    boots(Profile.ACTIVE, ONE);
    assertThat(boots(Profile.ACTIVE, TWO)).isEqualTo(Map.of(Profile.PASSIVE, ONE));
    assertThat(boots(Profile.ACTIVE, TWO)).containsEntry(Profile.PASSIVE, ONE);
    assertThat(boots(Profile.ACTIVE, THREE)).isEqualTo(Map.of(Profile.PASSIVE, TWO));
  }

  @Test
  void whatABootShowsIsWhatItsEntryHas() {
    boots(Profile.ACTIVE, TWO);
    assertThat(boots(Profile.PASSIVE, ONE)).isEqualTo(Map.of(Profile.ACTIVE, TWO));
    assertThat(boots(Profile.ACTIVE, TWO)).isEqualTo(Map.of(Profile.PASSIVE, ONE));
  }

  @Test
  void anUpgradeOutOfPassiveLeavesThatAsItIs() {
    boots(Profile.ACTIVE, ONE);
    boots(Profile.ACTIVE, TWO);
    boots(Profile.PASSIVE, ONE);
    assertThat(boots(Profile.ACTIVE, THREE)).containsEntry(Profile.PASSIVE, ONE);
  }

  @Test
  void anUpgradeOutOfRecoveryLeavesWhatWasActiveInPassive() {
    boots(Profile.ACTIVE, ONE);
    boots(Profile.ACTIVE, TWO);
    boots(Profile.RECOVERY, ONE);
    assertThat(boots(Profile.ACTIVE, THREE))
        .isEqualTo(Map.of(Profile.PASSIVE, TWO, Profile.RECOVERY, ONE));
  }

  @Test
  void underTrustedBootActiveBecomesPassiveWhateverWasBooted() {
    boots(Profile.ACTIVE, ONE);
    boots(Profile.ACTIVE, TWO);
    boots(Profile.PASSIVE, ONE);
    assertThat(boots(Profile.ACTIVE, THREE, true)).containsEntry(Profile.PASSIVE, TWO);
  }

  @Test
  void anUpgradeThatChangesNothingThatCountsIsNone() {
    boots(Profile.ACTIVE, ONE);
    BootedSystem again =
        new BootedSystem(Map.of("ID", "kairos", "VERSION_ID", "1", "BUILD_ID", "of another day"));
    assertThat(boots(Profile.ACTIVE, again)).isEmpty();
  }
}
