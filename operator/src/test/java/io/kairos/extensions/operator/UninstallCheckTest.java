package io.kairos.extensions.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true)
class UninstallCheckTest {
  KubernetesMockServer server;
  KubernetesClient client;

  @BeforeEach
  void define() {
    server.expectCustomResource(
        CustomResourceDefinitionContext.fromCustomResourceType(NodeExtensionPolicy.class));
    server.expectCustomResource(
        CustomResourceDefinitionContext.fromCustomResourceType(SystemExtension.class));
  }

  @Test
  void nothingIsInTheWayWhereThereIsNothing() throws InterruptedException {
    client.resource(Objects.extension("hello", "1.0")).create();

    assertThat(UninstallCheck.obstacle(client, Duration.ZERO)).isEmpty();
  }

  /** Whoever took the CRDs away first took policies and extensions away with them. */
  @Test
  void nothingIsInTheWayWhereTheApiServerDoesNotKnowTheKindsAnyMore() throws InterruptedException {
    for (String kind : List.of("nodeextensionpolicies", "systemextensions")) {
      server
          .expect()
          .get()
          .withPath("/apis/" + Api.GROUP + "/" + Api.VERSION + "/" + kind)
          .andReturn(404, "404 page not found")
          .always();
    }

    assertThat(UninstallCheck.obstacle(client, Duration.ZERO)).isEmpty();
  }

  @Test
  void thatNobodyKnowsWhatIsThereIsInTheWayAndSaysWhy() throws InterruptedException {
    server
        .expect()
        .get()
        .withPath("/apis/" + Api.GROUP + "/" + Api.VERSION + "/nodeextensionpolicies")
        .andReturn(
            403, new StatusBuilder().withCode(403).withMessage("policies is forbidden").build())
        .always();
    assertThat(UninstallCheck.obstacle(client, Duration.ZERO))
        .hasValueSatisfying(obstacle -> assertThat(obstacle).contains("policies is forbidden"));
  }

  @Test
  void anApiServerThatDoesNotAnswerIsInTheWayAndNamed() throws Exception {
    int port;
    try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = nobody.getLocalPort();
    }
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl("http://127.0.0.1:" + port)
            .withRequestRetryBackoffLimit(0)
            .build();
    try (KubernetesClient silent = new KubernetesClientBuilder().withConfig(config).build()) {
      assertThat(UninstallCheck.obstacle(silent, Duration.ZERO))
          .hasValueSatisfying(
              obstacle ->
                  assertThat(obstacle)
                      .contains("127.0.0.1:" + port, "could not be asked", "ConnectException"));
    }
  }

  @Test
  void policiesAreInTheWayAndAreNamed() throws InterruptedException {
    client.resource(Objects.policy("base", 1, "hello")).create();
    client.resource(Objects.policy("more", 1, "hello")).create();

    assertThat(UninstallCheck.obstacle(client, Duration.ZERO))
        .hasValueSatisfying(
            obstacle -> assertThat(obstacle).contains("base, more", "kubectl delete nep --all"));
  }

  @Test
  void anExtensionThatTheOperatorStillHoldsIsWaitedFor() throws InterruptedException {
    SystemExtension held = Objects.extension("hello", "1.0");
    held.addFinalizer(Api.FINALIZER);
    client.resource(held).create();

    assertThat(UninstallCheck.obstacle(client, Duration.ofMillis(1)))
        .hasValueSatisfying(obstacle -> assertThat(obstacle).contains("has not let go of hello"));

    Thread operator =
        new Thread(
            () ->
                client
                    .resources(SystemExtension.class)
                    .withName("hello")
                    .edit(
                        extension -> {
                          extension.removeFinalizer(Api.FINALIZER);
                          return extension;
                        }));
    operator.start();
    assertThat(UninstallCheck.obstacle(client, Duration.ofSeconds(30))).isEmpty();
    operator.join();
  }
}
