package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ConfigMapReference;
import io.kairos.extensions.api.v1alpha1.Drain;
import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Requirements;
import io.kairos.extensions.api.v1alpha1.SecretReference;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.List;

/** What a policy wants on a node under one name of the host. */
sealed interface Contender {
  /** The policy. */
  PolicyDraft draft();

  /** The name on the host. */
  ExtensionKey key();

  /** The SystemExtension. */
  String extension();

  /** The SystemExtensions that have to come with it. */
  List<String> requires();

  /** The SystemExtensions that must not be beside it. */
  List<String> conflicts();

  /**
   * What it comes to.
   *
   * @param required the names on the host of the extensions that it requires
   */
  Assignment assignment(List<String> required);

  /** Of two policies that want one name, the higher wins. */
  default int priority() {
    return draft().policy().spec().priority();
  }

  /** The policy's name. */
  default String policyName() {
    return draft().policy().name();
  }

  /**
   * Given by what the policy gives.
   *
   * @param draft the policy
   * @param item the extension
   * @param image the one for the node
   */
  record Given(PolicyDraft draft, RevisionContent.Item item, ExtensionImage image)
      implements Contender {
    @Override
    public ExtensionKey key() {
      return item.key();
    }

    @Override
    public String extension() {
      return item.name();
    }

    @Override
    public List<String> requires() {
      return item.spec().requires().extensions();
    }

    @Override
    public List<String> conflicts() {
      return item.spec().conflicts();
    }

    @Override
    public Assignment assignment(List<String> required) {
      Requirements requires = item.spec().requires();
      Course course = draft.course();
      return new Assignment(
          item.spec().type(),
          item.imageName(),
          item.name(),
          policyName(),
          Target.builder()
              .revision(course.given())
              .version(item.spec().version())
              .image(
                  new Target.ResolvedImage(
                      image.url(),
                      image.sha256(),
                      item.spec().pullSecret().map(SecretReference::name).orElse(""),
                      item.spec().caBundle().map(ConfigMapReference::configMap).orElse("")))
              .profiles(course.content().profiles())
              .activation(course.content().activation())
              .soakSeconds(draft.policy().spec().rollout().soakSeconds())
              .afterDrain(
                  course.content().activation() == Activation.LIVE
                      && draft.policy().spec().rollout().drain().when() == Drain.When.ALWAYS)
              .services(item.spec().services())
              .healthChecks(item.spec().healthChecks())
              .signatureOrNull(item.spec().signature())
              .requiresOrNull(
                  requires.isEmpty()
                      ? null
                      : new Requirements(requires.systemd(), requires.kernel(), required))
              .build(),
          false);
    }
  }

  /**
   * On the node already, and to stay there to the letter.
   *
   * @param draft the policy
   * @param present what is on the node
   * @param conflicts what its SystemExtension excludes, as far as there still is one
   */
  record Kept(PolicyDraft draft, Assignment present, List<String> conflicts) implements Contender {
    @Override
    public ExtensionKey key() {
      return present.key();
    }

    @Override
    public String extension() {
      return present.extension();
    }

    /** Whatever it required was looked at when it came. */
    @Override
    public List<String> requires() {
      return List.of();
    }

    @Override
    public Assignment assignment(List<String> required) {
      return present;
    }
  }
}
