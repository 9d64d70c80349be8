package io.kairos.extensions.agent.fetch;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.zstd.ZstdInputStream;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * The one {@code *.raw} file in the layers of a container image, as a stream. All layers are read
 * to their ends, for a second such file would make the choice a guess.
 *
 * <p>Nothing is unpacked: names are compared and never become paths. What all layers together
 * decompress to is limited, and so is what one entry's head may take, so that a decompression bomb
 * costs a bounded time and no memory.
 */
final class LayerFile extends InputStream implements Progress {
  /** Heads of entries carry long names and attributes; more than this is made to hurt. */
  private static final long MOST_HEAD_BYTES = 128 << 10;

  /** An entry has a header, and others before it for a long name, a long link and attributes. */
  private static final int MOST_HEADERS = 8;

  private static final int BUFFER = 64 * 1024;
  private static final String WHITEOUT = ".wh.";

  private final Iterator<OciDescriptor> layers;
  private final OciRegistry registry;
  private final long most;

  private Opened blob;
  private Tar tar;
  private Optional<String> found = Optional.empty();
  private boolean within;
  private volatile long unpacked;
  private volatile long headEnds = Long.MAX_VALUE;
  private volatile boolean closed;
  private volatile InputStream current = InputStream.nullInputStream();

  private LayerFile(List<OciDescriptor> layers, OciRegistry registry, long most) {
    this.layers = layers.iterator();
    this.registry = registry;
    this.most = most;
  }

  /**
   * Opens the file: reads until it begins.
   *
   * @param most bytes that all layers may decompress to
   */
  static InputStream in(List<OciDescriptor> layers, OciRegistry registry, long most) {
    return new LayerFile(layers, registry, most);
  }

  @Override
  public long bytes() {
    return unpacked;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    while (true) {
      if (within) {
        int n = tar.read(bytes, offset, length);
        if (n >= 0) {
          return n;
        }
        within = false;
      }
      if (!advance()) {
        if (found.isEmpty()) {
          throw unsupported(
              "a container image without a *.raw file: its layers are the extension's tree, not an"
                  + " image of it; build one (mksquashfs, mkfs.erofs, systemd-repart) and push that");
        }
        return -1;
      }
    }
  }

  /** To the next candidate; false at the end of all layers. */
  private boolean advance() throws IOException {
    while (true) {
      if (tar == null && !nextLayer()) {
        return false;
      }
      TarArchiveEntry entry = nextEntry();
      if (entry == null) {
        drain(tar);
        closeLayer();
      } else if (isCandidate(entry)) {
        found = Optional.of(entry.getName());
        within = true;
        return true;
      } else {
        drain(tar);
      }
    }
  }

  private TarArchiveEntry nextEntry() throws IOException {
    headEnds = unpacked + MOST_HEAD_BYTES;
    tar.headers = 0;
    try {
      TarArchiveEntry entry = tar.getNextEntry();
      if (entry != null && entry.isSparse()) {
        throw holes();
      }
      return entry;
    } catch (BadBodyException bad) {
      throw bad;
    } catch (IllegalArgumentException e) {
      throw invalid("a layer that is no tar archive: " + e.getMessage());
    } finally {
      headEnds = Long.MAX_VALUE;
    }
  }

  private boolean isCandidate(TarArchiveEntry entry) throws IOException {
    String name = entry.getName();
    String file = name.substring(name.lastIndexOf('/') + 1);
    if (!file.endsWith(".raw") || entry.isDirectory()) {
      return false;
    }
    String shown = name.replaceAll("[^\\x20-\\x7e]", "?");
    if (name.startsWith("/") || List.of(name.split("/", -1)).contains("..")) {
      throw unsupported("a container image with a file outside of itself: " + shown);
    }
    if (file.startsWith(WHITEOUT)) {
      throw unsupported("a container image that takes back a file of an earlier layer: " + shown);
    }
    boolean isDevice = entry.isBlockDevice() || entry.isCharacterDevice() || entry.isFIFO();
    if (!entry.isFile() || entry.isSymbolicLink() || entry.isLink() || isDevice) {
      throw unsupported("a container image whose " + shown + " is a link or a device, no file");
    }
    if (found.isPresent()) {
      throw unsupported(
          "a container image with several *.raw files, of which one would have to be guessed: "
              + found.get().replaceAll("[^\\x20-\\x7e]", "?")
              + ", "
              + shown);
    }
    return true;
  }

