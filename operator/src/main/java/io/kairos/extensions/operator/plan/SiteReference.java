package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * A field of an extension that names a Secret or ConfigMap which agents need.
 *
 * @param kind of what
 * @param field the field, for a person
 * @param name the name in it
 */
record SiteReference(Kind kind, String field, String name) {
  /** What is named. */
  enum Kind {
    /** A Secret with a user or token. */
    PULL_SECRET,
    /** A ConfigMap with certificates. */
    CERTIFICATES
  }

  /** All of an extension; a new field of this sort is one more line here. */
  static List<SiteReference> of(SystemExtensionSpec spec) {
    List<SiteReference> references = new ArrayList<>();
    spec.pullSecret()
        .ifPresent(
            secret ->
                references.add(
                    new SiteReference(Kind.PULL_SECRET, "spec.pullSecret.name", secret.name())));
    spec.caBundle()
        .ifPresent(
            bundle ->
                references.add(
                    new SiteReference(
                        Kind.CERTIFICATES, "spec.caBundle.configMap", bundle.configMap())));
    spec.signature()
        .configMap()
        .ifPresent(
            name ->
                references.add(
                    new SiteReference(
                        Kind.CERTIFICATES, "spec.signature.trustedCertificates.configMap", name)));
    return references;
  }
}
