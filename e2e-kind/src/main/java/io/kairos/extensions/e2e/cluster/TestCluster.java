package io.kairos.extensions.e2e.cluster;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A Kubernetes API to try the operator and the agents on. Closing it stops it and deletes its data.
 */
public sealed interface TestCluster extends AutoCloseable permits KubeApiTestCluster, MockCluster {

  /**
   * A new administrator's client at each call: operators and test extensions tend to close the
   * client they were given. Those still open are closed with the cluster.
   */
  KubernetesClient client();

  /**
   * A new copy of the administrator's configuration, free to be changed: for impersonation, tokens,
   * timeouts.
   */
  Config config();

  /**
   * A kubeconfig file for other programs, readable by its owner only. It goes away with the
   * cluster.
   */
  Path kubeconfig();

  /**
   * Whether this is a kube-apiserver, with schemas, admission, RBAC and server-side apply, or a
   * stand-in.
   */
  boolean real();

  /** What this is, in one line for a person. */
  String describe();

  /** The kubectl that belongs to the cluster, if it has one. */
  Optional<Path> kubectl();

  /**
   * Applies the definitions and returns once the API serves every one of them. Repeating it is
   * harmless.
   */
  void applyCrds(List<CustomResourceDefinition> definitions);

  @Override
  void close();
}
