package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.operator.rollout.PolicyEvent;
import io.kairos.extensions.operator.rollout.Write;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  private final Refusals refusals = new Refusals();
  private final Write status = new Write.ExtensionStatus("hello", SystemExtensionStatus.EMPTY);
  private final PolicyEvent event = new PolicyEvent("FilesOverlap", true, "with tools");

  @Test
  void whatAStatusWouldSayIsNotToldWhileTheStatusIsRefused() {
    refusals.begin();
    assertThat(refusals.goOn(status, new KubernetesClientException("no", 422, null))).isTrue();

    assertThat(refusals.isMoot(new Write.TellOfExtension("hello", event))).isTrue();
    assertThat(refusals.isMoot(new Write.TellOfExtension("other", event))).isFalse();
    assertThat(refusals.end()).isTrue();
    refusals.begin();
    assertThat(refusals.isMoot(new Write.TellOfExtension("hello", event))).isFalse();
  }

  @Test
  void anObjectThatHasChangedIsNotRefused() {
    refusals.begin();
    assertThat(refusals.goOn(status, new KubernetesClientException("stale", 409, null))).isFalse();
    assertThat(refusals.end()).isFalse();
  }
}
