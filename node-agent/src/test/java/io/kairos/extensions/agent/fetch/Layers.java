package io.kairos.extensions.agent.fetch;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Layers of container images, and what manifests say about them, for tests. */
final class Layers {
  static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
  static final String EMPTY_CONFIG = "application/vnd.oci.empty.v1+json";
  static final String TAR = "application/vnd.oci.image.layer.v1.tar";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes);

  Layers file(String name, byte[] content) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, true);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
    return this;
  }

  Layers link(String name, byte type, String target) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
    entry.setLinkName(target);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
    return this;
  }

  Layers symlink(String name, String target) throws IOException {
    return link(name, TarConstants.LF_SYMLINK, target);
  }

  byte[] tar() throws IOException {
    tar.close();
    return bytes.toByteArray();
  }

  byte[] gzip() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(tar());
    }
    return packed.toByteArray();
  }

  byte[] zstd() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new ZstdOutputStream(packed)) {
      out.write(tar());
    }
    return packed.toByteArray();
  }

  /** A descriptor as JSON. */
  static String descriptor(String type, byte[] blob, String more) {
    return "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%d%s}"
        .formatted(type, Images.sha256(blob), blob.length, more.isEmpty() ? "" : "," + more);
  }

  static String title(String name) {
    return "\"annotations\":{\"org.opencontainers.image.title\":\"" + name + "\"}";
  }

  /** A manifest as JSON. */
  static String manifest(String artifactType, String config, String... layers) {
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\"%s,\"config\":%s,\"layers\":[%s]}"
        .formatted(
            OciRegistry.MANIFEST,
            artifactType.isEmpty() ? "" : ",\"artifactType\":\"" + artifactType + "\"",
            descriptor(config, EMPTY, ""),
            String.join(",", layers));
  }

  /** The content of every configuration here. */
  static final byte[] EMPTY = {'{', '}'};

  /** An index as JSON, of one manifest an architecture. */
  static String index(String... entries) {
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
        .formatted(OciRegistry.INDEX, String.join(",", entries));
  }

  static String platform(String architecture) {
    return "\"platform\":{\"os\":\"linux\",\"architecture\":\"" + architecture + "\"}";
  }
}
