package io.kairos.extensions.agent.image;

import java.io.IOException;

/**
 * The index of a compressed EROFS file in both of its forms: full, eight bytes a cluster, and
 * compact, packs of 2 or 16 clusters that share one block number (lib/zmap.c of erofs-utils).
 */
final class ErofsClusterIndex {
  private static final int COUNT_FLAG = 1 << 11;
  private static final int PARTIAL = 1 << 15;
  private static final int LARGEST_COMPACT_BITS = 14;
  private static final int LARGEST_PACKED_BITS = 12;
  private static final int COUNT_FLAG_BITS = 12;
  private static final int PACK_ALIGNMENT = 32;

  private final ErofsVolume volume;
  private final ErofsInode inode;
  private final int clusterBits;
  private final boolean bigClusters;
  private final boolean packed;

  /** Where the header of the map ends. */
  private final long base;

  ErofsClusterIndex(
      ErofsVolume volume,
      ErofsInode inode,
      long base,
      int clusterBits,
      boolean bigClusters,
      boolean packed) {
    this.volume = volume;
    this.inode = inode;
    this.base = base;
    this.clusterBits = clusterBits;
    this.bigClusters = bigClusters;
    this.packed = packed;
  }

  ErofsCluster cluster(long number) throws IOException {
    if (number < 0 || number << clusterBits >= inode.size()) {
      throw ImageException.corrupt("a compressed file has no cluster " + number);
    }
    ErofsCluster cluster =
        inode.layout() == ErofsInode.Layout.COMPRESSED_FULL ? full(number) : compact(number);
    if (cluster.isHead() && cluster.offset() >= 1 << clusterBits) {
      throw ImageException.corrupt("a compressed extent begins beyond its cluster");
    }
    if (cluster.blocks() != 0 && !bigClusters) {
      throw ImageException.corrupt("a compressed extent counts blocks that it may not have");
    }
    return cluster;
  }

  private ErofsCluster full(long number) throws IOException {
    long position = base + 8 + number * 8;
    LittleEndian raw = volume.structure(position, 8);
    int advise = raw.u16(0);
    ErofsCluster.Type type = ErofsCluster.Type.of(advise);
    if (type != ErofsCluster.Type.CONTINUED) {
      return new ErofsCluster(
          number, type, raw.u16(2), 0, 0, raw.u32(4), (advise & PARTIAL) != 0, position + 8);
    }
    int delta = raw.u16(4);
    boolean counts = (delta & COUNT_FLAG) != 0;
    return new ErofsCluster(
        number,
        type,
        0,
        counts ? 1 : delta,
        counts ? delta & ~COUNT_FLAG : 0,
        0,
        false,
        position + 8);
  }

  private ErofsCluster compact(long number) throws IOException {
    if (clusterBits > LARGEST_COMPACT_BITS) {
      throw ImageException.corrupt("a compact index has clusters of 2^" + clusterBits + " bytes");
    }
    int blockBits = volume.superblock().blockBits();
    long total = (inode.size() + (1L << blockBits) - 1) >> blockBits;
    long initial = (PACK_ALIGNMENT - base % PACK_ALIGNMENT) / 4 & 7;
    long inPacks16 = packed && initial < total ? (total - initial) / 16 * 16 : 0;
    long position = base;
    long left = number;
    boolean pack16 = false;
    if (left >= initial) {
      position += initial * 4;
      left -= initial;
      if (left < inPacks16) {
        pack16 = true;
      } else {
        position += inPacks16 * 2;
        left -= inPacks16;
      }
    }
    position += left * (pack16 ? 2 : 4);
    if (pack16 && clusterBits > LARGEST_PACKED_BITS) {
      throw ImageException.unsupported("a compact index has large clusters");
    }
    int packSize = pack16 ? 32 : 8;
    long start = position / packSize * packSize;
    int within = (int) (position - start) / (pack16 ? 2 : 4);
    return new Pack(volume.structure(start, packSize), pack16 ? 16 : 2, start + packSize)
        .cluster(number, within);
  }

  /** Some clusters that share the block number in the last four bytes. */
  private final class Pack {
    private final LittleEndian raw;
    private final int count;
    private final long next;
    private final int offsetBits = Math.max(clusterBits, COUNT_FLAG_BITS);
    private final int entryBits;

    private Pack(LittleEndian raw, int count, long next) {
      this.raw = raw;
      this.count = count;
      this.next = next;
      this.entryBits = (raw.length() - 4) * 8 / count;
    }

    private int bits(int entry) throws ImageException {
      int at = entry * entryBits;
      return (int) (raw.u32(at / 8) >> (at & 7));
    }

    private int low(int entry) throws ImageException {
      return bits(entry) & ((1 << offsetBits) - 1);
    }

    private ErofsCluster.Type type(int entry) throws ImageException {
      return ErofsCluster.Type.of(bits(entry) >> offsetBits);
    }

    private ErofsCluster cluster(long number, int entry) throws ImageException {
      ErofsCluster.Type type = type(entry);
      int low = low(entry);
      if (type != ErofsCluster.Type.CONTINUED) {
        long block = raw.u32(raw.length() - 4) + blocksBefore(entry);
        return new ErofsCluster(number, type, low, 0, 0, block, false, next);
      }
      if ((low & COUNT_FLAG) != 0) {
        return new ErofsCluster(number, type, 0, 1, low & ~COUNT_FLAG, 0, false, next);
      }
      return new ErofsCluster(
          number, type, 0, entry + 1 < count ? low : backOfLast(entry), 0, 0, false, next);
    }

    /** The last of a pack tells how far the next head is, so the one before it must help. */
    private int backOfLast(int entry) throws ImageException {
      if (type(entry - 1) != ErofsCluster.Type.CONTINUED) {
        return 1;
      }
      int low = low(entry - 1);
      return (low & COUNT_FLAG) != 0 ? 2 : low + 1;
    }

    private long blocksBefore(int entry) throws ImageException {
      long blocks = bigClusters ? 0 : 1;
      int at = entry;
      while (at > 0) {
        at--;
        boolean continued = type(at) == ErofsCluster.Type.CONTINUED;
        int low = low(at);
        if (!bigClusters) {
          at -= continued ? low : 0;
          blocks += at >= 0 ? 1 : 0;
        } else if (!continued) {
          blocks++;
        } else if ((low & COUNT_FLAG) != 0) {
          at--;
          blocks += low & ~COUNT_FLAG;
        } else if (low <= 1) {
          throw ImageException.corrupt("a compact index counts no blocks");
        } else {
          at -= low - 2;
        }
      }
      return blocks;
    }
  }
}
