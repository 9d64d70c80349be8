package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * What a policy gives its nodes at one revision, in full: with it a node can be planned although
 * the SystemExtensions are others by now, or gone.
 *
 * @param extensions by name, each once
 * @param profiles the boot profiles they are enabled in, in the order of the enum
 * @param activation how they get merged
 */
public record RevisionContent(
    List<Item> extensions, List<Profile> profiles, Activation activation) {

  /** Nothing at all. */
  public static final RevisionContent NOTHING =
      new RevisionContent(List.of(), List.of(), Activation.NEXT_BOOT);

  /** Sorts what it is given. */
  public RevisionContent {
    extensions = extensions.stream().sorted(Comparator.comparing(Item::name)).toList();
    profiles = profiles.stream().distinct().sorted().toList();
  }

  /** What a policy that matches these extensions gives. */
  public static RevisionContent of(NodeExtensionPolicySpec spec, Collection<Extension> matched) {
    return new RevisionContent(
        matched.stream().map(Item::of).toList(), spec.profiles(), spec.activation());
  }

  /**
   * An extension as it was.
   *
   * @param name of the SystemExtension
   * @param imageName the image's name on the host
   * @param spec what it is
   */
  public record Item(String name, String imageName, SystemExtensionSpec spec) {
    /** An extension as it is now. */
    public static Item of(Extension extension) {
      return new Item(extension.name(), extension.imageName(), extension.spec());
    }

    /** What identifies it on a node. */
    public ExtensionKey key() {
      return new ExtensionKey(spec.type(), imageName);
    }
  }
}
