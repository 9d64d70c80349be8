package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.function.Supplier;

/** Changes of objects that others change at the same time. */
public final class Contended {
  private static final int MOST = 20;

  private Contended() {}

  /**
   * Reads, changes and writes, and does so again while somebody else comes between, as kubectl
   * does.
   *
   * @param change an {@code edit} or {@code editStatus} of the client
   * @throws KubernetesClientException what it throws, or the last conflict of many
   */
  public static <T> T edit(Supplier<T> change) {
    for (int attempt = 1; ; attempt++) {
      try {
        return change.get();
      } catch (KubernetesClientException e) {
        if (e.getCode() != HttpURLConnection.HTTP_CONFLICT || attempt == MOST) {
          throw e;
        }
      }
    }
  }
}
