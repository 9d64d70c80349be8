package io.kairos.extensions.e2e.api;

import static io.kairos.extensions.e2e.api.Applied.IMAGE;
import static io.kairos.extensions.e2e.api.Applied.SHA;
import static io.kairos.extensions.e2e.api.Applied.URL;
import static io.kairos.extensions.e2e.api.Applied.extension;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** SystemExtensions that the API server refuses. */
final class BadExtensions {
  private BadExtensions() {}

  static Stream<Applied> refused() {
    return Stream.of(
            images(),
            urls(),
            digests(),
            names(),
            requirements(),
            versions(),
            health(),
            sources(),
            Stream.of(
                badExtension(
                    "a type that systemd has no class for",
                    "{type: Portable, version: 1.0.0, images: [" + IMAGE + "]}",
                    "spec.type: Unsupported value: \"Portable\"",
                    "\"Confext\", \"Sysext\""),
                badExtension(
                    "certificates that nobody would look at",
                    "{version: 1.0.0, images: ["
                        + IMAGE
                        + "], signature: {trustedCertificates: {configMap: keys}}}",
                    "spec.signature.trustedCertificates",
                    "set policy: Required"),
                badExtension(
                    "a ConfigMap whose name is a path",
                    "{version: 1.0.0, images: ["
                        + IMAGE
                        + "], signature: {policy: Required, trustedCertificates: {configMap: ../keys}}}",
                    "spec.signature.trustedCertificates.configMap",
                    "without dots"),
                badExtension(
                    "an unknown signature policy",
                    "{version: 1.0.0, images: [" + IMAGE + "], signature: {policy: Never}}",
                    "spec.signature.policy: Unsupported value: \"Never\"",
                    "\"Host\", \"Required\""),
                badExtension(
                    "a field that is none",
                    "{version: 1.0.0, imagename: hello, images: [" + IMAGE + "]}",
                    "unknown field \"spec.imagename\"")))
        .flatMap(cases -> cases);
  }

  private static Stream<Applied> images() {
    return Stream.of(
        badExtension("no images", "{version: 1.0.0}", "spec.images: Required value"),
        badImages("an empty list of images", "", "spec.images", "at least 1 item"),
        badImages(
            "no digest",
            "{url: '" + URL + "'}",
            "spec.images[0].sha256: Required value: every image needs its sha256",
            "sha256sum FILE"),
        badImages(
            "one of two without digest",
            "{architecture: amd64, url: '"
                + URL
                + "', sha256: "
                + SHA
                + "}, {architecture: arm64, url: '"
                + URL
                + "'}",
            "spec.images[1].sha256: Required value: every image needs its sha256"),
        badImages(
            "two for one architecture",
            "{architecture: amd64, url: '%s', sha256: %s}, {architecture: amd64, url: '%s/2', sha256: %s}"
                .formatted(URL, SHA, URL, SHA),
            "spec.images[1]: Duplicate value: {\"architecture\":\"amd64\"}"),
        badImages(
            "two of which one is for any",
            "{architecture: amd64, url: '%s', sha256: %s}, {url: '%s', sha256: %s}"
                .formatted(URL, SHA, URL, SHA),
            "spec.images: Invalid value",
            "with more than one image each has to name its architecture; 'any' goes alone"),
        badImages(
            "an architecture by another name",
            "{architecture: x86_64, url: '" + URL + "', sha256: " + SHA + "}",
            "spec.images[0].architecture: Unsupported value: \"x86_64\"",
            "\"amd64\""));
  }

