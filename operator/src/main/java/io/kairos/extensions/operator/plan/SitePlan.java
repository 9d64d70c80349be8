package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.SourceKeys;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the one Secret shall hold from which every agent takes users, tokens and certificates for
 * its downloads. Agents may read no Secret of the API: the kubelet mounts this one for them.
 *
 * <p>It holds what extensions refer to and nothing else, and of a Secret only the keys that are
 * known to be of use. What is no longer referred to is dropped. An agent can read all of it, so all
 * pull secrets are readable on every node, as image pull secrets of a DaemonSet are.
 *
 * @param data by {@link SourceKeys}, base64
 * @param problems what is missing, by extension; each has an entry of at least one
 */
public record SitePlan(
    NavigableMap<String, String> data, NavigableMap<String, List<Problem>> problems) {
  /**
   * A Secret holds 1 MiB of values at most, a request somewhat more. One that is refused would help
   * nobody, so what comes last by the names of the extensions does not go in.
   */
  private static final int MOST_BYTES = 900_000;

  /** The longest key of a Secret. */
  private static final int LONGEST_KEY = 253;

  /** Copies what it is given. */
  public SitePlan {
    data = Collections.unmodifiableNavigableMap(new TreeMap<>(data));
    problems = Collections.unmodifiableNavigableMap(new TreeMap<>(problems));
  }

  /**
   * Something that a person has to put right.
   *
   * @param reason CamelCase
   * @param message what is wrong and where
   */
  public record Problem(String reason, String message) {}

  /** The plan for a fleet. */
  public static SitePlan of(FleetSnapshot fleet) {
    NavigableMap<String, String> data = new TreeMap<>();
    NavigableMap<String, List<Problem>> problems = new TreeMap<>();
    for (Extension extension : fleet.extensions().values()) {
      if (!extension.deleting()) {
        for (SiteReference reference : SiteReference.of(extension.spec())) {
          Optional<Problem> problem = add(reference, fleet.site(), data);
          problem.ifPresent(
              p -> problems.computeIfAbsent(extension.name(), n -> new ArrayList<>()).add(p));
        }
      }
    }
    return new SitePlan(data, problems);
  }

  /**
   * The plan for a fleet, with what older revisions need that are given. What of that is missing is
   * said by the agents that miss it.
   */
  public static SitePlan of(FleetSnapshot fleet, Plan plan) {
    SitePlan live = of(fleet);
    NavigableMap<String, String> data = new TreeMap<>(live.data());
    plan.policies().values().stream()
        .filter(policy -> !(policy.course() instanceof Course.Newest))
        .flatMap(policy -> policy.course().content().extensions().stream())
        .flatMap(item -> SiteReference.of(item.spec()).stream())
        .forEach(reference -> add(reference, fleet.site(), data));
    return new SitePlan(data, live.problems());
  }

  /**
   * Whether the Secret has to be written: it differs, or is wanted and not there. One that nobody
   * needs any more is emptied and left, for pods mount it.
   */
  public boolean differsFrom(SiteObjects site) {
    return site.handedOut().map(now -> !now.equals(data)).orElse(!data.isEmpty());
  }

  private static Optional<Problem> add(
      SiteReference reference, SiteObjects site, NavigableMap<String, String> data) {
    NavigableMap<String, String> more = new TreeMap<>();
    Optional<Problem> problem =
        switch (reference.kind()) {
          case PULL_SECRET -> secret(reference, site, more);
          case CERTIFICATES -> configMap(reference, site, more);
        };
    if (problem.isPresent()) {
      return problem;
    }
    if (bytes(data) + bytes(more) > MOST_BYTES) {
      return Optional.of(
          new Problem(
              Reasons.SOURCES_TOO_LARGE,
              reference.field()
                  + ": "
                  + reference.name()
                  + " finds no room beside what other extensions refer to: agents are handed "
                  + MOST_BYTES
                  + " bytes at most"));
    }
    data.putAll(more);
    return Optional.empty();
  }

  private static long bytes(Map<String, String> data) {
    return data.values().stream().mapToLong(base64 -> base64.length() * 3L / 4).sum();
  }

  private static Optional<Problem> secret(
      SiteReference reference, SiteObjects site, NavigableMap<String, String> data) {
    SiteObjects.Secret secret = site.secrets().get(reference.name());
    if (secret == null) {
      return missing(Reasons.SOURCE_SECRET_NOT_FOUND, reference, "Secret");
    }
    List<String> keys =
        switch (secret.type()) {
          case "kubernetes.io/dockerconfigjson" -> List.of(SourceKeys.DOCKER_CONFIG);
          case "kubernetes.io/basic-auth" -> List.of(SourceKeys.USERNAME, SourceKeys.PASSWORD);
          case "Opaque", "" -> List.of(SourceKeys.TOKEN);
          default -> List.of();
        };
    if (keys.isEmpty()) {
      return unusable(
          Reasons.SOURCE_SECRET_UNUSABLE,
          reference,
          "is of type "
              + secret.type()
              + "; usable are kubernetes.io/dockerconfigjson, kubernetes.io/basic-auth, and Opaque"
              + " with the key token");
    }
    for (String key : keys) {
      String value = secret.data().getOrDefault(key, "");
      if (value.isEmpty()) {
        return unusable(
            Reasons.SOURCE_SECRET_UNUSABLE,
            reference,
            "is of type " + secret.type() + " and has nothing in the key " + key);
      }
      data.put(SourceKeys.secret(reference.name(), key), value);
    }
    return Optional.empty();
  }

  private static Optional<Problem> configMap(
      SiteReference reference, SiteObjects site, NavigableMap<String, String> data) {
    SiteObjects.ConfigMap configMap = site.configMaps().get(reference.name());
    if (configMap == null) {
      return missing(Reasons.SOURCE_CONFIG_MAP_NOT_FOUND, reference, "ConfigMap");
    }
    if (configMap.data().isEmpty()) {
      return unusable(Reasons.SOURCE_CONFIG_MAP_UNUSABLE, reference, "has no key");
    }
    for (Map.Entry<String, String> entry : configMap.data().entrySet()) {
      String key = SourceKeys.configMap(reference.name(), entry.getKey());
      if (key.length() > LONGEST_KEY) {
        return unusable(
            Reasons.SOURCE_CONFIG_MAP_UNUSABLE,
            reference,
            "has a key that is too long: " + entry.getKey());
      }
      data.put(key, entry.getValue());
    }
    return Optional.empty();
  }

  private static Optional<Problem> missing(String reason, SiteReference reference, String kind) {
    return Optional.of(
        new Problem(
            reason,
            reference.field()
                + ": there is no "
                + kind
                + " "
                + reference.name()
                + " in the operator's namespace"));
  }

  private static Optional<Problem> unusable(String reason, SiteReference reference, String why) {
    return Optional.of(
        new Problem(reason, reference.field() + ": " + reference.name() + " " + why));
  }

  @Override
  public String toString() {
    return "keys " + data.keySet() + ", problems " + problems;
  }
}
