package io.kairos.extensions.operator;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
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
   * name. Whatever is in the way, a client that is closed by now as well, the lease runs out then.
   */
  void giveBack() {
    try {
      Resource<Lease> resource = client.leases().inNamespace(namespace).withName(name);
      Lease lease = resource.get();
      if (lease != null && isOurs(lease)) {
        resource.patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(release(lease)));
      }
    } catch (KubernetesClientException | IllegalStateException e) {
      log.debug("the lease runs out by itself: {}", e.getMessage());
    }
  }

  private boolean isOurs(Lease lease) {
    return lease.getSpec() != null && holder.equals(lease.getSpec().getHolderIdentity());
  }

  /** Only of the lease as it was read: by now it may have run out, and be somebody else's. */
  private static Lease release(Lease lease) {
    return new LeaseBuilder()
        .withNewMetadata()
        .withResourceVersion(lease.getMetadata().getResourceVersion())
        .endMetadata()
        .withNewSpec()
        .withHolderIdentity("")
        .endSpec()
        .build();
  }
}
