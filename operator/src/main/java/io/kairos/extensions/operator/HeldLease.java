package io.kairos.extensions.operator;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease that the leader holds. JOSDK lets it run out when it stops: after each upgrade, and
 * each drain of the leader's node, nobody would lead for 15 seconds. So the leader gives it back
 * itself.
 *
 * @param namespace of the lease
 * @param name of the lease
 * @param holder who this is
 */
record HeldLease(KubernetesClient client, String namespace, String name, String holder) {
  private static final Logger log = LoggerFactory.getLogger(HeldLease.class);

  /**
   * Lets the next have it at once, if it is ours. To be called when nothing more is written in its
   * name. Where that fails the lease runs out.
   */
  void giveBack() {
    try {
      client.leases().inNamespace(namespace).withName(name).edit(this::withoutHolder);
    } catch (KubernetesClientException e) {
      log.debug("the lease runs out by itself: {}", e.getMessage());
    }
  }

  private Lease withoutHolder(Lease lease) {
    return lease.getSpec() != null && holder.equals(lease.getSpec().getHolderIdentity())
        ? new LeaseBuilder(lease).editSpec().withHolderIdentity("").endSpec().build()
        : lease;
  }
}
