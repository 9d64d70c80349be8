package io.kairos.extensions.operator.plan;

import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The Secrets and ConfigMaps of the operator's namespace, by name. Nothing here shows what they
 * hold, for snapshots and writes may end up in a log.
 *
 * @param secrets the Secrets
 * @param configMaps the ConfigMaps
 * @param handedOut what the Secret for the agents holds now, base64; empty without that Secret
 */
public record SiteObjects(
    NavigableMap<String, Secret> secrets,
    NavigableMap<String, ConfigMap> configMaps,
    Optional<NavigableMap<String, String>> handedOut) {

  /** A namespace without any. */
  public static final SiteObjects NONE =
      new SiteObjects(new TreeMap<>(), new TreeMap<>(), Optional.empty());

  /** Copies what it is given. */
  public SiteObjects {
    secrets = Collections.unmodifiableNavigableMap(new TreeMap<>(secrets));
    configMaps = Collections.unmodifiableNavigableMap(new TreeMap<>(configMaps));
    handedOut = handedOut.map(data -> Collections.unmodifiableNavigableMap(new TreeMap<>(data)));
  }

  /**
   * A Secret.
   *
   * @param type its type
   * @param data its values, base64
   */
  public record Secret(String type, Map<String, String> data) {
    /** Copies what it is given. */
    public Secret {
      data = Map.copyOf(data);
    }

    @Override
    public String toString() {
      return type + data.keySet();
    }
  }

  /**
   * A ConfigMap.
   *
   * @param data its values, base64
   */
  public record ConfigMap(Map<String, String> data) {
    /** Copies what it is given. */
    public ConfigMap {
      data = Map.copyOf(data);
    }

    @Override
    public String toString() {
      return data.keySet().toString();
    }
  }

  @Override
  public String toString() {
    return "secrets " + secrets + ", configMaps " + configMaps;
  }
}