  private static void drain(InputStream in) throws IOException {
    byte[] buffer = new byte[BUFFER];
    while (in.read(buffer) >= 0) {
      // its bytes are counted where they come from
    }
  }

  private boolean nextLayer() throws IOException {
    if (!layers.hasNext()) {
      return false;
    }
    OciDescriptor layer = layers.next();
    if (layer.size() > most) {
      throw tooLarge();
    }
    try {
      blob = registry.blob(layer, Optional.empty());
    } catch (FetchException e) {
      throw new BadBodyException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
    current = blob.body();
    if (closed) {
      blob.close();
      throw new IOException("closed");
    }
    tar = new Tar(new Counting(decompressed(layer)));
    return true;
  }

  private InputStream decompressed(OciDescriptor layer) throws IOException {
    BufferedInputStream packed = new BufferedInputStream(blob.body(), BUFFER);
    String type = layer.mediaType();
    if (type.endsWith("tar")) {
      return packed;
    }
    if (type.endsWith("+gzip") || type.endsWith(".gzip")) {
      return new GZIPInputStream(packed, BUFFER);
    }
    if (type.endsWith("+zstd")) {
      return new ZstdInputStream(packed);
    }
    throw unsupported("a container image with a layer of type " + type);
  }

  private void closeLayer() {
    blob.close();
    tar = null;
  }

  private static BadBodyException unsupported(String what) {
    return new BadBodyException(Reasons.UNSUPPORTED_OCI_CONTENT, what);
  }

  private static BadBodyException invalid(String what) {
    return new BadBodyException(Reasons.INVALID_OCI_CONTENT, what);
  }

  /** A hole is read as zeros that nobody sent: more of them than anybody can read. */
  private static BadBodyException holes() {
    return unsupported("a container image with a file of holes (sparse), which is not read");
  }

  private BadBodyException tooLarge() {
    return new BadBodyException(
        Reasons.IMAGE_TOO_LARGE,
        "its layers decompress to more than "
            + most
            + " bytes, the largest image that this agent takes (SYSEXT_MAX_IMAGE_BYTES)");
  }

  /**
   * Looks at each header before the library follows it: it reads the headers of one entry by
   * recursion, and keeps what is said for all entries as long as the stream lasts.
   */
  private static final class Tar extends TarArchiveInputStream {
    private static final int TYPE = 156;

    private int headers;

    Tar(InputStream in) {
      super(in);
    }

    @Override
    protected byte[] readRecord() throws IOException {
      byte[] header = super.readRecord();
      if (header == null) {
        return header;
      }
      if (++headers > MOST_HEADERS) {
        throw invalid("a layer with an entry of more than " + MOST_HEADERS + " heads");
      }
      switch (header[TYPE]) {
        case TarConstants.LF_PAX_GLOBAL_EXTENDED_HEADER ->
            throw unsupported("a container image with attributes for all files of a layer");
        case TarConstants.LF_GNUTYPE_SPARSE -> throw holes();
        default -> {}
      }
      return header;
    }
  }

  /** Counts what comes out of the decompressor. */
  private final class Counting extends FilterInputStream {
    Counting(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int n;
      try {
        n = in.read(bytes, offset, length);
      } catch (MalformedInputException | IllegalArgumentException e) { // of the zstd decoder
        throw invalid("a layer that cannot be decompressed: " + e.getMessage());
      }
      if (n > 0) {
        count(n);
      }
      return n;
    }

    @Override
    public long skip(long wanted) throws IOException {
      return Math.max(0, read(new byte[(int) Math.min(wanted, BUFFER)]));
    }

    private void count(int n) throws IOException {
      if (closed || Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException("given up");
      }
      long now = unpacked + n;
      unpacked = now;
      if (now > most) {
        throw tooLarge();
      }
      if (now > headEnds) {
        throw invalid(
            "a layer with an entry whose head is larger than " + MOST_HEAD_BYTES + " bytes");
      }
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    current.close();
  }
}
