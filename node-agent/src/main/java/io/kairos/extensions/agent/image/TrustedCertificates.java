package io.kairos.extensions.agent.image;

import java.io.ByteArrayInputStream;
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

/**
 * Certificates whose owners may sign images.
 *
 * @param source where they come from, for messages
 * @param certificates at least one
 */
public record TrustedCertificates(String source, List<X509Certificate> certificates) {

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
