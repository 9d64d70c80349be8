package io.kairos.extensions.operator;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.operator.plan.Samples;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Whether the operator can go: only while it runs are extensions taken off the hosts, and the
 * finalizers off their objects. Asked by the chart before it is uninstalled.
 */
final class UninstallCheck {
  private static final int MOST_NAMED = 10;
  private static final Duration POLL = Duration.ofMillis(500);

  private UninstallCheck() {}

  /**
   * What is in the way, if something is: that nobody knows is as well.
   *
   * @param patience how long to wait for the finalizers of extensions, once there is no policy left
   */
  static Optional<String> obstacle(KubernetesClient client, Duration patience)
      throws InterruptedException {
    try {
      return left(client, patience);
    } catch (KubernetesClientException e) {
      return Optional.of(
          "the API server at "
              + client.getMasterUrl()
              + " could not be asked what is left: "
              + e.getMessage()
              + because(e));
    }
  }

  /** A client that gets no answer says why only in what caused its exception. */
  private static String because(Throwable e) {
    return Stream.iterate(e.getCause(), Objects::nonNull, Throwable::getCause)
        .map(cause -> ": " + cause)
        .distinct()
        .collect(Collectors.joining());
  }

  private static Optional<String> left(KubernetesClient client, Duration patience)
      throws InterruptedException {
    List<String> policies = names(all(client, NodeExtensionPolicy.class));
    if (!policies.isEmpty()) {
      return Optional.of(
          "there "
              + (policies.size() == 1 ? "is a policy" : "are policies")
              + ": "
              + Samples.of(policies, MOST_NAMED)
              + ". Their extensions are on hosts, and only a running operator takes them off."
              + " Delete the policies first (kubectl delete nep --all), then uninstall again");
    }
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      List<String> held =
          names(
              all(client, SystemExtension.class).stream()
                  .filter(extension -> extension.hasFinalizer(Api.FINALIZER))
                  .toList());
      if (held.isEmpty()) {
        return Optional.empty();
      }
      if (System.nanoTime() - end > 0) {
        return Optional.of(
            "the operator has not let go of "
                + Samples.of(held, MOST_NAMED)
                + " within "
                + patience.toSeconds()
                + " s: see that it runs, then uninstall again");
      }
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
  }

  /** None where the API server does not know the kind: it went with its CRD. */
  private static <T extends HasMetadata> List<T> all(KubernetesClient client, Class<T> kind) {
    try {
      return client.resources(kind).list().getItems();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  private static List<String> names(List<? extends HasMetadata> objects) {
    return objects.stream().map(object -> object.getMetadata().getName()).sorted().toList();
  }
}
