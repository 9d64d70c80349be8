package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Pods on nodes without kubelets, in a cluster without controllers. Plays what is missing of both:
 * a pod that is told to end is gone at once, and a PodDisruptionBudget has a status.
 */
public final class SimulatedPods implements AutoCloseable {
  private static final String NAMESPACE = "default";

  private final KubernetesClient client;
  private final ExecutorService kubelets = Executors.newSingleThreadExecutor();
  private final SharedIndexInformer<Pod> pods;

  private SimulatedPods(KubernetesClient client) {
    this.client = client;
    this.pods =
        client
            .pods()
            .inAnyNamespace()
            .inform(
                new ResourceEventHandler<Pod>() {
                  @Override
                  public void onAdd(Pod pod) {
                    end(pod);
                  }

                  @Override
                  public void onUpdate(Pod before, Pod pod) {
                    end(pod);
                  }

                  @Override
                  public void onDelete(Pod pod, boolean unknown) {
                    // gone
                  }
                });
  }

  /** Ends pods from now on. */
  public static SimulatedPods start(KubernetesClient client) {
    return new SimulatedPods(client);
  }

  private void end(Pod pod) {
    if (pod.isMarkedForDeletion()) {
      kubelets.execute(() -> remove(pod));
    }
  }

  private void remove(Pod pod) {
    client.resource(pod).withGracePeriod(0).delete();
  }

  /** A pod of a ReplicaSet runs on a node, and is ready. */
  public void run(String name, String node, Map<String, String> labels) {
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(NAMESPACE)
            .withLabels(labels)
            .addNewOwnerReference()
            .withApiVersion("apps/v1")
            .withKind("ReplicaSet")
            .withName("web")
            .withUid("0f5b1c5e-0000-4000-8000-000000000000")
            .withController(true)
            .endOwnerReference()
            .endMetadata()
            .withNewSpec()
            .withNodeName(node)
            .addNewContainer()
            .withName("web")
            .withImage("registry.example.org/web")
            .endContainer()
            .endSpec()
            .build();
    client.resource(pod).create();
    client
        .pods()
        .inNamespace(NAMESPACE)
        .withName(name)
        .editStatus(
            created ->
                created
                    .edit()
                    .editOrNewStatus()
                    .withPhase("Running")
                    .addNewCondition()
                    .withType("Ready")
                    .withStatus("True")
                    .endCondition()
                    .endStatus()
                    .build());
  }

  /** The names of the pods on a node. */
  public List<String> on(String node) {
    return client
        .pods()
        .inNamespace(NAMESPACE)
        .withField("spec.nodeName", node)
        .list()
        .getItems()
        .stream()
        .map(pod -> pod.getMetadata().getName())
        .sorted()
        .toList();
  }

  /** Takes a pod away without asking anybody: its node is gone, or a person wants it so. */
  public void remove(String name) {
    client.pods().inNamespace(NAMESPACE).withName(name).withGracePeriod(0).delete();
  }

  /** A PodDisruptionBudget that lets this many of the pods with a label go. */
  public void protect(String name, Map<String, String> labels, int allowed) {
    PodDisruptionBudget budget =
        new PodDisruptionBudgetBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(NAMESPACE)
            .endMetadata()
            .withNewSpec()
            .withNewMinAvailable(1)
            .withNewSelector()
            .withMatchLabels(labels)
            .endSelector()
            .endSpec()
            .build();
    client.resource(budget).create();
    allow(name, allowed);
  }

  /** From now on a PodDisruptionBudget lets this many pods go. */
  public void allow(String name, int allowed) {
    client
        .policy()
        .v1()
        .podDisruptionBudget()
        .inNamespace(NAMESPACE)
        .withName(name)
        .editStatus(
            budget ->
                budget
                    .edit()
                    .withNewStatus()
                    .withObservedGeneration(budget.getMetadata().getGeneration())
                    .withCurrentHealthy(1 + allowed)
                    .withDesiredHealthy(1)
                    .withExpectedPods(1 + allowed)
                    .withDisruptionsAllowed(allowed)
                    .endStatus()
                    .build());
  }

  @Override
  public void close() {
    pods.close();
    kubelets.shutdownNow();
  }
}
