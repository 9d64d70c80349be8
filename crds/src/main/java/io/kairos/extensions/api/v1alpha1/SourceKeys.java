package io.kairos.extensions.api.v1alpha1;

/**
 * How the one Secret is laid out that carries to the agents what their sources need: {@code
 * secret.NAME.KEY} and {@code configmap.NAME.KEY} for each key of each referenced object. The dots
 * of a NAME are written as {@code _}, which no name has, so a key reads in one way only.
 */
public final class SourceKeys {
  /** The name of that Secret, in the operator's namespace. */
  public static final String SECRET = "sysext-operator-sources";

  /** The key of a pull secret of type kubernetes.io/dockerconfigjson. */
  public static final String DOCKER_CONFIG = ".dockerconfigjson";

  /** The user's key of a pull secret of type kubernetes.io/basic-auth. */
  public static final String USERNAME = "username";

  /** The password's key of a pull secret of type kubernetes.io/basic-auth. */
  public static final String PASSWORD = "password";

  /** The key of an Opaque pull secret that is sent as a bearer token. */
  public static final String TOKEN = "token";

  private SourceKeys() {}

  /** The key for a key of a Secret. */
  public static String secret(String name, String key) {
    return "secret." + plain(name) + "." + key;
  }

  /** The key for a key of a ConfigMap. */
  public static String configMap(String name, String key) {
    return configMapPrefix(name) + key;
  }

  /** What the keys of a ConfigMap, and of no other, begin with. */
  public static String configMapPrefix(String name) {
    return "configmap." + plain(name) + ".";
  }

  private static String plain(String name) {
    return name.replace('.', '_');
  }
}
