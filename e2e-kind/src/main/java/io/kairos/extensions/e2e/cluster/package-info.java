/**
 * Clusters for tests and for the sandbox: a real etcd and kube-apiserver where they can be had,
 * Fabric8's mock server where not.
 *
 * <p>{@link io.kairos.extensions.e2e.cluster.TestClusters#best} chooses, {@link
 * io.kairos.extensions.e2e.cluster.RunReport} remembers what was chosen, so that no build can pass
 * on the mock server without saying so.
 */
package io.kairos.extensions.e2e.cluster;
