package io.kairos.extensions.agent.image;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** Somebody with a key, who signs root hashes as systemd-repart does. */
public record Signer(KeyPair keys, X509Certificate certificate) {
  /** With a new key. */
  public static Signer named(String name) {
    return named(name, BigInteger.valueOf(System.nanoTime()), Duration.ofDays(1));
  }

  static Signer named(String name, BigInteger serial, Duration validFor) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      KeyPair keys = generator.generateKeyPair();
      Instant end = Instant.now().plus(validFor);
      X500Name subject = new X500Name("CN=" + name);
      var builder =
          new JcaX509v3CertificateBuilder(
              subject,
              serial,
              Date.from(end.minus(Duration.ofDays(2))),
              Date.from(end),
              subject,
              keys.getPublic());
      var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
      return new Signer(
          keys, new JcaX509CertificateConverter().getCertificate(builder.build(signer)));
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Without signed attributes, and with the certificate inside. */
  byte[] sign(String text) {
    return sign(text, "SHA256withECDSA", true, false);
  }

  /** As a caller says. */
  byte[] sign(String text, String algorithm, boolean direct, boolean encapsulate) {
    try {
      CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
      generator.addSignerInfoGenerator(
          new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build())
              .setDirectSignature(direct)
              .build(new JcaContentSignerBuilder(algorithm).build(keys.getPrivate()), certificate));
      generator.addCertificate(
          new org.bouncycastle.cert.jcajce.JcaX509CertificateHolder(certificate));
      return generator
          .generate(
              new CMSProcessableByteArray(text.getBytes(StandardCharsets.US_ASCII)), encapsulate)
          .getEncoded();
    } catch (GeneralSecurityException
        | OperatorCreationException
        | CMSException
        | java.io.IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The certificate as a file holds it. */
  public byte[] pem() {
    try {
      return ("-----BEGIN CERTIFICATE-----\n"
              + Base64.getMimeEncoder(64, new byte[] {'\n'})
                  .encodeToString(certificate.getEncoded())
              + "\n-----END CERTIFICATE-----\n")
          .getBytes(StandardCharsets.US_ASCII);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whoever trusts this one alone. */
  TrustedCertificates trusted() {
    return new TrustedCertificates("the test", List.of(certificate));
  }
}
