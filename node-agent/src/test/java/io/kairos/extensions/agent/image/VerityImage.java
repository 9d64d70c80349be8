package io.kairos.extensions.agent.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Makes signed images with the layout of systemd-repart's: a root partition, its hash tree, and the
 * signature of the root hash. The tree is built level by level, the other way round than it is
 * checked.
 */
final class VerityImage {
  private final byte[] data;
  private int dataBlock = 512;
  private int hashBlock = 512;
  private String algorithm = "sha256";
  private byte[] salt = new byte[32];

  /** Of a file system. */
  VerityImage(byte[] fileSystem) {
    this.data = fileSystem.clone();
  }

  VerityImage blocks(int dataBytes, int hashBytes) {
    dataBlock = dataBytes;
    hashBlock = hashBytes;
    return this;
  }

  VerityImage algorithm(String kernelName) {
    algorithm = kernelName;
    return this;
  }

  VerityImage salt(byte[] value) {
    salt = value.clone();
    return this;
  }

  /** The data as it lies in its partition: whole blocks. */
  byte[] data() {
    return Arrays.copyOf(data, (data.length + dataBlock - 1) / dataBlock * dataBlock);
  }

  /** The hash partition. */
  byte[] hashes() {
    return tree().partition;
  }

  byte[] root() {
    return tree().root;
  }

  /** The image, signed or not. */
  byte[] build(Optional<Signer> signer) {
    byte[] root = root();
    return build(
        signer.map(s -> json(HexFormat.of().formatHex(root), s)),
        uuid(root, 0),
        uuid(root, root.length - 16));
  }

  /** The image with these bytes as its signature partition, and these UUIDs. */
  byte[] build(Optional<String> signature, UUID dataId, UUID verityId) {
    GptBuilder disk =
        new GptBuilder()
            .add(GptBuilder.ROOT_X86_64, data())
            .id(dataId)
            .add(GptBuilder.ROOT_X86_64_VERITY, hashes())
            .id(verityId);
    signature.ifPresent(
        text ->
            disk.add(
                GptBuilder.ROOT_X86_64_SIGNATURE,
                Arrays.copyOf(
                    text.getBytes(StandardCharsets.UTF_8), Math.max(16384, text.length()))));
    return disk.build();
  }

  static String json(String rootHash, Signer signer) {
    return json(
        rootHash, TrustedCertificates.fingerprint(signer.certificate()), signer.sign(rootHash));
  }

  static String json(String rootHash, String fingerprint, byte[] pkcs7) {
    return "{\"rootHash\":\""
        + rootHash
        + "\",\"certificateFingerprint\":\""
        + fingerprint
        + "\",\"signature\":\""
        + Base64.getEncoder().encodeToString(pkcs7)
        + "\"}";
  }

  static UUID uuid(byte[] bytes, int at) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, at, 16);
    return new UUID(buffer.getLong(), buffer.getLong());
  }

  @SuppressWarnings("ArrayRecordComponent") // lives for one call
  private record Tree(byte[] partition, byte[] root) {}

  private Tree tree() {
    List<byte[]> levels = new ArrayList<>();
    byte[] below = data();
    int size = dataBlock;
    while (below.length > size) {
      below = level(below, size);
      size = hashBlock;
      levels.add(below);
    }
    ByteArrayOutputStream partition = new ByteArrayOutputStream();
    partition.writeBytes(Arrays.copyOf(superblock(), hashBlock));
    for (int i = levels.size() - 1; i >= 0; i--) {
      partition.writeBytes(levels.get(i));
    }
    return new Tree(partition.toByteArray(), hash(below, 0, below.length));
  }

  private byte[] level(byte[] below, int size) {
    int fanOut = Integer.highestOneBit(hashBlock / digest().getDigestLength());
    int count = below.length / size;
    byte[] level = new byte[(count + fanOut - 1) / fanOut * hashBlock];
    for (int i = 0; i < count; i++) {
      byte[] hash = hash(below, i * size, size);
      int at = i / fanOut * hashBlock + i % fanOut * (hashBlock / fanOut);
      System.arraycopy(hash, 0, level, at, hash.length);
    }
    return level;
  }

  private byte[] superblock() {
    ByteBuffer raw = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
    raw.put("verity".getBytes(StandardCharsets.US_ASCII));
    raw.putInt(8, 1).putInt(12, 1);
    raw.put(32, algorithm.getBytes(StandardCharsets.US_ASCII));
    raw.putInt(64, dataBlock).putInt(68, hashBlock).putLong(72, data().length / dataBlock);
    raw.putShort(80, (short) salt.length).put(88, salt);
    return raw.array();
  }

  private byte[] hash(byte[] bytes, int from, int count) {
    MessageDigest digest = digest();
    digest.update(salt);
    digest.update(bytes, from, count);
    return digest.digest();
  }

  private MessageDigest digest() {
    try {
      return MessageDigest.getInstance(algorithm.replace("sha", "SHA-"));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
