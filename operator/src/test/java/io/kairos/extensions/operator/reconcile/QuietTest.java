package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus.LastFailure;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.Fleets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuietTest {
  private Instant now = Fleets.NOW;
  private final InstantSource source = () -> now;
  private final Clock clock = source.withZone(ZoneOffset.UTC);
  private final Quiet quiet = new Quiet(clock);

  /** A minute later an agent tells this. */
  private Instant told(ExtensionStatus.ExtensionStatusBuilder of) {
    now = now.plus(Duration.ofMinutes(1));
    NodeExtensionState state = new NodeExtensionState();
    state.setMetadata(new ObjectMetaBuilder().withName("n").withUid("u").build());
    state.setStatus(
        NodeExtensionStateStatus.EMPTY.toBuilder()
            .extensions(
                List.of(
                    of.type(ExtensionType.SYSEXT)
                        .name("hello")
                        .revision("r")
                        .lastTransitionTime(now.toString())
                        .build()))
            .build());
    return quiet.look(List.of(state)).get("n");
  }

  private static ExtensionStatus.ExtensionStatusBuilder in(Phase phase, String reason) {
    return ExtensionStatus.builder().phase(phase).reason(reason);
  }

  private String now() {
    return now.toString();
  }

  private ExtensionStatus.ExtensionStatusBuilder unreachable(int attempts) {
    return in(Phase.FAILED, Reasons.SOURCE_UNREACHABLE)
        .attempts(attempts)
        .message("tried " + attempts + " times")
        .lastFailureOrNull(
            new LastFailure("r", "", Reasons.SOURCE_UNREACHABLE, "try " + attempts, now()));
  }

  @Test
  void tryingAgainIsNoProgress() {
    assertThat(told(in(Phase.FETCHING, "InProgress"))).isEqualTo(now);
    Instant first = told(unreachable(1));
    assertThat(first).as("the download has ended").isEqualTo(now);

    for (int attempt = 1; attempt < 5; attempt++) {
      assertThat(told(in(Phase.PENDING, "InProgress").attempts(attempt)))
          .as("another image is fetched meanwhile")
          .isEqualTo(first);
      assertThat(told(in(Phase.FETCHING, "InProgress").attempts(attempt))).isEqualTo(first);
      assertThat(told(unreachable(attempt + 1))).isEqualTo(first);
    }

    assertThat(told(in(Phase.ACTIVATING, "InProgress"))).isEqualTo(now);
    Instant active = told(in(Phase.ACTIVE, "Merged"));
    assertThat(active).isEqualTo(now);
    assertThat(told(in(Phase.ACTIVE, "Merged"))).isEqualTo(active);
  }

  @Test
  void aRemovalThatIsTriedAgainGetsNoFurther() {
    Instant first = told(in(Phase.REMOVING, Reasons.MERGE_FAILED).attempts(1).message("one"));

    assertThat(told(in(Phase.REMOVING, Reasons.MERGE_FAILED).attempts(2).message("two")))
        .isEqualTo(first);
    assertThat(told(in(Phase.REMOVED, Reasons.REMOVED))).isEqualTo(now);
  }
}
