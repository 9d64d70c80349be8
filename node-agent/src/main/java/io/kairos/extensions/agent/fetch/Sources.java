package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Opens sources: {@code https}, {@code http}, {@code oci}, and {@code file} below the folders that
 * the administrator of the agent allows.
 */
public final class Sources {
  private final HostPaths paths;
  private final List<Path> fileFolders;
  private final FetchConfig config;
  private final Limits limits;
  private final Rests rests = new Rests(System::nanoTime);
  private final Optional<Path> siteCa;
  private final SiteFolder site;
  private final LongAdder received = new LongAdder();

  /** For what needs no certificates of its own, by those of the site as they were last. */
  private SiteHttp common;

  /**
   * What asks servers that the site's authorities, or the JDK's, vouch for.
   *
   * @param pem the site's certificates as they were read, empty for none
   */
  private record SiteHttp(String pem, Http http) {}

  /**
   * Opens sources for a host.
   *
   * @param siteCa PEM certificates to believe beside the JDK's
   * @param fileFolders folders of the host below which {@code file://} is allowed
   * @throws IOException when the certificates cannot be read now; they are read anew for each
   *     download, for a mounted ConfigMap may change at any moment
   */
  public Sources(Optional<Path> siteCa, HostPaths paths, List<Path> fileFolders, FetchConfig config)
      throws IOException {
    this(siteCa, paths, fileFolders, config, Limits.DEFAULT);
  }

  /** With other limits; the size of the largest image is the configuration's. */
  Sources(
      Optional<Path> siteCa,
      HostPaths paths,
      List<Path> fileFolders,
      FetchConfig config,
      Limits limits)
      throws IOException {
    this.paths = paths;
    this.fileFolders = List.copyOf(fileFolders);
    this.config = config;
    this.limits = limits.withMaxImageBytes(config.maxImageBytes());
    this.siteCa = siteCa;
    this.site = new SiteFolder(config.sourcesFolder());
    this.common = common(sitePem());
  }

  private SiteHttp common(String pem) throws IOException {
    return new SiteHttp(pem, new Http(Trust.context(siteCa), config.proxies(), limits));
  }

  private String sitePem() throws IOException {
    return siteCa.isPresent() ? Files.readString(siteCa.get(), StandardCharsets.ISO_8859_1) : "";
  }

  /** Connections are kept as long as nobody else is to be believed. */
  private synchronized Http common() throws IOException {
    String pem = sitePem();
    if (!pem.equals(common.pem())) {
      common = common(pem);
    }
    return common.http();
  }

  /** Which places have to be left alone for now. */
  Rests rests() {
    return rests;
  }

  /** What downloads have to keep to. */
  Limits limits() {
    return limits;
  }

  /** Where to look for a URL, in this order: its mirrors, then itself. */
  List<String> places(String url) {
    return config.mirrors().places(url);
  }

  /**
   * Opens a source.
   *
   * @param image what is wanted
   * @param host for which an index of several architectures is read
   * @param place one of the {@link #places} of its URL
   * @param resume where an earlier try ended
   * @throws FetchException when it is not allowed, not reachable, or answers with an error
   * @throws InterruptedException when the thread is
   */
  Opened open(
      Target.ResolvedImage image, HostFacts host, String place, Optional<Part.Resume> resume)
      throws FetchException, InterruptedException {
    Opened opened = openAny(image, host, place, resume);
    return Urls.scheme(Urls.parse(place)).equals("file") ? opened : opened.counted(received::add);
  }

  /** The bytes of images that came over a network so far. */
  public long receivedBytes() {
    return received.sum();
  }

  private Opened openAny(
      Target.ResolvedImage image, HostFacts host, String place, Optional<Part.Resume> resume)
      throws FetchException, InterruptedException {
    URI uri = Urls.parse(place);
    return switch (Urls.scheme(uri)) {
      case "https", "http" -> {
        Urls.requireHttp(uri);
        Optional<Credential> credential =
            site.credential(image.pullSecret(), uri, Urls.parse(image.url()));
        yield new WebFile(http(image)).open(uri, credential, resume);
      }
      case "oci" -> {
        OciReference reference = OciReference.of(uri);
        Optional<Credential> credential =
            site.credential(image.pullSecret(), uri, Urls.parse(image.url()));
        OciRegistry registry = new OciRegistry(http(image), limits, reference, credential);
        yield new OciSource(
                registry, reference, host.architecture().kubernetesName(), limits.maxImageBytes())
            .open(image.sha256(), resume);
      }
      case "file" -> openFile(uri);
      default ->
          throw new FetchException(
              Reasons.SOURCE_NOT_ALLOWED,
              "scheme " + uri.getScheme() + " is none of https, http, oci and file");
    };
  }

  private Http http(Target.ResolvedImage image) throws FetchException {
    if (image.caBundle().isEmpty()) {
      try {
        return common();
      } catch (IOException e) {
        throw new FetchException(
            Reasons.CA_BUNDLE_UNAVAILABLE,
            "the certificates of the site (SYSEXT_CA_FILE of the agent) cannot be used: " + e);
      }
    }
    try {
      return new Http(
          Trust.context(siteCa, site.certificates(image.caBundle())), config.proxies(), limits);
    } catch (IOException e) {
      throw new FetchException(
          Reasons.CA_BUNDLE_UNAVAILABLE,
          "CA bundle " + image.caBundle() + " cannot be used: " + e.getMessage());
    }
  }

  private Opened openFile(URI uri) throws FetchException {
    if (uri.getPath() == null || !uri.getPath().startsWith("/")) {
      throw new FetchException(Reasons.SOURCE_NOT_ALLOWED, uri + " is not an absolute path");
    }
    Path onHost;
    try {
      onHost = Path.of(uri.getPath()).normalize();
    } catch (InvalidPathException e) {
      throw new FetchException(Reasons.SOURCE_NOT_ALLOWED, uri + " is no path: " + e.getReason());
    }
    Path folder =
        fileFolders.stream()
            .filter(onHost::startsWith)
            .findFirst()
            .orElseThrow(
                () ->
                    new FetchException(
                        Reasons.SOURCE_NOT_ALLOWED,
                        onHost
                            + " lies in no folder that this agent may read; SYSEXT_FILE_FOLDERS allows: "
                            + fileFolders));
    refuseLinks(folder, onHost);
    Path file = paths.here(onHost);
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new FetchException(Reasons.SOURCE_UNREACHABLE, onHost + " is no file on the host");
      }
      return Opened.whole(
          Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), OptionalLong.of(Files.size(file)));
    } catch (IOException e) {
      throw new FetchException(
          Reasons.SOURCE_UNREACHABLE, onHost + " on the host cannot be read: " + e);
    }
  }

  /**
   * A link below an allowed folder could lead out of it, and a link of the host means nothing here.
   */
  private void refuseLinks(Path folder, Path onHost) throws FetchException {
    for (Path at = onHost; !at.equals(folder) && at.startsWith(folder); at = at.getParent()) {
      if (Files.isSymbolicLink(paths.here(at))) {
        throw new FetchException(
            Reasons.SOURCE_NOT_ALLOWED, at + " is a link; no link is followed below " + folder);
      }
    }
  }
}
