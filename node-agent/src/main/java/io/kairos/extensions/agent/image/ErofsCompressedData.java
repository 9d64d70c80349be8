package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Arrays;

/**
 * The data of a compressed EROFS file: LZ4, LZMA, deflate and zstd; whole clusters, tails that lie
 * in the index (ztailpacking) and tails in the packed inode (fragments). The newer extent maps of
 * Linux 6.15 are not read. Follows lib/zmap.c and lib/decompress.c of erofs-utils.
 */
final class ErofsCompressedData {
  private static final int TWO_BYTE_PACKS = 0x01;
  private static final int EXTENTS = 0x01;
  private static final int BIG_CLUSTERS = 0x02;
  private static final int BIG_SECOND_CLUSTERS = 0x04;
  private static final int INLINE_TAIL = 0x08;
  private static final int INTERLACED = 0x10;
  private static final int FRAGMENT = 0x20;
  private static final int WHOLE_FILE_IS_FRAGMENT = 0x80;
  private static final int LARGEST_EXTENT = 1 << 20;

  private final ErofsVolume volume;
  private final ErofsInode inode;
  private final int blockSize;
  private final int advise;
  private final int clusterBits;
  private final int algorithms;
  private final ErofsClusterIndex index;

  /** Whether all of the file is in the packed inode. */
  private boolean onlyFragment;

  /** The head of the last extent when that one is inline or a fragment, else -1. */
  private long tailHead = -1;

  private long fragmentOffset;
  private int inlineSize;
  private long inlinePosition;

  ErofsCompressedData(ErofsVolume volume, ErofsInode inode) throws IOException {
    this.volume = volume;
    this.inode = inode;
    this.blockSize = volume.superblock().blockSize();
    long position = (inode.end() + 7) & ~7L;
    LittleEndian header = volume.structure(position, 8);
    this.onlyFragment = (header.u8(7) & WHOLE_FILE_IS_FRAGMENT) != 0;
    this.advise = onlyFragment ? FRAGMENT : header.u16(4);
    this.algorithms = header.u8(6);
    this.clusterBits = volume.superblock().blockBits() + (header.u8(7) & 0xf);
    boolean compact = inode.layout() == ErofsInode.Layout.COMPRESSED_COMPACT;
    if (!onlyFragment && !compact && has(EXTENTS)) {
      throw ImageException.unsupported("a compressed file has an extent map (Linux 6.15)");
    }
    if (!onlyFragment && compact && has(BIG_CLUSTERS) != has(BIG_SECOND_CLUSTERS)) {
      throw ImageException.corrupt("a compact index disagrees with itself about large clusters");
    }
    this.index =
        new ErofsClusterIndex(
            volume,
            inode,
            position + 8,
            clusterBits,
            has(BIG_CLUSTERS) || has(BIG_SECOND_CLUSTERS),
            compact && has(TWO_BYTE_PACKS));
    if (onlyFragment) {
      fragmentOffset = header.i64(0) & Long.MAX_VALUE;
    } else if (has(FRAGMENT)) {
      fragmentOffset = header.u32(0);
    } else if (has(INLINE_TAIL)) {
      inlineSize = header.u16(2);
    }
    if (!onlyFragment && inode.size() > 0 && (has(FRAGMENT) || inlineSize > 0)) {
      findTail();
    }
  }

  private boolean has(int flag) {
    return (advise & flag) != 0;
  }

  private void findTail() throws IOException {
    ErofsCluster last = index.cluster((inode.size() - 1) >>> clusterBits);
    inlinePosition = last.next();
    ErofsCluster head = head(last, inode.size() - 1);
    tailHead = head.number();
    if (has(FRAGMENT) && inode.layout() == ErofsInode.Layout.COMPRESSED_FULL) {
      fragmentOffset |= head.block() << 32;
    }
    onlyFragment = has(FRAGMENT) && tailHead == 0;
  }

  /** The head of the extent that a byte lies in, which may be its own cluster or one before it. */
  private ErofsCluster head(ErofsCluster at, long position) throws IOException {
    int within = (int) (position & ((1L << clusterBits) - 1));
    if (at.isHead() && within >= at.offset()) {
      return at;
    }
    ErofsCluster cluster = at;
    int back = at.isHead() ? 1 : at.back();
    do {
      if (back == 0) {
        throw ImageException.corrupt("a compressed extent has no head");
      }
      cluster = index.cluster(cluster.number() - back);
      back = cluster.back();
    } while (!cluster.isHead());
    return cluster;
  }

