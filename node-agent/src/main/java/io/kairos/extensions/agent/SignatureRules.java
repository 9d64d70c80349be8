package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.image.TrustedCertificates;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Signature;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Who has to have signed an image on this host.
 *
 * <ul>
 *   <li>An extension that requires a signature names a ConfigMap with the certificates, or leaves
 *       it to the agent's own configuration.
 *   <li>A Trusted Boot host demands one for every image, whatever an extension says: of the
 *       certificates in the agent's configuration, or else of those the host trusts itself ({@code
 *       verity.d}). Both demands hold side by side, so that nobody who may write a SystemExtension
 *       can put a key in the place of the host's.
 * </ul>
 *
 * Files are read anew each time: a ConfigMap may change at any moment.
 */
final class SignatureRules {
  private final Optional<Path> sourcesDir;
  private final Optional<Path> ownCertificates;

  SignatureRules(AgentConfig config) {
    this.sourcesDir = config.fetch().sourcesFolder();
    this.ownCertificates = config.trustedCertificates();
  }

  /** What is to be done about signatures. */
  sealed interface Rule {
    /**
     * Each of these has to have signed it; nobody, where there are none.
     *
     * @param signers whoever is trusted, one for each demand
     */
    record Signers(List<TrustedCertificates> signers) implements Rule {
      /** Takes a copy. */
      public Signers {
        signers = List.copyOf(signers);
      }
    }

    /**
     * A signature is demanded and cannot be verified.
     *
     * @param reason CamelCase
     * @param message what to do
     */
    record Unverifiable(String reason, String message) implements Rule {}
  }

  /** The rule for an image that an extension asks this for. */
  Rule of(Signature wanted, Host.Identity host) {
    List<TrustedCertificates> signers = new ArrayList<>();
    try {
      if (wanted.required()) {
        Optional<TrustedCertificates> found =
            wanted.configMap().isPresent() ? configMap(wanted.configMap().get()) : own();
        if (found.isEmpty()) {
          return missing(
              wanted.configMap().isPresent()
                  ? "a signature is required, and there is no certificate from ConfigMap "
                      + wanted.configMap().get()
                      + sourcesDir
                          .map(
                              folder -> " in " + folder + ": create it in the operator's namespace")
                          .orElse(": set SYSEXT_SOURCES_DIR of the agent")
                  : "a signature is required, and nothing says whose: set"
                      + " spec.signature.trustedCertificates of the SystemExtension, or"
                      + " SYSEXT_TRUSTED_CERTIFICATES of the agent");
        }
        signers.add(found.get());
      }
      if (host.trustedBoot()) {
        TrustedCertificates found = own().orElse(host.verityKeys());
        if (found.certificates().isEmpty()) {
          return missing(
              "this Trusted Boot host takes signed images only, and nothing says whose: set"
                  + " SYSEXT_TRUSTED_CERTIFICATES of the agent, or put the certificate into the"
                  + " host's /etc/verity.d");
        }
        if (!signers.contains(found)) {
          signers.add(found);
        }
      }
      return new Rule.Signers(signers);
    } catch (IOException | CertificateException e) {
      return new Rule.Unverifiable(
          Reasons.TRUSTED_CERTIFICATES_INVALID, "the trusted certificates cannot be read: " + e);
    }
  }

  private static Rule missing(String message) {
    return new Rule.Unverifiable(Reasons.TRUSTED_CERTIFICATES_MISSING, message);
  }

  private Optional<TrustedCertificates> own() throws IOException, CertificateException {
    return ownCertificates.isEmpty()
        ? Optional.empty()
        : Optional.of(
            read("SYSEXT_TRUSTED_CERTIFICATES of the agent", List.of(ownCertificates.get())));
  }

  /** The name has no dot, so the names of others do not begin like its files. */
  private Optional<TrustedCertificates> configMap(String name)
      throws IOException, CertificateException {
    if (sourcesDir.isEmpty() || !Files.isDirectory(sourcesDir.get())) {
      return Optional.empty();
    }
    TreeSet<Path> files = new TreeSet<>();
    String prefix = "configmap." + name + ".";
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(
            sourcesDir.get(), file -> String.valueOf(file.getFileName()).startsWith(prefix))) {
      found.forEach(files::add);
    }
    return files.isEmpty()
        ? Optional.empty()
        : Optional.of(read("ConfigMap " + name, List.copyOf(files)));
  }

  private static TrustedCertificates read(String source, List<Path> files)
      throws IOException, CertificateException {
    List<byte[]> pems = new ArrayList<>();
    for (Path file : files) {
      pems.add(Files.readAllBytes(file));
    }
    try {
      return TrustedCertificates.ofPem(source, pems);
    } catch (CertificateException e) {
      throw new CertificateException(
          source + " has to hold PEM certificates: " + e.getMessage(), e);
    }
  }
}
