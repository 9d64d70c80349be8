package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadinessTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private Instant now = START;
  private final InstantSource source = () -> now;
  private final Clock clock = source.withZone(ZoneOffset.UTC);
  private final Readiness readiness = new Readiness(clock);

  @Test
  void whatThisProcessSawCountsNotTheClockOfTheNode() {
    assertThat(look(node("uid", "True", ""))).isEqualTo(Instant.MAX);
    now = START.plusSeconds(10);
    Instant seen = look(node("uid", "False", "2020-01-01T00:00:00Z"));
    now = START.plusSeconds(20);

    assertThat(seen).isEqualTo(START.plusSeconds(10));
    assertThat(look(node("uid", "Unknown", "2020-01-01T00:00:00Z"))).isEqualTo(seen);
    assertThat(look(node("uid", "True", ""))).isEqualTo(Instant.MAX);
    assertThat(look(node("uid", "False", ""))).isEqualTo(START.plusSeconds(20));
  }

  @Test
  void aNodeThatIsUnreadyAtFirstSightIsSoSinceItsConditionSaysSo() {
    assertThat(look(node("uid", "Unknown", "2025-12-31T00:00:00Z")))
        .isEqualTo(START.minus(Duration.ofDays(1)));
    assertThat(look(node("another", "Unknown", "2025-12-31T12:00:00Z")))
        .isEqualTo(START.minus(Duration.ofHours(12)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2030-01-01T00:00:00Z", "yesterday", ""})
  void aHintFromTheFutureOrNoneCountsAsNow(String hint) {
    assertThat(look(node("uid", "False", hint))).isEqualTo(START);
  }

  private Instant look(Node node) {
    Map<String, Instant> seen = readiness.look(List.of(node));
    assertThat(seen).containsOnlyKeys("n");
    return seen.get("n");
  }

  private static Node node(String uid, String ready, String since) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName("n")
        .withUid(uid)
        .endMetadata()
        .withNewStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready)
        .withLastTransitionTime(since.isEmpty() ? null : since)
        .endCondition()
        .endStatus()
        .build();
  }
}
