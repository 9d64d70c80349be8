package io.kairos.extensions.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the operator relies on: the mock server has to agree with the API server on it. */
abstract class ClusterContract {

  private static final PatchContext JSON_PATCH = PatchContext.of(PatchType.JSON);

  KubernetesClient client;

  abstract TestCluster cluster();

  @BeforeEach
  void aClientAndAKind() {
    client = cluster().client();
    cluster().applyCrds(List.of(Widgets.definition()));
  }

  @AfterEach
  void noWidgets() {
    client.resourceList(Widgets.of(client).list().getItems()).delete();
    client.close();
  }

  @Test
  void objectsAreCreatedReadListedAndDeleted() {
    ConfigMap map =
        new ConfigMapBuilder()
            .withNewMetadata()
            .withNamespace("default")
            .withName("settings")
            .endMetadata()
            .addToData("a", "b")
            .build();
    assertThat(client.resource(map).create().getMetadata().getUid()).isNotEmpty();
    assertThat(client.resource(map).get().getData()).containsEntry("a", "b");
    assertThat(client.configMaps().inNamespace("default").list().getItems())
        .extracting(m -> m.getMetadata().getName())
        .contains("settings");
    client.resource(map).delete();
    assertThat(client.resource(map).get()).isNull();
  }

  @Test
  void definitionsMayBeAppliedAgain() {
    create("kept", 1);
    cluster().applyCrds(List.of(Widgets.definition()));
    assertThat(get("kept")).isNotNull();
  }

  @Test
  void aClosedClientLeavesTheOthersWorking() {
    cluster().client().close();
    assertThat(Widgets.of(client).list().getItems()).isEmpty();
  }

