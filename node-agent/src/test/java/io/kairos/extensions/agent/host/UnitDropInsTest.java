package io.kairos.extensions.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Which start of a unit is made a refresh. */
class UnitDropInsTest {
  @Test
  void aMergeBecomesARefreshWithItsArguments() {
    assertThat(
            UnitDropIns.refreshing(
                List.of(List.of("systemd-sysext", "merge", "--image-policy=root=verity+absent"))))
        .contains("systemd-sysext refresh --image-policy=root=verity+absent");
  }

  @Test
  void whatIsNoMergeOrCannotBeWrittenDownAsItIsStays() {
    assertThat(UnitDropIns.refreshing(List.of(List.of("systemd-sysext", "refresh")))).isEmpty();
    assertThat(UnitDropIns.refreshing(List.of())).isEmpty();
    assertThat(UnitDropIns.refreshing(List.of(List.of("sh", "-c", "x; merge"), List.of("merge"))))
        .isEmpty();
    assertThat(UnitDropIns.refreshing(List.of(List.of("sh", "-c", "'a b'", "merge")))).isEmpty();
    assertThat(UnitDropIns.refreshing(List.of(List.of("merge", "$HOME")))).isEmpty();
  }
}
