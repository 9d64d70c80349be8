package io.kairos.extensions.agent.image;

import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSVerifierCertificateNotValidException;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;

/**
 * Verifies who signed a root hash, by the rules of systemd's userspace check
 * (validate_signature_userspace() in src/shared/dissect-image.c: {@code PKCS7_verify} with {@code
 * NOINTERN} and {@code NOVERIFY}) and, where it is stricter, of the kernel's (pkcs7_verify()):
 *
 * <ul>
 *   <li>Every signer has to be one of the trusted certificates itself. Certificates that come with
 *       the signature are not looked at, and no chain is followed.
 *   <li>A certificate does not expire: neither asks for today's date, or images would stop to boot
 *       one day. A signing time among the signed attributes has to lie within the certificate's
 *       validity, as the kernel wants.
 *   <li>The content is detached plain data.
 *   <li>Stricter than both: hashes older than SHA-2 are refused, and so is a {@code
 *       certificateFingerprint} that is not the signer's.
 * </ul>
 */
final class RootHashSignature {
  private static final Set<String> DIGESTS =
      Set.of(
          NISTObjectIdentifiers.id_sha256.getId(),
          NISTObjectIdentifiers.id_sha384.getId(),
          NISTObjectIdentifiers.id_sha512.getId());

  private final SignedRootHash signed;
  private final Collection<SignerInformation> signers;

  private RootHashSignature(SignedRootHash signed, Collection<SignerInformation> signers) {
    this.signed = signed;
    this.signers = signers;
  }

  /**
   * Reads a signature; nothing is verified yet.
   *
   * @throws ImageException if it is none that a host could verify
   */
  static RootHashSignature of(SignedRootHash signed) throws ImageException {
    try {
      if (!new CMSSignedData(signed.pkcs7()).isDetachedSignature()) {
        throw invalid("its signature carries a content of its own beside the root hash");
      }
      CMSSignedData message =
          new CMSSignedData(
              new CMSProcessableByteArray(signed.signedText().getBytes(StandardCharsets.US_ASCII)),
              signed.pkcs7());
      if (!CMSObjectIdentifiers.data.getId().equals(message.getSignedContentTypeOID())) {
        throw invalid(
            "its signature is one of " + message.getSignedContentTypeOID() + ", not of data");
      }
      if (message.getSignerInfos().size() == 0) {
        throw invalid("its signature has no signer");
      }
      return new RootHashSignature(signed, message.getSignerInfos().getSigners());
    } catch (CMSException | RuntimeException e) {
      // the library throws what it likes for bytes that are no such message
      throw invalid("its signature is no PKCS#7 message: " + e.getMessage(), e);
    }
  }

  /**
   * Verifies it.
   *
   * @throws ImageException if it is not good, or nobody trusted made it
   */
  void verify(TrustedCertificates trusted) throws ImageException {
    try {
      for (SignerInformation signer : signers) {
        if (!DIGESTS.contains(signer.getDigestAlgOID())) {
          throw invalid(
              "its signature is made with the hash "
                  + signer.getDigestAlgOID()
                  + ": sign it with SHA-256, SHA-384 or SHA-512");
        }
        verify(signer, trusted);
      }
    } catch (CMSException | OperatorCreationException | RuntimeException e) {
      // parts of the message are read only now, and may be just as little what they should be
      throw invalid("its signature cannot be verified: " + e.getMessage(), e);
    }
  }

  private void verify(SignerInformation signer, TrustedCertificates trusted)
      throws ImageException, CMSException, OperatorCreationException {
    List<X509Certificate> candidates =
        trusted.certificates().stream().filter(c -> matches(signer, c)).toList();
    if (candidates.isEmpty()) {
      throw new ImageException(
          UnfitReason.SIGNATURE_UNTRUSTED,
          "it is signed by "
              + name(signer)
              + ", who is not among the "
              + trusted.certificates().size()
              + " trusted in "
              + trusted.source()
              + " ("
              + names(trusted.certificates())
              + "): sign it with one of their keys, or add the signer's certificate");
    }
    for (X509Certificate candidate : candidates) {
      if (isGood(signer, candidate)) {
        checkFingerprint(candidate);
        return;
      }
    }
    throw invalid(
        "its signature by "
            + name(signer)
            + " does not fit the root hash "
            + signed.signedText()
            + ": one of them was changed, or another key made it");
  }

  private static boolean matches(SignerInformation signer, X509Certificate certificate) {
    try {
      return signer.getSID().match(new JcaX509CertificateHolder(certificate));
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be written", e);
    }
  }

  private static boolean isGood(SignerInformation signer, X509Certificate certificate)
      throws ImageException, CMSException, OperatorCreationException {
    try {
      return signer.verify(new JcaSimpleSignerInfoVerifierBuilder().build(certificate));
    } catch (CMSVerifierCertificateNotValidException e) {
      throw invalid(
          "its signature says that it was made outside the validity of the certificate "
              + Printable.quoted(certificate.getSubjectX500Principal().getName()),
          e);
    }
  }

  private void checkFingerprint(X509Certificate signer) throws ImageException {
    String fingerprint = TrustedCertificates.fingerprint(signer);
    if (signed.fingerprint().filter(named -> !named.equals(fingerprint)).isPresent()) {
      throw invalid(
          "it names the certificate "
              + Printable.quoted(signed.fingerprint().get())
              + ", but is signed with "
              + fingerprint);
    }
  }

  private static String name(SignerInformation signer) {
    return signer.getSID().getIssuer() == null
        ? "an unnamed key"
        : Printable.quoted(signer.getSID().getIssuer().toString())
            + " serial "
            + signer.getSID().getSerialNumber().toString(16);
  }

  private static String names(Collection<X509Certificate> certificates) {
    return certificates.stream()
        .limit(5)
        .map(
            c ->
                Printable.quoted(c.getSubjectX500Principal().getName())
                    + " serial "
                    + c.getSerialNumber().toString(16))
        .collect(Collectors.joining(", "));
  }

  private static ImageException invalid(String message) {
    return new ImageException(UnfitReason.SIGNATURE_INVALID, message);
  }

  private static ImageException invalid(String message, Exception cause) {
    return new ImageException(UnfitReason.SIGNATURE_INVALID, message, cause);
  }
}