  private static Stream<Applied> urls() {
    return Stream.concat(
        Stream.of(
                "ftp://extensions.example.org/hello.raw",
                "oci://registry.example.org",
                "oci://registry.example.org/Hello:1.0.0",
                "oci://registry.example.org/hello:",
                "oci://registry.example.org/hello@sha256:abc",
                "HTTPS://extensions.example.org/hello.raw",
                "extensions.example.org/hello.raw",
                "https://extensions.example.org",
                "https://extensions.example.org/hello 1.raw",
                "file://images/hello.raw",
                "/images/hello.raw",
                "")
            .map(
                url ->
                    badImages(
                        "url '" + url + "'",
                        "{url: '" + url + "', sha256: " + SHA + "}",
                        "spec.images[0].url: Invalid value",
                        "url is https://HOST/PATH, http://HOST/PATH, oci://HOST/REPOSITORY[:TAG|@sha256:DIGEST] or file:///PATH-ON-THE-HOST")),
        Stream.of(
            badImages(
                "a url with a password",
                "{url: 'https://me:secret@extensions.example.org/hello.raw', sha256: " + SHA + "}",
                "spec.images[0].url: Invalid value",
                "url carries a user name or password, which everyone could read: take it out")));
  }

  private static Stream<Applied> sources() {
    return Stream.of("Registry", "a/b", "-a", "a..b", "")
        .flatMap(
            name ->
                Stream.of(
                    badExtension(
                        "pull secret '" + name + "'",
                        "{version: 1.0.0, images: ["
                            + IMAGE
                            + "], pullSecret: {name: '"
                            + name
                            + "'}}",
                        "spec.pullSecret.name: Invalid value",
                        "name is the name of a Secret"),
                    badExtension(
                        "CA bundle '" + name + "'",
                        "{version: 1.0.0, images: ["
                            + IMAGE
                            + "], caBundle: {configMap: '"
                            + name
                            + "'}}",
                        "spec.caBundle.configMap: Invalid value",
                        "configMap is the name of a ConfigMap")));
  }

  private static Stream<Applied> digests() {
    return Stream.of(SHA.toUpperCase(Locale.ROOT), "abc123", "", "sha256:" + SHA)
        .map(
            digest ->
                badImages(
                    "sha256 '" + digest + "'",
                    "{url: '" + URL + "', sha256: '" + digest + "'}",
                    "spec.images[0].sha256: Invalid value",
                    "sha256 is 64 lower-case hex digits and nothing else, as `sha256sum FILE` prints them"));
  }

  private static Stream<Applied> requirements() {
    Stream<Applied> constraints =
        Stream.of("255", ">=", "newer than 6", ">=255,", "~>255", "", ">=255 <258")
            .map(
                constraint ->
                    badExtension(
                        "requires.systemd '" + constraint + "'",
                        "{version: 1.0.0, requires: {systemd: '"
                            + constraint
                            + "'}, images: ["
                            + IMAGE
                            + "]}",
                        "spec.requires.systemd: Invalid value",
                        "systemd is a comparison like >=255"));
    return Stream.concat(
        constraints,
        Stream.of(
            badExtension(
                "requires.kernel 'any'",
                "{version: 1.0.0, requires: {kernel: any}, images: [" + IMAGE + "]}",
                "spec.requires.kernel: Invalid value",
                "kernel is a comparison like >=6.1"),
            badExtension(
                "conflicts twice with the same",
                "{version: 1.0.0, conflicts: [a, a], images: [" + IMAGE + "]}",
                "spec.conflicts[1]: Duplicate value")));
  }

