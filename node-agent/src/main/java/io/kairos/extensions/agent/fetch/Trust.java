package io.kairos.extensions.agent.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Whom the agent believes when it downloads: the certificate authorities of the JDK, and those of
 * the site.
 */
public final class Trust {
  private Trust() {}

  /**
   * A TLS context.
   *
   * @param siteCa PEM certificates of the site's own authorities
   * @throws IOException when the file cannot be read or holds something else
   */
  public static SSLContext context(Optional<Path> siteCa) throws IOException {
    return context(siteCa, List.of());
  }

  /**
   * A TLS context for one source.
   *
   * @param siteCa PEM certificates of the site's own authorities
   * @param ofTheSource authorities to believe for this source as well
   * @throws IOException when the file cannot be read or holds something else
   */
  static SSLContext context(Optional<Path> siteCa, List<X509Certificate> ofTheSource)
      throws IOException {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int n = 0;
      TrustManagerFactory defaults =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      defaults.init((KeyStore) null);
      for (TrustManager manager : defaults.getTrustManagers()) {
        if (manager instanceof X509TrustManager x509) {
          for (X509Certificate issuer : x509.getAcceptedIssuers()) {
            store.setCertificateEntry("jdk-" + n++, issuer);
          }
        }
      }
      if (siteCa.isPresent()) {
        for (Certificate issuer : certificates(siteCa.get())) {
          store.setCertificateEntry("site-" + n++, issuer);
        }
      }
      for (X509Certificate issuer : ofTheSource) {
        store.setCertificateEntry("source-" + n++, issuer);
      }
      TrustManagerFactory all =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      all.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, all.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "the certificates in " + siteCa.map(Path::toString).orElse("the JDK") + ": " + e, e);
    }
  }

  private static Collection<? extends Certificate> certificates(Path file)
      throws IOException, GeneralSecurityException {
    try (InputStream pem = Files.newInputStream(file)) {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509").generateCertificates(pem);
      if (found.isEmpty()) {
        throw new CertificateException("there is none");
      }
      return found;
    }
  }
}
