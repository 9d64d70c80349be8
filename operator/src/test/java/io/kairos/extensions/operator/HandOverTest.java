package io.kairos.extensions.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectRulesReviewBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
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

  @Test
  void aLeaderWhoseClientIsClosedEndsAllTheSame() {
    KubernetesClient mortal = server.createClient();
    SysextOperator leader = start(mortal);
    await().until(leader::isLeading);
    mortal.close();

    leader.close();

    assertThat(leader.isLive()).isTrue(); // closed, which is no reason for a restart
    assertThat(leader.isLeading()).isFalse();
  }

  @Test
  void aLeaseThatIsSomebodyElsesByThenIsNotTakenFromIt() {
    lease("me");
    KubernetesClient overtaken =
        server.createClient(
            builder ->
                builder.withHttpClientBuilderConsumer(
                    http -> http.addOrReplaceInterceptor("overtaken", overtaken())));

    new HeldLease(overtaken, "default", "lease", "me").giveBack();

    assertThat(holder()).isEqualTo("somebody else");
  }

  /** Somebody takes the lease after it was read. */
  private Interceptor overtaken() {
    return new Interceptor() {
      @Override
      public void before(BasicBuilder request, HttpRequest asBuilt, RequestTags tags) {
        if (asBuilt.method().equals("PATCH")) {
          lease("somebody else");
        }
      }
    };
  }

  private void lease(String holder) {
    client
        .resource(
            new LeaseBuilder()
                .withNewMetadata()
                .withName("lease")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(holder)
                .endSpec()
                .build())
        .createOr(NonDeletingOperation::update);
  }

  private SysextOperator start() {
    return start(client);
  }

  private static SysextOperator start(KubernetesClient itsClient) {
    return SysextOperator.start(
        itsClient, new OperatorConfig(true, "default", "lease", -1, ""), Clock.systemUTC());
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
