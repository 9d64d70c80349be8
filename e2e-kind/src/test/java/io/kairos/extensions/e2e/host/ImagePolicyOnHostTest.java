package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.SystemdHost;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImageBytes;
import io.kairos.extensions.agent.image.ImageInspector;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.agent.image.Inspection;
import io.kairos.extensions.agent.store.HostPaths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the agent says of image policies, against what a real systemd-sysext does with them. */
@Timeout(180)
class ImagePolicyOnHostTest {
  private static final List<String> POLICIES =
      List.of(
          "*",
          "~",
          "-",
          ExtensionClass.SYSEXT.defaultPolicy(),
          "root=verity+absent:usr=verity+absent",
          "root=verity+signed+absent:usr=verity+signed+absent",
          "root=signed+absent:usr=signed+absent",
          "root=unprotected",
          "root=unprotected+absent:usr=unprotected",
          "root=open:usr=absent",
          "root=ignore:usr=open",
          "root=encrypted+absent:usr=open",
          "=open",
          "=absent:root=open",
          "=unprotected:root=open",
          "=unprotected+absent",
          "root=verity+signed+absent:root-verity=unused+absent",
          "root=unprotected+read-only-on",
          "root=open+growfs-on",
          "root=open:home=unprotected",
          "root=open:boot=open",
          "root=open:root=absent");

  @TempDir Path folder;

  @Test
  void theAgentAndSystemdAgreeOnEveryImageUnderEveryPolicy() throws Exception {
    SignedImages.obstacle().ifPresent(why -> assumeTrue(false, why));
    Map<String, Path> images = new LinkedHashMap<>();
    SampleImages samples = new SampleImages(folder);
    images.put("plain", samples.image("hello", "1").format(ImageFormat.SQUASHFS).build().path());
    images.put("partition", samples.image("hello", "2").format(ImageFormat.GPT).build().path());
    images.put("verity", new SignedImages(folder).unsigned("hello", "3").path());
    Map<String, String> predicted = new LinkedHashMap<>();
    Map<String, String> found = new LinkedHashMap<>();
    try (BootedHost booted =
            BootedHost.boot(Bases.TRIXIE.require(), HostOptions.named("policies"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      HostFacts facts = host.identify().facts(ExtensionClass.SYSEXT).orElseThrow();
      for (var image : images.entrySet()) {
        Files.copy(
            image.getValue(),
            booted.root().resolve("run/extensions/hello.raw"),
            StandardCopyOption.REPLACE_EXISTING);
        for (String policy : POLICIES) {
          String what = image.getKey() + " under " + policy;
          predicted.put(what, predict(image.getValue(), facts, policy) ? "merged" : "refused");
          found.put(what, merges(booted, policy) ? "merged" : "refused");
        }
      }
    }
    found.forEach((what, outcome) -> System.out.println(outcome + ": " + what));
    assertThat(predicted).isEqualTo(found);
  }

  private static boolean predict(Path image, HostFacts facts, String policy) throws IOException {
    HostFacts host = facts.withPolicies(List.of(ImagePolicy.parse(policy)));
    return ImageInspector.inspect(ImageBytes.of(Files.readAllBytes(image)), "hello", host)
        instanceof Inspection.Fits;
  }

  private static boolean merges(BootedHost host, String policy) {
    host.exec("systemd-sysext", "merge", "--image-policy=" + policy);
    String status = host.exec("systemd-sysext", "status", "--json=short").stdout();
    host.exec("systemd-sysext", "unmerge");
    return status.contains("\"hello\"");
  }

  @Test
  void theUnitsPolicyAndHierarchiesAreThoseOfItsDropIns() throws Exception {
    HostOptions options =
        HostOptions.named("unit")
            .withImagePolicy(java.util.Optional.of("root=signed+absent:usr=signed+absent"))
            .withFile(
                "/etc/systemd/system/systemd-sysext.service.d/50-hierarchies.conf",
                "[Service]\nEnvironment=A=b SYSTEMD_SYSEXT_HIERARCHIES=/usr/bin:/usr/lib:/opt\n");
    try (BootedHost booted = BootedHost.boot(Bases.TRIXIE.require(), options);
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      Host.Identity identity = host.identify();
      assertThat(identity.facts(ExtensionClass.SYSEXT).orElseThrow().policies())
          .containsExactly(ImagePolicy.parse("root=signed+absent:usr=signed+absent"));
      assertThat(identity.facts(ExtensionClass.SYSEXT).orElseThrow().hierarchies())
          .containsExactly("/usr/bin", "/usr/lib", "/opt");
      assertThat(identity.trustedBoot()).isFalse();
    }
  }

  @Test
  void aHostOfBeforeImagePoliciesHasNone() throws Exception {
    BootedHost booted = BootedHost.boot(Bases.MACHINE.require(), HostOptions.named("old"));
    try (booted;
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      Host.Identity identity = host.identify();
      boolean known = Integer.parseInt(identity.systemd().replaceAll("\\D.*", "")) >= 254;
      assertThat(identity.facts(ExtensionClass.SYSEXT).orElseThrow().policies())
          .isEqualTo(
              known
                  ? List.of(ImagePolicy.parse(ExtensionClass.SYSEXT.defaultPolicy()))
                  : List.of());
      assertThat(identity.facts(ExtensionClass.SYSEXT).orElseThrow().hierarchies())
          .isEqualTo(ExtensionClass.SYSEXT.hierarchies());
    }
  }
}
