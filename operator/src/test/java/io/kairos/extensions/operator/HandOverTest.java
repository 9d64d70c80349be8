package io.kairos.extensions.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectRulesReviewBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who leads when the leader ends as it should. */
@EnableKubernetesMockClient(crud = true)
class HandOverTest {
  /** Less than what a lease lasts, which is 15 seconds, by far. */
  private static final Duration SOON = Duration.ofSeconds(8);

  KubernetesMockServer server;
  KubernetesClient client;

  @BeforeEach
  void serveTheApi() {
    for (Class<? extends CustomResource<?, ?>> kind :
        List.of(NodeExtensionPolicy.class, SystemExtension.class, NodeExtensionState.class)) {
      server.expectCustomResource(CustomResourceDefinitionContext.fromCustomResourceType(kind));
    }
    // JOSDK asks whether it may use the lease; the API in memory has no rights to tell of.
    server
        .expect()
        .post()
        .withPath("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews")
        .andReturn(
            HttpURLConnection.HTTP_CREATED,
            new SelfSubjectRulesReviewBuilder()
                .withNewStatus()
                .addNewResourceRule()
                .withApiGroups("*")
                .withResources("*")
                .withVerbs("*")
                .endResourceRule()
                .endStatus()
                .build())
        .always();
  }

  @Test
  void theNextLeadsWithoutWaitingForTheLeaseToRunOut() {
    SysextOperator first = start();
    await().until(first::isLeading);
    try (SysextOperator second = start()) {
      assertThat(second.isLeading()).isFalse();

      first.close();

      await().atMost(SOON).until(second::isLeading);
    }
  }

  @Test
  void oneThatDoesNotLeadLeavesTheLeaseToItsHolder() {
    try (SysextOperator first = start()) {
      await().until(first::isLeading);
      String holder = holder();

      start().close();

      assertThat(holder()).isEqualTo(holder);
      assertThat(first.isLeading()).isTrue();
    }
  }

  private SysextOperator start() {
    return SysextOperator.start(
        client, new OperatorConfig(true, "default", "lease", -1, ""), Clock.systemUTC());
  }

  private String holder() {
    return client
        .leases()
        .inNamespace("default")
        .withName("lease")
        .get()
        .getSpec()
        .getHolderIdentity();
  }
}
