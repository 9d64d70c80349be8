package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.rollout.Write;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the API server refused of the passes, so that one object that it will not have written, for
 * the sake of an admission webhook or of its own rules, holds up nothing but itself and the
 * policies that cannot go on without it: a policy that is held, and one that waits for a node that
 * it has admitted. Each refusal is logged once, for as long as it lasts.
 */
final class Refusals {
  /** Until what was refused is tried again. */
  static final Duration RETRY = Duration.ofSeconds(15);

  private static final int TOO_MANY_REQUESTS = 429;
  private static final Set<Integer> NOT_OF_THE_OBJECT =
      Set.of(
          HttpURLConnection.HTTP_UNAUTHORIZED,
          HttpURLConnection.HTTP_NOT_FOUND,
          HttpURLConnection.HTTP_CONFLICT,
          TOO_MANY_REQUESTS,
          HttpURLConnection.HTTP_BAD_GATEWAY,
          HttpURLConnection.HTTP_UNAVAILABLE,
          HttpURLConnection.HTTP_GATEWAY_TIMEOUT);

  private static final Logger log = LoggerFactory.getLogger(Refusals.class);

  private final Set<String> told = new HashSet<>();
  private final List<Write> refused = new ArrayList<>();
  private final Set<String> said = new HashSet<>();
  private final Map<String, Held> held = new HashMap<>();

  private final List<NodeRefusal> news = new ArrayList<>();

  private record Held(String message, long untilNanos) {}

  /** What a refusal means for the pass. */
  enum Verdict {
    /** Nothing rests on it. */
    PASS_OVER,
    /** What else there is to write of its node waits for another pass. */
    LEAVE_NODE,
    /** The pass ends. */
    END_PASS
  }

  /**
   * The spec of a node's state was refused.
   *
   * @param write what
   * @param message what the API server said
   */
  record NodeRefusal(Write.OfNode write, String message) {}

  /** The policies that are held now, and what the API server said. */
  synchronized Map<String, String> held() {
    long now = System.nanoTime();
    held.values().removeIf(one -> one.untilNanos() - now < 0);
    return held.entrySet().stream()
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, e -> e.getValue().message()));
  }

  /** A pass begins. */
  synchronized void begin() {
    refused.clear();
    said.clear();
    news.clear();
  }

  /** Whether a write makes no sense because another of this pass was refused. */
  synchronized boolean isMoot(Write write) {
    return refused.stream().anyMatch(before -> isAbout(before, write));
  }

  /** A turn is told once its status is written: without, each pass would tell it again. */
  private static boolean isAbout(Write before, Write write) {
    if (write instanceof Write.Tell tell) {
      return before instanceof Write.PolicyStatus status && status.policy().equals(tell.policy());
    }
    return write instanceof Write.TellOfExtension tell
        && before instanceof Write.ExtensionStatus status
        && status.extension().equals(tell.extension());
  }

  /** Takes note of a failed write. */
  synchronized Verdict judge(Write write, KubernetesClientException failure) {
    boolean restsOnIt = !write.isLast();
    if (!isOfTheObject(failure) || (restsOnIt && !(write instanceof Write.OfNode))) {
      return Verdict.END_PASS;
    }
    refused.add(write);
    String what = failure.getMessage();
    boolean isNew = said.add(what) && !told.contains(what);
    if (isNew) {
      log.warn("refused, everything else goes on: {}", what);
    }
    if (restsOnIt && isNew && write instanceof Write.OfNode ofNode) {
      news.add(new NodeRefusal(ofNode, message(failure)));
    }
    return restsOnIt ? Verdict.LEAVE_NODE : Verdict.PASS_OVER;
  }

  /** What was refused of nodes in this pass, and not in the one before. */
  synchronized List<NodeRefusal> news() {
    return List.copyOf(news);
  }

  /** Holds the policies that cannot go on without a write that failed, if it was refused. */
  synchronized void hold(Write write, FleetSnapshot before, KubernetesClientException failure) {
    if (isOfTheObject(failure)) {
      Held refusal = new Held(message(failure), System.nanoTime() + RETRY.toNanos());
      write.holds(before).forEach(policy -> held.put(policy, refusal));
    }
  }

  private static boolean isOfTheObject(KubernetesClientException failure) {
    return failure.getCode() >= HttpURLConnection.HTTP_BAD_REQUEST
        && !NOT_OF_THE_OBJECT.contains(failure.getCode());
  }

  private static String message(KubernetesClientException failure) {
    return "the API server says: "
        + Optional.ofNullable(failure.getStatus())
            .map(Status::getMessage)
            .orElseGet(failure::getMessage);
  }

  /**
   * A pass has done all that it could.
   *
   * @return whether anything was refused
   */
  synchronized boolean end() {
    told.clear();
    told.addAll(said);
    return !refused.isEmpty();
  }
}
