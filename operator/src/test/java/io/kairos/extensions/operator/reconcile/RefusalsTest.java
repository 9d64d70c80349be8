package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.operator.reconcile.Refusals.Verdict;
import io.kairos.extensions.operator.rollout.ObjectEvent;
import io.kairos.extensions.operator.rollout.Write;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  private final Refusals refusals = new Refusals();
  private final Write status = new Write.ExtensionStatus("hello", SystemExtensionStatus.EMPTY);
  private final ObjectEvent event = new ObjectEvent("FilesOverlap", true, "with tools");

  @Test
  void whatAStatusWouldSayIsNotToldWhileTheStatusIsRefused() {
    refusals.begin();
    assertThat(refusals.judge(status, new KubernetesClientException("no", 422, null)))
        .isEqualTo(Verdict.PASS_OVER);

    assertThat(refusals.isMoot(new Write.TellOfExtension("hello", event))).isTrue();
    assertThat(refusals.isMoot(new Write.TellOfExtension("other", event))).isFalse();
    assertThat(refusals.end()).isTrue();
    refusals.begin();
    assertThat(refusals.isMoot(new Write.TellOfExtension("hello", event))).isFalse();
  }

  @Test
  void anObjectThatHasChangedIsNotRefused() {
    refusals.begin();
    assertThat(refusals.judge(status, new KubernetesClientException("stale", 409, null)))
        .isEqualTo(Verdict.END_PASS);
    assertThat(refusals.end()).isFalse();
  }

  @Test
  void aFinalizerThatNothingRestsOnHoldsUpNothing() {
    refusals.begin();
    for (Write write :
        List.of(
            new Write.RemoveFinalizer(Write.Kind.EXTENSION, "hello"),
            new Write.RemoveFinalizer(Write.Kind.POLICY, "base"),
            new Write.AddFinalizer(Write.Kind.EXTENSION, "unused", List.of()))) {
      assertThat(refusals.judge(write, new KubernetesClientException("no label", 422, null)))
          .as(write.toString())
          .isEqualTo(Verdict.PASS_OVER);
    }
    Write used = new Write.AddFinalizer(Write.Kind.EXTENSION, "hello", List.of("base"));
    assertThat(refusals.judge(used, new KubernetesClientException("no label", 422, null)))
        .as("base would give what may vanish")
        .isEqualTo(Verdict.END_PASS);
  }

  @Test
  void aNodeThatIsRefusedIsLeftAndToldOfOnce() {
    Write.OfNode update =
        new Write.UpdateState("node-1", List.of(), List.of(), new TreeSet<>(), true);
    for (int pass = 1; pass <= 2; pass++) {
      refusals.begin();
      assertThat(refusals.judge(update, new KubernetesClientException("hands off", 422, null)))
          .isEqualTo(Verdict.LEAVE_NODE);
      assertThat(refusals.news()).hasSize(pass == 1 ? 1 : 0);
      assertThat(refusals.end()).isTrue();
    }
    refusals.begin();
    assertThat(refusals.end()).isFalse();
    refusals.begin();
    Verdict unused = refusals.judge(update, new KubernetesClientException("hands off", 422, null));
    assertThat(refusals.news()).as("it was well in between").hasSize(1);
  }
}
