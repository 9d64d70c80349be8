package io.kairos.extensions.api.v1alpha1;

/**
 * What identifies an extension on a node: at most one image of a type and name is there.
 *
 * @param type the extension class
 * @param name the image's name on the host
 */
public record ExtensionKey(ExtensionType type, String name) implements Comparable<ExtensionKey> {
  @Override
  public int compareTo(ExtensionKey other) {
    int byType = type.compareTo(other.type);
    return byType == 0 ? name.compareTo(other.name) : byType;
  }
}
