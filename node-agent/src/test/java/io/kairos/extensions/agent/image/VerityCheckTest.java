package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VerityCheckTest {
  private static final byte[] EROFS = Fixtures.bytes("erofs-zstd");
  private static final byte[] SQUASHFS = Fixtures.bytes("squashfs-zstd");
  private static final Signer OWNER = Signer.named("owner");
  private static final Signer STRANGER = Signer.named("stranger");
  private static final int FIRST_BYTE = 34 * 512;

  private static Inspection inspect(byte[] image, Signer... demanded) throws IOException {
    List<TrustedCertificates> signers = Arrays.stream(demanded).map(Signer::trusted).toList();
    return ImageInspector.inspect(ImageBytes.of(image), "demo", Fixtures.host().signedBy(signers));
  }

  private static void fits(byte[] image, ImageFormat.Protection protection, Signer... demanded)
      throws IOException {
    assertThat(inspect(image, demanded))
        .isInstanceOfSatisfying(
            Inspection.Fits.class,
            fits -> assertThat(fits.format().protection()).isEqualTo(protection));
  }

  private static void refuses(Inspection inspection, UnfitReason reason, String... texts) {
    assertThat(inspection)
        .isInstanceOfSatisfying(
            Inspection.Unfit.class,
            unfit -> {
              assertThat(unfit.reason()).as(unfit.message()).isEqualTo(reason);
              assertThat(unfit.message()).contains(texts);
            });
  }

  private static byte[] signed(VerityImage image) {
    return image.build(Optional.of(OWNER));
  }

  @ParameterizedTest
  @CsvSource({
    "512,512,sha256,32",
    "4096,4096,sha256,32",
    "1024,512,sha512,0",
    "512,4096,sha384,256",
    "65536,65536,sha256,7",
    "512,65536,sha256,1"
  })
  void whatATrustedKeySignedFits(int data, int hash, String algorithm, int salt) throws Exception {
    byte[] salting = new byte[salt];
    new Random(1).nextBytes(salting);
    VerityImage image =
        new VerityImage(SQUASHFS).blocks(data, hash).algorithm(algorithm).salt(salting);
    fits(signed(image), ImageFormat.Protection.SIGNED_VERITY, OWNER);
    fits(signed(image), ImageFormat.Protection.SIGNED_VERITY);
    fits(image.build(Optional.empty()), ImageFormat.Protection.VERITY);
  }

  @Test
  void withoutASignatureNothingFitsThatNeedsOne() throws Exception {
    refuses(inspect(EROFS, OWNER), UnfitReason.SIGNATURE_REQUIRED, "plain erofs", "--private-key");
    refuses(
        inspect(new GptBuilder().add(GptBuilder.ROOT_X86_64, EROFS).build(), OWNER),
        UnfitReason.SIGNATURE_REQUIRED,
        "root partition without verity");
    refuses(
        inspect(new VerityImage(EROFS).build(Optional.empty()), OWNER),
        UnfitReason.SIGNATURE_REQUIRED,
        "nobody signed");
  }

  @Test
  void anotherKeyIsNotTrustedAndBothAreNamed() throws Exception {
    byte[] image = signed(new VerityImage(EROFS));
    refuses(inspect(image, STRANGER), UnfitReason.SIGNATURE_UNTRUSTED, "CN=owner", "CN=stranger");
    refuses(inspect(image, OWNER, STRANGER), UnfitReason.SIGNATURE_UNTRUSTED, "CN=stranger");
  }

  @Test
  void aCertificateOfTheSameNameAndNumberWithAnotherKeyIsNotEnough() throws Exception {
    Signer forger =
        Signer.named("owner", OWNER.certificate().getSerialNumber(), Duration.ofDays(1));
    refuses(
        inspect(new VerityImage(EROFS).build(Optional.of(forger)), OWNER),
        UnfitReason.SIGNATURE_INVALID,
        "another key made it");
  }

  @Test
  void aCertificateDoesNotExpire() throws Exception {
    Signer old = Signer.named("old", BigInteger.ONE, Duration.ofDays(-1));
    fits(new VerityImage(EROFS).build(Optional.of(old)), ImageFormat.Protection.SIGNED_VERITY, old);
  }

  @Test
  void aSigningTimeOutsideTheCertificatesValidityIsRefused() throws Exception {
    Signer old = Signer.named("old", BigInteger.ONE, Duration.ofDays(-1));
    String root = HexFormat.of().formatHex(new VerityImage(EROFS).root());
    refuses(
        inspect(withSignature(root, old, old.sign(root, "SHA256withECDSA", false, false)), old),
        UnfitReason.SIGNATURE_INVALID,
        "outside the validity");
    fits(
        withSignature(root, OWNER, OWNER.sign(root, "SHA256withECDSA", false, false)),
        ImageFormat.Protection.SIGNED_VERITY,
        OWNER);
  }

  private static byte[] withSignature(String root, Signer signer, byte[] pkcs7) {
    return withJson(
        VerityImage.json(root, TrustedCertificates.fingerprint(signer.certificate()), pkcs7));
  }

  private static byte[] withJson(String json) {
    byte[] root = new VerityImage(EROFS).root();
    return new VerityImage(EROFS)
        .build(Optional.of(json), VerityImage.uuid(root, 0), VerityImage.uuid(root, 16));
  }

  @Test
  void signaturesThatAreNoneOrOfOldHashesAreRefused() throws Exception {
    String root = HexFormat.of().formatHex(new VerityImage(EROFS).root());
    refuses(
        inspect(withSignature(root, OWNER, OWNER.sign(root, "SHA1withECDSA", true, false)), OWNER),
        UnfitReason.SIGNATURE_INVALID,
        "SHA-256");
    refuses(
        inspect(withSignature(root, OWNER, OWNER.sign(root, "SHA256withECDSA", true, true)), OWNER),
        UnfitReason.SIGNATURE_INVALID,
        "content of its own");
    refuses(
        inspect(withSignature(root, OWNER, new byte[] {1, 2, 3}), OWNER),
        UnfitReason.SIGNATURE_INVALID,
        "PKCS#7");
    refuses(
        inspect(withJson(VerityImage.json(root, "00".repeat(32), OWNER.sign(root))), OWNER),
        UnfitReason.SIGNATURE_INVALID,
        "names the certificate");
  }

  @Test
  void deeplyNestedSignaturesEndInAVerdict() throws Exception {
    byte[] nested = new byte[64 << 10];
    for (int i = 0; i < nested.length; i += 2) {
      nested[i] = 0x30;
      nested[i + 1] = (byte) 0x80;
    }
    refuses(
        inspect(withSignature("00".repeat(32), OWNER, nested), OWNER),
        UnfitReason.SIGNATURE_INVALID,
        "PKCS#7");
    byte[] root = new VerityImage(EROFS).root();
    byte[] good = OWNER.sign(HexFormat.of().formatHex(root));
    byte[] tail = new byte[good.length + nested.length / 2];
    System.arraycopy(good, 0, tail, 0, good.length);
    System.arraycopy(nested, 0, tail, good.length, nested.length / 2);
    assertThat(inspect(withSignature(HexFormat.of().formatHex(root), OWNER, tail), OWNER))
        .isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{}",
        "{\"rootHash\":1}",
        "{\"rootHash\":\"xyz\",\"signature\":\"\"}",
        "{\"rootHash\":\"00\",\"signature\":\"AAAA\"}",
        "{\"rootHash\":\"00\",\"rootHash\":\"01\"}",
        "{} {}",
        "{\"a\":\u0000\"b\"}"
      })
  void aSignaturePartitionThatHoldsSomethingElseIsRefused(String json) throws Exception {
    refuses(inspect(withJson(json)), UnfitReason.SIGNATURE_INVALID, "its sign");
  }

  @Test
  void aSignedRootHashOfOtherPartitionsIsAMismatch() throws Exception {
    String json = VerityImage.json(HexFormat.of().formatHex(new byte[32]), OWNER);
    refuses(inspect(withJson(json), OWNER), UnfitReason.ROOT_HASH_MISMATCH, "belong together");
    byte[] root = new VerityImage(EROFS).root();
    byte[] moved =
        new VerityImage(EROFS)
            .build(
                Optional.of(VerityImage.json(HexFormat.of().formatHex(root), OWNER)),
                VerityImage.uuid(root, 0),
                UUID.randomUUID());
    refuses(inspect(moved, OWNER), UnfitReason.ROOT_HASH_MISMATCH, "belong together");
    byte[] unsigned =
        new VerityImage(EROFS)
            .build(Optional.empty(), UUID.randomUUID(), VerityImage.uuid(root, 16));
    refuses(inspect(unsigned), UnfitReason.ROOT_HASH_MISMATCH, "belong together");
  }

  @Test
  void aChangedRootHashIsNotWhatWasSigned() throws Exception {
    byte[] root = new VerityImage(EROFS).root();
    byte[] pkcs7 = OWNER.sign(HexFormat.of().formatHex(root));
    root[3] ^= 1;
    byte[] image =
        new VerityImage(EROFS)
            .build(
                Optional.of(
                    VerityImage.json(
                        HexFormat.of().formatHex(root),
                        TrustedCertificates.fingerprint(OWNER.certificate()),
                        pkcs7)),
                VerityImage.uuid(root, 0),
                VerityImage.uuid(root, 16));
    refuses(inspect(image, OWNER), UnfitReason.SIGNATURE_INVALID, "does not fit the root hash");
    refuses(inspect(image), UnfitReason.DATA_TAMPERED, "hash tree");
  }

  @Test
  void anyChangedBitOfTheDataIsFoundAndItsBlockNamed() throws Exception {
    VerityImage image = new VerityImage(EROFS);
    byte[] sound = signed(image);
    for (int block = 0; block < image.data().length / 512; block++) {
      byte[] changed = sound.clone();
      changed[FIRST_BYTE + block * 512 + (block * 7 + 100) % 512] ^= (byte) (1 << block % 8);
      refuses(
          inspect(changed, block % 2 == 0 ? new Signer[] {OWNER} : new Signer[0]),
          UnfitReason.DATA_TAMPERED,
          "data block " + block + " (512 bytes at " + block * 512 + " of the data partition)");
    }
  }

  @Test
  void anyChangedByteOfTheTreeIsFoundAndItsBlockNamed() throws Exception {
    VerityImage image = new VerityImage(EROFS);
    byte[] sound = signed(image);
    int tree = FIRST_BYTE + image.data().length;
    for (int at = 512; at < image.hashes().length; at += 97) {
      byte[] changed = sound.clone();
      changed[tree + at] ^= 0x20;
      refuses(
          inspect(changed, OWNER),
          UnfitReason.DATA_TAMPERED,
          "of the hash tree (512 bytes at " + at / 512 * 512 + " of the verity partition)");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0,1,CORRUPT_IMAGE,no dm-verity superblock",
    "8,2,UNSUPPORTED_FORMAT,version 2",
    "12,0,UNSUPPORTED_FORMAT,hash type 0",
    "35,120,UNSUPPORTED_FORMAT,'shax56'",
    "64,3,CORRUPT_IMAGE,data blocks of",
    "67,64,CORRUPT_IMAGE,data blocks of",
    "68,1,CORRUPT_IMAGE,hash blocks of",
    "74,1,TRUNCATED,data that verity covers",
    "79,-128,CORRUPT_IMAGE,larger than any file",
    "81,2,CORRUPT_IMAGE,salt",
    "88,1,DATA_TAMPERED,hash tree"
  })
  void aWrongFieldOfTheSuperblockIsNamed(int at, byte value, UnfitReason reason, String text)
      throws Exception {
    VerityImage image = new VerityImage(EROFS);
    byte[] changed = signed(image);
    changed[FIRST_BYTE + image.data().length + at] = value;
    refuses(inspect(changed, OWNER), reason, text);
  }

  @Test
  void aSuperblockThatCountsNoBlocksOrCoversLessIsRefused() throws Exception {
    VerityImage image = new VerityImage(EROFS);
    byte[] changed = signed(image);
    ByteBuffer raw = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
    raw.putLong(FIRST_BYTE + image.data().length + 72, 0);
    refuses(inspect(changed, OWNER), UnfitReason.CORRUPT_IMAGE, "0 data blocks");
    raw.putLong(FIRST_BYTE + image.data().length + 72, image.data().length / 512 - 1);
    refuses(inspect(changed, OWNER), UnfitReason.TRUNCATED, "needs " + EROFS.length);
  }

  @Test
  void aTreeThatIsCutOffIsTruncated() throws Exception {
    VerityImage image = new VerityImage(EROFS);
    byte[] root = image.root();
    byte[] disk =
        new GptBuilder()
            .add(GptBuilder.ROOT_X86_64, image.data())
            .id(VerityImage.uuid(root, 0))
            .add(
                GptBuilder.ROOT_X86_64_VERITY,
                Arrays.copyOf(image.hashes(), image.hashes().length - 512))
            .id(VerityImage.uuid(root, 16))
            .build();
    refuses(inspect(disk), UnfitReason.TRUNCATED, "verity tree");
  }

  @Test
  void trustedCertificatesAreReadFromPemAndNothingElse() throws Exception {
    byte[] both = new byte[OWNER.pem().length + STRANGER.pem().length];
    System.arraycopy(OWNER.pem(), 0, both, 0, OWNER.pem().length);
    System.arraycopy(STRANGER.pem(), 0, both, OWNER.pem().length, STRANGER.pem().length);
    assertThat(TrustedCertificates.ofPem("x", List.of(both)).certificates())
        .containsExactly(OWNER.certificate(), STRANGER.certificate());
    assertThatThrownBy(() -> TrustedCertificates.ofPem("x", List.of(new byte[0])))
        .isInstanceOf(CertificateException.class);
    assertThatThrownBy(() -> TrustedCertificates.ofPem("x", List.of(new byte[] {1, 2, 3})))
        .isInstanceOf(CertificateException.class);
  }
}
