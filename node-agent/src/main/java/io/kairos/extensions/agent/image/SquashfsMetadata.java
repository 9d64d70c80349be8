package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The metadata of a squashfs image: chains of blocks of up to 8 KiB, each with a two-byte header
 * that holds its stored size and whether it is stored as it is.
 */
final class SquashfsMetadata {
  static final int BLOCK = 8192;
  private static final int STORED = 1 << 15;
  private static final int CACHED_BLOCKS = 32;

  private final ImageBytes image;
  private final SquashfsSuperblock.Compressor compressor;
  private final WorkBudget budget;
  private final Map<Long, Block> cache = new LinkedHashMap<>(CACHED_BLOCKS, 0.75f, true);

  SquashfsMetadata(ImageBytes image, SquashfsSuperblock.Compressor compressor, WorkBudget budget) {
    this.image = image;
    this.compressor = compressor;
    this.budget = budget;
  }

  /** Starts to read within the block at a position. */
  Cursor cursor(long position, int offset) throws IOException {
    return new Cursor(position, offset);
  }

  /** One entry of a table whose blocks are listed at {@code index}, eight bytes each. */
  LittleEndian tableEntry(long index, long number, int size) throws IOException {
    long byteAt = number * size;
    long block = image.structure(index + byteAt / BLOCK * 8, 8).u64(0);
    return cursor(block, (int) (byteAt % BLOCK)).take(size);
  }

  private Block block(long position) throws IOException {
    Block known = cache.get(position);
    if (known != null) {
      return known;
    }
    int header = image.structure(position, 2).u16(0);
    int size = header & ~STORED;
    if (size == 0 || size > BLOCK) {
      throw ImageException.corrupt("a metadata block has " + size + " bytes");
    }
    byte[] raw = image.read(position + 2, size);
    budget.spend(BLOCK);
    byte[] bytes = (header & STORED) == 0 ? compressor.decode(raw, BLOCK) : raw;
    Block block = new Block(bytes, position + 2 + size);
    if (cache.size() >= CACHED_BLOCKS) {
      cache.remove(cache.keySet().iterator().next());
    }
    cache.put(position, block);
    return block;
  }

  private static final class Block {
    private final byte[] bytes;
    private final long next;

    private Block(byte[] bytes, long next) {
      this.bytes = bytes;
      this.next = next;
    }
  }

  /** A place in the metadata, which moves on over the ends of blocks. */
  final class Cursor {
    private Block block;
    private int offset;

    private Cursor(long position, int offset) throws IOException {
      this.block = block(position);
      this.offset = offset;
      if (offset > block.bytes.length) {
        throw ImageException.corrupt("a reference points beyond its metadata block");
      }
    }

    LittleEndian take(int count) throws IOException {
      byte[] out = new byte[count];
      int done = 0;
      while (done < count) {
        if (offset == block.bytes.length) {
          block = block(block.next);
          offset = 0;
          if (block.bytes.length == 0) {
            throw ImageException.corrupt("a metadata block is empty");
          }
        }
        int part = Math.min(count - done, block.bytes.length - offset);
        System.arraycopy(block.bytes, offset, out, done, part);
        offset += part;
        done += part;
      }
      return new LittleEndian(out);
    }
  }
}