  /** A range of the file, decoded from its end to its start: extents are found by their ends. */
  byte[] read(long from, int count) throws IOException {
    if (count > ImageBytes.LARGEST_READ || from > inode.size() - count) {
      throw ImageException.corrupt("a file ends before its data");
    }
    byte[] out = new byte[count];
    long end = from + count;
    while (end > from) {
      if (onlyFragment) {
        byte[] all = fragment(from, (int) (end - from));
        System.arraycopy(all, 0, out, 0, all.length);
        return out;
      }
      Extent extent = extent(end - 1);
      long start = Math.max(extent.start, from);
      int skip = (int) (start - extent.start);
      int length = length(end - extent.start);
      byte[] part =
          extent.fragment
              ? fragment(start - extent.start, length - skip)
              : Arrays.copyOfRange(decode(extent, length, skip), skip, length);
      System.arraycopy(part, 0, out, (int) (start - from), part.length);
      end = start;
    }
    return out;
  }

  private static int length(long length) throws ImageException {
    if (length > ImageBytes.LARGEST_READ) {
      throw ImageException.unsupported("a compressed extent has " + length + " bytes");
    }
    return (int) length;
  }

  private byte[] fragment(long from, int count) throws IOException {
    long number = volume.superblock().packedInode();
    if (number == 0 || number == inode.number()) {
      throw ImageException.corrupt("a file lies in a packed inode that does not exist");
    }
    ErofsInode packedInode = volume.inode(number);
    long position = fragmentOffset + from;
    if (position < 0) {
      throw ImageException.corrupt("a file ends before its data");
    }
    return packedInode.layout().isCompressed()
        ? new ErofsCompressedData(volume, packedInode).read(position, count)
        : volume.data(packedInode, position, count);
  }

  private Extent extent(long position) throws IOException {
    ErofsCluster at = index.cluster(position >>> clusterBits);
    ErofsCluster head = head(at, position);
    long start = (head.number() << clusterBits) | head.offset();
    if (head.number() == tailHead) {
      if (has(FRAGMENT)) {
        return new Extent(start, 0, 0, head, true);
      }
      if ((inlinePosition & (blockSize - 1)) + inlineSize > blockSize) {
        throw ImageException.corrupt("the end of a compressed file crosses its block");
      }
      return new Extent(start, inlinePosition, inlineSize, head, false);
    }
    long size = (long) blocks(head) * blockSize;
    if (size > LARGEST_EXTENT) {
      throw ImageException.corrupt("a compressed extent has " + size + " bytes on disk");
    }
    long block = head.block() << volume.superblock().blockBits();
    return new Extent(start, block, (int) size, head, false);
  }

  private int blocks(ErofsCluster head) throws IOException {
    boolean big = has(head.type() == ErofsCluster.Type.HEAD ? BIG_CLUSTERS : BIG_SECOND_CLUSTERS);
    long next = head.number() + 1;
    if (!big || next << clusterBits >= inode.size()) {
      return 1;
    }
    ErofsCluster behind = index.cluster(next);
    if (behind.isHead()) {
      return 1;
    }
    if (behind.back() != 1 || behind.blocks() == 0) {
      throw ImageException.corrupt("a compressed extent does not tell its size");
    }
    return behind.blocks();
  }

  /** The first {@code length} bytes of an extent; those before {@code skip} may be left out. */
  private byte[] decode(Extent extent, int length, int skip) throws IOException {
    byte[] raw = volume.bytes(extent.position, extent.size);
    byte[] out = new byte[length];
    volume.spend(length);
    if (extent.head.type() == ErofsCluster.Type.PLAIN) {
      if (length > raw.length) {
        throw ImageException.corrupt("an extent that is not compressed is too short");
      }
      copyPlain(raw, out, extent.start, skip);
      return out;
    }
    int first = 0;
    while (first < raw.length && raw[first] == 0) {
      first++;
    }
    if (first == raw.length) {
      throw ImageException.corrupt("a compressed extent is empty");
    }
    int algorithm =
        extent.head.type() == ErofsCluster.Type.HEAD ? algorithms & 0xf : algorithms >> 4;
    int written =
        switch (algorithm) {
          case 0 -> Lz4Block.decode(raw, first, out);
          case 1 -> Decoders.microLzma(raw, first, out);
          case 2 -> Decoders.inflate(raw, first, out, true);
          case 3 -> Decoders.zstdStart(raw, first, out);
          default ->
              throw ImageException.unsupported("a file has the erofs compressor " + algorithm);
        };
    if (written != length) {
      throw ImageException.corrupt("a compressed extent is shorter than the file");
    }
    return out;
  }

  /** Bytes as they are, from the start or, when interlaced, turned so as to fit their block. */
  private void copyPlain(byte[] raw, byte[] out, long start, int skip) throws ImageException {
    int turn = has(INTERLACED) ? (int) ((start + skip) & (blockSize - 1)) : skip;
    if (turn > raw.length) {
      throw ImageException.corrupt("an extent that is not compressed begins behind its end");
    }
    int right =
        has(INTERLACED) ? Math.min(raw.length - turn, out.length - skip) : out.length - skip;
    System.arraycopy(raw, turn, out, skip, right);
    System.arraycopy(raw, 0, out, skip + right, out.length - skip - right);
  }

  private record Extent(long start, long position, int size, ErofsCluster head, boolean fragment) {}
}
