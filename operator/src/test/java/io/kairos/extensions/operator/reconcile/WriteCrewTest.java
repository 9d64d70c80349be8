package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.operator.reconcile.WriteCrew.Answer;
import io.kairos.extensions.operator.rollout.Write;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How the requests of a pass are made. */
class WriteCrewTest {
  private static final Write A = new Write.CreateState("a", "uid-a");
  private static final Write A_THEN = new Write.Uncordon("a", true);
  private static final Write B = new Write.CreateState("b", "uid-b");
  private static final Write C = new Write.CreateState("c", "uid-c");
  private static final Write LAST = new Write.RemoveFinalizer(Write.Kind.POLICY, "p");

  private final WriteCrew crew = new WriteCrew();
  private final Queue<Write> done = new ConcurrentLinkedQueue<>();

  @AfterEach
  void close() {
    crew.close();
  }

  private WriteCrew.Outcome work(Consumer<Write> writer) {
    return crew.work(
        List.of(A, A_THEN, B, C, LAST),
        write -> {
          writer.accept(write);
          return did(write);
        },
        () -> true);
  }

  private Answer did(Write write) {
    done.add(write);
    return Answer.DONE;
  }

  private static Consumer<Write> refusing(Write refused, int code) {
    return write -> {
      if (write.equals(refused)) {
        throw new KubernetesClientException("refused", code, null);
      }
    };
  }

  @Test
  void allOfIt() {
    assertThat(work(write -> {})).isEqualTo(WriteCrew.Outcome.ALL_DONE);
    assertThat(done).containsExactlyInAnyOrder(A, A_THEN, B, C, LAST).endsWith(LAST);
  }

  @Test
  void severalNodesAtOnce() {
    CyclicBarrier barrier = new CyclicBarrier(3);
    WriteCrew.Outcome outcome =
        work(
            write -> {
              if (write instanceof Write.CreateState) {
                try {
                  barrier.await(30, TimeUnit.SECONDS); // broken if they come one by one
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              }
            });
    assertThat(outcome).isEqualTo(WriteCrew.Outcome.ALL_DONE);
  }

  @Test
  void aNodeThatHasChangedHoldsUpNoOther() {
    assertThat(work(refusing(A, 409))).isEqualTo(WriteCrew.Outcome.SOME_OUTDATED);
    assertThat(done).containsExactlyInAnyOrder(B, C);
  }

  @Test
  void nothingCouldBeDone() {
    assertThat(crew.work(List.of(A, A_THEN), write -> Answer.OUTDATED, () -> true))
        .isEqualTo(WriteCrew.Outcome.NONE_DONE);
  }

  @Test
  void aNodeThatIsRefusedHoldsUpNothingElse() {
    assertThat(
            crew.work(
                List.of(A, A_THEN, B, C, LAST),
                write -> write.equals(A) ? Answer.NODE_REFUSED : did(write),
                () -> true))
        .isEqualTo(WriteCrew.Outcome.ALL_DONE);
    assertThat(done).containsExactlyInAnyOrder(B, C, LAST);
  }

  @Test
  void anyOtherAnswerEndsThePass() {
    assertThatThrownBy(() -> work(refusing(B, 503))).isInstanceOf(KubernetesClientException.class);
    assertThat(done).doesNotContain(A_THEN, LAST);
  }

  @Test
  void nothingIsWrittenOnceItMayNotGoOn() {
    assertThat(crew.work(List.of(A, B, C, LAST), this::did, () -> false))
        .isEqualTo(WriteCrew.Outcome.STOPPED);
    assertThat(done).isEmpty();
  }
}
