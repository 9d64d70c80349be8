package io.kairos.extensions.agent.image;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Certificates whose owners may sign images.
 *
 * @param source where they come from, for messages
 * @param certificates theirs
 */
public record TrustedCertificates(String source, List<X509Certificate> certificates) {
  /** Nobody. */
  public static final TrustedCertificates NONE = new TrustedCertificates("nothing", List.of());

  private static final Pattern PEM =
      Pattern.compile(
          "-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [A-Z0-9 ]*-----");

  /** Copies the list. */
  public TrustedCertificates {
    certificates = List.copyOf(certificates);
  }

  /**
   * Reads PEM certificates.
   *
   * @param source where they come from, for messages
   * @param files each with one or more certificates
   * @throws CertificateException if a file holds none, or something else
   */
  public static TrustedCertificates ofPem(String source, List<byte[]> files)
      throws CertificateException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (byte[] pem : files) {
      var found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem));
      if (found.isEmpty()) {
        throw new CertificateException("there is no certificate in it");
      }
      for (Certificate certificate : found) {
        certificates.add((X509Certificate) certificate);
      }
    }
    return new TrustedCertificates(source, certificates);
  }

  /**
   * Reads every PEM certificate out of a text, as systemd does with a host's own: what is none is
   * passed over.
   *
   * @param source where they come from, for messages
   */
  public static TrustedCertificates readable(String source, String text) {
    List<X509Certificate> certificates = new ArrayList<>();
    PEM.matcher(text)
        .results()
        .map(pem -> pem.group().getBytes(StandardCharsets.US_ASCII))
        .forEach(pem -> certificates.addAll(readable(pem)));
    return new TrustedCertificates(source, certificates);
  }

  private static List<X509Certificate> readable(byte[] pem) {
    try {
      return ofPem("", List.of(pem)).certificates();
    } catch (CertificateException unreadable) {
      return List.of(); // the host passes it over as well
    }
  }

  /** SHA-256 of each, lower-case hex. */
  public List<String> fingerprints() {
    return certificates.stream().map(TrustedCertificates::fingerprint).toList();
  }

  /** SHA-256 of a certificate, lower-case hex, as {@code certificateFingerprint} has it. */
  static String fingerprint(X509Certificate certificate) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be hashed", e);
    }
  }
}
