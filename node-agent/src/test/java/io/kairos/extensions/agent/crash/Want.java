package io.kairos.extensions.agent.crash;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.List;
import java.util.function.Function;

/**
 * What shall be of one extension: enabled in {@code active} and {@code passive}, with a service, a
 * health check and a soak.
 *
 * @param name on the host
 * @param image of it
 * @param activation how it gets merged
 * @param removed whether it shall go
 */
record Want(String name, Sample image, Activation activation, boolean removed) {
  private static final int SOAK_SECONDS = 1;

  static Want live(String name, Sample image) {
    return new Want(name, image, Activation.LIVE, false);
  }

  static Want nextBoot(String name, Sample image) {
    return new Want(name, image, Activation.NEXT_BOOT, false);
  }

  static Want gone(String name, Sample image) {
    return new Want(name, image, Activation.LIVE, true);
  }

  /** As the operator assigns it. */
  Assignment assignment(Function<Sample, String> urls) {
    Target target =
        Target.builder()
            .revision("v1-" + image)
            .version(image.name())
            .image(new Target.ResolvedImage(urls.apply(image), image.sha256()))
            .profiles(List.of(Profile.ACTIVE, Profile.PASSIVE))
            .activation(activation)
            .soakSeconds(SOAK_SECONDS)
            .services(List.of(new Service(name + ".service", ServiceAction.RESTART)))
            .healthChecks(
                List.of(HealthCheck.builder().name("there").file("/usr/bin/" + name).build()))
            .build();
    return new Assignment(ExtensionType.SYSEXT, name, name, "policy", target, removed);
  }
}