  private static Stream<Applied> names() {
    String spec = "{version: 1.0.0, images: [" + IMAGE + "]}";
    Stream<Applied> paths =
        Stream.of("../x", "a/b", "/x", "..", ".x", "x..y", "x.", "a b", "-x", "")
            .map(
                name ->
                    badExtension(
                        "imageName '" + name + "'",
                        "{version: 1.0.0, imageName: '" + name + "', images: [" + IMAGE + "]}",
                        "spec.imageName: Invalid value",
                        "imageName is a plain name, no path"));
    Stream<Applied> endings =
        Stream.of("x.raw", "x.sysext", "x.confext")
            .map(
                name ->
                    badExtension(
                        "imageName '" + name + "'",
                        "{version: 1.0.0, imageName: '" + name + "', images: [" + IMAGE + "]}",
                        "spec.imageName: Invalid value",
                        "imageName goes without .raw, .sysext or .confext: take the ending off"));
    String dots =
        "metadata.name becomes a file name on the hosts: at most 63 characters, without '..'";
    Stream<Applied> others =
        Stream.of(
            badExtension(
                "imageName of 64 characters",
                "{version: 1.0.0, imageName: " + "x".repeat(64) + ", images: [" + IMAGE + "]}",
                "spec.imageName: Too long: may not be more than 63"),
            new Applied("metadata.name with '..'", extension("a..b", spec), List.of(dots)),
            new Applied(
                "metadata.name of 64 characters", extension("a".repeat(64), spec), List.of(dots)),
            new Applied(
                "metadata.name with an ending, as image name",
                extension("hello.raw", spec),
                List.of("goes without .raw, .sysext or .confext", "or set spec.imageName")));
    return Stream.of(paths, endings, others).flatMap(cases -> cases);
  }

  private static Stream<Applied> versions() {
    return Stream.concat(
        Stream.of("1 0", "v1/0", "-1", "1.", "")
            .map(
                version ->
                    badExtension(
                        "version '" + version + "'",
                        "{version: '" + version + "', images: [" + IMAGE + "]}",
                        "spec.version: Invalid value",
                        "version is made of letters, digits,")),
        Stream.of(
            badExtension("no version", "{images: [" + IMAGE + "]}", "spec.version: Required value"),
            badExtension(
                "a version that YAML takes for a number",
                "{version: 1.10, images: [" + IMAGE + "]}",
                "spec.version",
                "must be of type string")));
  }

  private static Stream<Applied> health() {
    String one = "set exactly one of unit, file, httpGet and command";
    return Stream.of(
        badService(
            "a unit without its ending", "{name: hello}", "spec.services[0].name", "whole name"),
        badService(
            "a unit with a path", "{name: ../x.service}", "spec.services[0].name", "whole name"),
        badService(
            "an unknown action",
            "{name: a.service, onChange: Kill}",
            "spec.services[0].onChange: Unsupported value: \"Kill\"",
            "\"None\", \"Reload\", \"Restart\", \"Start\""),
        badService(
            "a service twice",
            "{name: a.service}, {name: a.service}",
            "spec.services[1]",
            "Duplicate"),
        badCheck("a check of nothing", "{name: a}", "spec.healthChecks[0]", one),
        badCheck("a check of two things", "{name: a, unit: a.service, file: /a}", one),
        badCheck(
            "a file that is no path", "{name: a, file: usr/bin/a}", "an absolute path on the host"),
        badCheck("a port that is none", "{name: a, httpGet: {port: 70000}}", "httpGet.port"),
        badCheck(
            "a path with spaces",
            "{name: a, httpGet: {port: 80, path: '/a b'}}",
            "path begins with '/'"),
        badCheck(
            "a time too short for a unit to stay up",
            "{name: a, unit: a.service, timeoutSeconds: 1}",
            "healthChecks[0].timeoutSeconds",
            "greater than or equal to 5"));
  }

  private static Applied badService(String title, String services, String... said) {
    return badExtension(
        title, "{version: 1.0.0, images: [" + IMAGE + "], services: [" + services + "]}", said);
  }

  private static Applied badCheck(String title, String checks, String... said) {
    return badExtension(
        title, "{version: 1.0.0, images: [" + IMAGE + "], healthChecks: [" + checks + "]}", said);
  }

  private static Applied badImages(String title, String images, String... said) {
    return badExtension(title, "{version: 1.0.0, images: [" + images + "]}", said);
  }

  private static Applied badExtension(String title, String spec, String... said) {
    return new Applied(title, extension("bad", spec), List.of(said));
  }
}
