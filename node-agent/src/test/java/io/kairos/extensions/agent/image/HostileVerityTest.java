package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever is changed in a signed image is refused, and nothing but a verdict comes of it. */
class HostileVerityTest {
  private static final byte[] EROFS = Fixtures.bytes("erofs-zstd");
  private static final Signer OWNER = Signer.named("owner");
  private static final VerityImage SOUND = new VerityImage(EROFS);
  private static final byte[] IMAGE = SOUND.build(Optional.of(OWNER));
  private static final String ROOT = HexFormat.of().formatHex(SOUND.root());
  private static final int DATA = 34 * 512;
  private static final int VERITY = DATA + SOUND.data().length;
  private static final int SIGNATURE = VERITY + SOUND.hashes().length;

  private record Change(int at, int width, byte value) {}

  @Provide
  Arbitrary<List<Change>> changes() {
    Arbitrary<Integer> at =
        Arbitraries.oneOf(
            Arbitraries.integers().between(DATA, IMAGE.length - 1),
            Arbitraries.integers().between(VERITY, VERITY + 600),
            Arbitraries.integers().between(SIGNATURE, SIGNATURE + 1500));
    return Combinators.combine(at, Arbitraries.of(1, 2, 4, 8), Arbitraries.bytes())
        .as(Change::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(4);
  }

  private static Inspection inspect(byte[] image, boolean demanded) throws Exception {
    HostFacts host = Fixtures.host();
    return Fixtures.inspect(image, demanded ? host.signedBy(List.of(OWNER.trusted())) : host);
  }

  @Property(tries = 500)
  void changedImagesEndInAVerdict(@ForAll("changes") List<Change> changes) throws Exception {
    byte[] mutant = IMAGE.clone();
    for (Change change : changes) {
      int end = Math.min(change.at + change.width, mutant.length);
      Arrays.fill(mutant, change.at, end, change.value);
    }
    assertThat(inspect(mutant, false)).isNotNull();
    Inspection verdict = inspect(mutant, true);
    boolean dataChanged = !Arrays.equals(mutant, DATA, VERITY, IMAGE, DATA, VERITY);
    if (dataChanged) {
      assertThat(verdict).isInstanceOf(Inspection.Unfit.class);
    }
  }

  @Property(tries = 300)
  void changedSignaturesEndInAVerdict(
      @ForAll("offsets") int at, @ForAll byte value, @ForAll boolean cut) throws Exception {
    byte[] pkcs7 = OWNER.sign(ROOT);
    int place = at % pkcs7.length;
    byte[] changed = cut ? Arrays.copyOf(pkcs7, Math.max(1, place)) : pkcs7.clone();
    changed[Math.min(place, changed.length - 1)] = value;
    String json =
        VerityImage.json(ROOT, TrustedCertificates.fingerprint(OWNER.certificate()), changed);
    byte[] root = SOUND.root();
    byte[] image =
        SOUND.build(Optional.of(json), VerityImage.uuid(root, 0), VerityImage.uuid(root, 16));
    assertThat(inspect(image, true)).isNotNull();
    assertThat(inspect(image, false)).isNotNull();
  }

  @Provide
  Arbitrary<Integer> offsets() {
    return Arbitraries.integers().between(0, 4095);
  }

  /** A tree says how large it is: whatever it says, the work is bounded by the partitions. */
  @Property(tries = 300)
  void superblocksOfAnySizeEndInAVerdict(
      @ForAll("sizes") int data, @ForAll("sizes") int hash, @ForAll("counts") long count)
      throws Exception {
    byte[] mutant = IMAGE.clone();
    java.nio.ByteBuffer raw =
        java.nio.ByteBuffer.wrap(mutant).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    raw.putInt(VERITY + 64, data).putInt(VERITY + 68, hash).putLong(VERITY + 72, count);
    boolean same = Arrays.equals(mutant, IMAGE);
    assertThat(inspect(mutant, true) instanceof Inspection.Fits).isEqualTo(same);
    assertThat(inspect(mutant, false)).isNotNull();
  }

  @Provide
  Arbitrary<Integer> sizes() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(0, 20).map(bit -> 1 << bit), Arbitraries.integers());
  }

  @Provide
  Arbitrary<Long> counts() {
    return Arbitraries.oneOf(
        Arbitraries.longs().between(0, SOUND.data().length / 512 + 1), Arbitraries.longs());
  }
}
