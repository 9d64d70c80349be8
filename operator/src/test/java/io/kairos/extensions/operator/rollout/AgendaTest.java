package io.kairos.extensions.operator.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Which writes of a pass may be done next, whatever came of the others. */
class AgendaTest {
  private static final Write FIRST = new Write.AddFinalizer(Write.Kind.POLICY, "p", List.of("p"));
  private static final Write A = new Write.CreateState("a", "uid-a");
  private static final Write A_THEN = new Write.Uncordon("a", true);
  private static final Write B = new Write.CreateState("b", "uid-b");
  private static final Write NEXT = new Write.ConfirmStates("p");
  private static final Write A_LAST = new Write.Cordon("a", "p");
  private static final Write B_LAST = new Write.Cordon("b", "p");
  private static final Write CONCLUDING = new Write.RemoveFinalizer(Write.Kind.POLICY, "q");

  private final Agenda agenda =
      new Agenda(List.of(FIRST, A, A_THEN, B, NEXT, A_LAST, B_LAST, CONCLUDING));

  @Test
  void nodesAreWrittenBesideEachOtherAndEachInOrder() {
    assertThat(agenda.ready()).containsExactly(FIRST);
    agenda.done(FIRST);
    assertThat(agenda.ready()).containsExactly(A, B);
    agenda.done(A);
    assertThat(agenda.ready()).containsExactly(A_THEN, B);
    agenda.done(B);
    assertThat(agenda.ready()).containsExactly(A_THEN);
    agenda.done(A_THEN);
    assertThat(agenda.ready()).containsExactly(NEXT);
    agenda.done(NEXT);
    agenda.ready().forEach(agenda::done);
    assertThat(agenda.ready()).containsExactly(CONCLUDING);
    agenda.done(CONCLUDING);

    assertThat(agenda.isOver()).isTrue();
    assertThat(agenda.hasOutdated()).isFalse();
  }

  @Test
  void whatANodeRefusesHoldsUpThatNodeAndWhatCountsOnAll() {
    agenda.done(agenda.ready().get(0));
    assertThat(agenda.ready()).containsExactly(A, B);
    agenda.outdated(A);
    agenda.done(B);
    assertThat(agenda.ready()).containsExactly(NEXT);
    agenda.done(NEXT);
    assertThat(agenda.ready()).containsExactly(B_LAST);
    agenda.done(B_LAST);

    assertThat(agenda.isOver()).isTrue();
    assertThat(agenda.hasOutdated()).isTrue();
  }

  @Test
  void aNodeThatIsRefusedHoldsUpNothingElse() {
    agenda.done(agenda.ready().get(0));
    assertThat(agenda.ready()).containsExactly(A, B);
    agenda.refused((Write.OfNode) A);
    agenda.done(B);
    assertThat(agenda.ready()).containsExactly(NEXT);
    agenda.done(NEXT);
    assertThat(agenda.ready()).containsExactly(B_LAST);
    agenda.done(B_LAST);
    assertThat(agenda.ready()).containsExactly(CONCLUDING);
    agenda.done(CONCLUDING);

    assertThat(agenda.isOver()).isTrue();
    assertThat(agenda.hasOutdated()).isFalse();
  }

  @Test
  void anyOtherThatIsRefusedEndsThePass() {
    agenda.outdated(FIRST);

    assertThat(agenda.isOver()).isTrue();
    assertThat(agenda.hasOutdated()).isTrue();
  }
}
