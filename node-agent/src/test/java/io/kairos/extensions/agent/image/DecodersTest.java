package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.Compressor;
import io.airlift.compress.lz4.Lz4Compressor;
import io.airlift.compress.lzo.LzoCompressor;
import io.airlift.compress.zstd.ZstdCompressor;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class DecodersTest {
  private static final int BLOCK = 8192;

  private static byte[] pack(SquashfsSuperblock.Compressor compressor, byte[] bytes)
      throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    return switch (compressor) {
      case GZIP -> {
        try (DeflaterOutputStream stream = new DeflaterOutputStream(out)) {
          stream.write(bytes);
        }
        yield out.toByteArray();
      }
      case XZ -> {
        LZMA2Options options = new LZMA2Options(0);
        options.setDictSize(1 << 17);
        try (XZOutputStream stream = new XZOutputStream(out, options)) {
          stream.write(bytes);
        }
        yield out.toByteArray();
      }
      case ZSTD -> pack(new ZstdCompressor(), bytes);
      case LZ4 -> pack(new Lz4Compressor(), bytes);
      case LZO -> pack(new LzoCompressor(), bytes);
      case LZMA -> throw new IllegalArgumentException("not made");
    };
  }

  private static byte[] pack(Compressor compressor, byte[] bytes) {
    byte[] out = new byte[compressor.maxCompressedLength(bytes.length)];
    return Arrays.copyOf(out, compressor.compress(bytes, 0, bytes.length, out, 0, out.length));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LZMA")
  void blocksUnpackToWhatWasPacked(SquashfsSuperblock.Compressor compressor) throws Exception {
    Random random = new Random(1);
    for (int length : new int[] {1, 100, 5000, BLOCK}) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      Arrays.fill(bytes, length / 3, length / 2, (byte) 7);
      assertThat(compressor.decode(pack(compressor, bytes), BLOCK)).isEqualTo(bytes);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LZMA")
  void blocksThatUnpackToMoreThanTheyMayAreRefused(SquashfsSuperblock.Compressor compressor)
      throws Exception {
    for (int length : new int[] {BLOCK + 1, 3 << 20}) {
      byte[] bomb = pack(compressor, new byte[length]);
      assertThatThrownBy(() -> compressor.decode(bomb, BLOCK))
          .isInstanceOfSatisfying(
              ImageException.class,
              e -> assertThat(e.reason()).isEqualTo(UnfitReason.CORRUPT_IMAGE));
    }
  }

  @Property(tries = 300)
  void lz4StopsWhereverTheOutputEnds(@ForAll @Size(min = 1, max = 60) byte[] part)
      throws Exception {
    byte[] bytes = new byte[part.length * 5];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = part[i % part.length];
    }
    byte[] packed = pack(new Lz4Compressor(), bytes);
    for (int length = 0; length <= bytes.length; length += 7) {
      byte[] out = new byte[length];
      assertThat(Lz4Block.decode(packed, 0, out)).isEqualTo(length);
      assertThat(out).isEqualTo(Arrays.copyOf(bytes, length));
    }
  }
}