  @Test
  void theKubeconfigLeadsOtherClientsHereAndIsPrivate() throws Exception {
    assertThat(Files.getPosixFilePermissions(cluster().kubeconfig()))
        .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    create("seen", 1);
    try (KubernetesClient other =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(cluster().kubeconfig().toFile()))
            .build()) {
      assertThat(Widgets.of(other).withName("seen").get()).isNotNull();
    }
  }

  @Test
  void aPutWithAnOldResourceVersionIsAConflict() {
    GenericKubernetesResource first = create("w", 1);
    client.resource(sized(first, 2)).update();
    assertRefused(409, () -> client.resource(sized(first, 3)).update());
    assertThat(get("w").<Integer>get("spec", "size")).isEqualTo(2);
  }

  @Test
  void aPutWithAnotherUidIsAConflict() {
    GenericKubernetesResource old = create("w", 1);
    client.resource(old).delete();
    create("w", 2);
    old.getMetadata().setResourceVersion(null);
    assertRefused(409, () -> client.resource(sized(old, 3)).update());
  }

  @Test
  void aPutToWhatIsGoneDoesNotBringItBack() {
    GenericKubernetesResource old = create("w", 1);
    client.resource(old).delete();
    // 404 today, 409 of Kubernetes 1.30: nobody may rely on either.
    assertThatThrownBy(() -> client.resource(sized(old, 3)).update())
        .asInstanceOf(type(KubernetesClientException.class))
        .extracting(KubernetesClientException::getCode)
        .isIn(404, 409);
    assertThat(get("w")).isNull();
  }

  @Test
  void aGenerationCountsChangesOfTheSpecOnly() {
    GenericKubernetesResource w = create("w", 1);
    assertThat(w.getMetadata().getGeneration()).isEqualTo(1);
    w = client.resource(withStatus(w, "busy")).updateStatus();
    assertThat(w.getMetadata().getGeneration()).isEqualTo(1);
    w = client.resource(sized(w, 2)).update();
    assertThat(w.getMetadata().getGeneration()).isEqualTo(2);
  }

  @Test
  void specAndStatusAreWrittenApart() {
    GenericKubernetesResource w = create("w", 1);
    w = client.resource(withStatus(sized(w, 5), "busy")).updateStatus();
    assertThat(get("w").<Integer>get("spec", "size")).isEqualTo(1);
    assertThat(get("w").<String>get("status", "phase")).isEqualTo("busy");
    client.resource(withStatus(sized(w, 5), "idle")).update();
    assertThat(get("w").<Integer>get("spec", "size")).isEqualTo(5);
    assertThat(get("w").<String>get("status", "phase")).isEqualTo("busy");
  }

  @Test
  void aStatusWithAnOldResourceVersionIsAConflict() {
    GenericKubernetesResource first = create("w", 1);
    client.resource(sized(first, 2)).update();
    assertRefused(409, () -> client.resource(withStatus(first, "busy")).updateStatus());
  }

  @Test
  void aJsonPatchOfTheStatusWritesIfItsTestsHold() {
    GenericKubernetesResource w = create("w", 1);
    patchStatus(
        """
        [{"op": "test", "path": "/metadata/uid", "value": "%s"},
         {"op": "add", "path": "/status", "value": {"phase": "busy"}}]
        """
            .formatted(w.getMetadata().getUid()));
    assertThat(get("w").<String>get("status", "phase")).isEqualTo("busy");
  }

  @Test
  void aJsonPatchWhoseTestFailsIsRefusedAndChangesNothing() {
    create("w", 1);
    assertRefused(
        422,
        () ->
            patchStatus(
                """
                [{"op": "test", "path": "/metadata/uid", "value": "another"},
                 {"op": "add", "path": "/status", "value": {"phase": "busy"}}]
                """));
    assertThat(get("w").getAdditionalProperties()).doesNotContainKey("status");
  }

  @Test
  void aMergePatchWithAnOldResourceVersionIsAConflict() {
    GenericKubernetesResource first = create("w", 1);
    client.resource(sized(first, 2)).update();
    assertRefused(
        409,
        () ->
            Widgets.of(client)
                .withName("w")
                .patch(
                    PatchContext.of(PatchType.JSON_MERGE),
                    "{\"metadata\": {\"resourceVersion\": \"%s\"}, \"spec\": {\"size\": 3}}"
                        .formatted(first.getMetadata().getResourceVersion())));
  }

  @Test
  void aDeletionOfAnotherResourceVersionIsAConflict() {
    GenericKubernetesResource first = create("w", 1);
    client.resource(sized(first, 2)).update();
    assertRefused(
        409,
        () ->
            client
                .resource(first)
                .lockResourceVersion(first.getMetadata().getResourceVersion())
                .delete());
    assertThat(get("w")).isNotNull();
  }

  @Test
  void aFinalizerHoldsAnObjectUntilItIsTakenOff() {
    GenericKubernetesResource w = Widgets.widget("w", 1);
    w.getMetadata().setFinalizers(List.of("example.org/hold"));
    client.resource(w).create();
    client.resource(w).delete();
    GenericKubernetesResource held = get("w");
    assertThat(held.isMarkedForDeletion()).isTrue();
    held.getMetadata().setFinalizers(List.of());
    client.resource(held).update();
    assertThat(get("w")).isNull();
  }

  @Test
  void aWatchSeesChangesInOrder() throws Exception {
    LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
    Watcher<GenericKubernetesResource> watcher =
        new Watcher<>() {
          @Override
          public void eventReceived(Action action, GenericKubernetesResource w) {
            seen.add(action + " " + w.<Integer>get("spec", "size"));
          }

          @Override
          public void onClose(WatcherException cause) {
            seen.add("closed: " + cause);
          }
        };
    Watch watch = Widgets.of(client).watch(watcher);
    try {
      GenericKubernetesResource w = create("w", 1);
      client.resource(sized(w, 2)).update();
      client.resource(w).delete();
      for (String event : List.of("ADDED 1", "MODIFIED 2", "DELETED 2")) {
        assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo(event);
      }
    } finally {
      watch.close();
    }
  }

  GenericKubernetesResource create(String name, int size) {
    return client.resource(Widgets.widget(name, size)).create();
  }

  GenericKubernetesResource get(String name) {
    return Widgets.of(client).withName(name).get();
  }

  private void patchStatus(String patch) {
    Widgets.of(client).withName("w").subresource("status").patch(JSON_PATCH, patch);
  }

  private static GenericKubernetesResource sized(GenericKubernetesResource w, int size) {
    return w.edit().addToAdditionalProperties("spec", Map.of("size", size)).build();
  }

  private static GenericKubernetesResource withStatus(GenericKubernetesResource w, String phase) {
    return w.edit().addToAdditionalProperties("status", Map.of("phase", phase)).build();
  }

  static void assertRefused(int code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .asInstanceOf(type(KubernetesClientException.class))
        .extracting(KubernetesClientException::getCode)
        .isEqualTo(code);
  }
}
