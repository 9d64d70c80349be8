package io.kairos.extensions.agent;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.image.TrustedCertificates;
import io.kairos.extensions.agent.plan.BootedSystem;
import io.kairos.extensions.agent.store.Sha256;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What decides about an image.
 *
 * @param facts of the host, where it can merge the class
 * @param rule who has to have signed it
 * @param others the boot entries that boot another system
 */
record Judgement(
    Optional<HostFacts> facts, SignatureRules.Rule rule, Map<Profile, BootedSystem> others) {
  private static final String BETWEEN = "\0";

  /** Takes a copy. */
  Judgement {
    others = Map.copyOf(others);
  }

  /**
   * SHA-256 of all that counts, lower-case hex: the same for the same rules in every life of the
   * agent. Nothing where the host cannot merge the class, or it cannot be told who has to have
   * signed: such rules judge nothing.
   */
  Optional<String> digest() {
    return rule instanceof SignatureRules.Rule.Signers signers
        ? facts.map(host -> digest(host, signers.signers()))
        : Optional.empty();
  }

  /**
   * What an image is matched with for the boot entries that boot another system. Of that one
   * nothing else is known: its units are taken to be like those of the system that runs.
   *
   * @param host what runs, with who has to have signed
   */
  Map<Profile, HostFacts> elsewhere(HostFacts host) {
    return others.entrySet().stream()
        .collect(
            Collectors.toUnmodifiableMap(
                Map.Entry::getKey, entry -> host.on(new OsRelease(entry.getValue().osRelease()))));
  }

  private String digest(HostFacts host, List<TrustedCertificates> signers) {
    List<String> parts = new ArrayList<>();
    parts.add(host.extensionClass().name());
    parts.add(host.architecture().name());
    new TreeMap<>(host.osRelease().fields())
        .forEach((name, value) -> parts.add(name + "=" + value));
    parts.add(String.valueOf(host.idLikeCounts()));
    parts.add("hierarchies");
    parts.addAll(host.hierarchies());
    parts.add("policies");
    host.policies().stream().map(ImagePolicy::text).forEach(parts::add);
    for (TrustedCertificates one : signers) {
      parts.add("signer");
      parts.addAll(one.fingerprints());
    }
    new TreeMap<>(others)
        .forEach(
            (profile, system) -> {
              parts.add("entry " + profile);
              new TreeMap<>(system.osRelease())
                  .forEach((name, value) -> parts.add(name + "=" + value));
            });
    return Sha256.of(String.join(BETWEEN, parts).getBytes(StandardCharsets.UTF_8));
  }
}
