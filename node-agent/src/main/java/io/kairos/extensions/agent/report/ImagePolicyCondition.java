package io.kairos.extensions.agent.report;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.List;
import java.util.Optional;

/**
 * Whether a Trusted Boot host would merge by itself what nobody signed: the agent refuses such an
 * image, another hand would not.
 */
final class ImagePolicyCondition {
  private ImagePolicyCondition() {}

  static Optional<Condition> of(HostStatus host, long generation) {
    if (!host.trustedBoot()) {
      return Optional.empty();
    }
    // from the first systemd-confext on, it has a policy; a host without one has no confexts
    boolean confexts = !host.confextImagePolicy().isEmpty();
    boolean strong =
        isStrong(host.imagePolicy()) && (!confexts || isStrong(host.confextImagePolicy()));
    String found =
        found(ExtensionClass.SYSEXT, host.imagePolicy())
            + (confexts ? ", " + found(ExtensionClass.CONFEXT, host.confextImagePolicy()) : "");
    return Optional.of(
        strong
            ? NodeConditions.condition(
                Conditions.WEAK_IMAGE_POLICY,
                Conditions.FALSE,
                Reasons.SIGNATURES_DEMANDED,
                found,
                generation)
            : NodeConditions.condition(
                Conditions.WEAK_IMAGE_POLICY,
                Conditions.TRUE,
                Reasons.UNSIGNED_IMAGES_ALLOWED,
                found
                    + ", with which this Trusted Boot host merges images that nobody signed: have it"
                    + " run with --image-policy=root=signed+absent:usr=signed+absent",
                generation));
  }

  private static boolean isStrong(String policies) {
    return !policies.isEmpty()
        && List.of(policies.split(", ", -1)).stream()
            .map(ImagePolicy::parse)
            .allMatch(ImagePolicy::demandsSignatures);
  }

  private static String found(ExtensionClass of, String policies) {
    return policies.isEmpty()
        ? of.program() + " has no image policy here"
        : "the image policy of " + of.unit() + " is '" + policies + "'";
  }
}
