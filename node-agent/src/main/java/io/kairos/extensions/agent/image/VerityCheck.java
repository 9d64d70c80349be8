package io.kairos.extensions.agent.image;

import io.kairos.extensions.agent.image.ImageFormat.Protection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;

/**
 * Verifies what guards an image, in the order in which one thing vouches for the next:
 *
 * <ol>
 *   <li>Who signed the root hash. Only where signers are demanded: elsewhere it is the host's
 *       affair whom it trusts, and the signature has but to be one.
 *   <li>Whether the root hash is that of these partitions: its first 128 bits are the UUID of the
 *       data partition, its last those of the verity partition (UAPI Discoverable Partitions
 *       Specification). Without a signature these are all that is known of the root hash.
 *   <li>Whether the tree leads from the root hash to every single block of the data.
 * </ol>
 *
 * Only what the tree covers is handed on to be read: a host sees nothing else.
 */
final class VerityCheck {
  private static final int UUID_BYTES = 16;

  private VerityCheck() {}

  /**
   * Verifies an image.
   *
   * @param demanded whoever has to have signed it, each one of a list for itself; empty where no
   *     signature is demanded
   * @return the bytes of the file system as a host would mount them
   * @throws ImageException if the image is not what was signed or built
   * @throws IOException if the file cannot be read
   */
  static ImageBytes check(ImageLayout layout, List<TrustedCertificates> demanded)
      throws IOException {
    Protection protection = layout.format().protection();
    if (!demanded.isEmpty() && protection != Protection.SIGNED_VERITY) {
      throw new ImageException(
          UnfitReason.SIGNATURE_REQUIRED,
          "it is "
              + layout.format().describe()
              + ", and a signature is required: build it with systemd-repart --make-ddi=sysext"
              + " --private-key=KEY --certificate=CERTIFICATE");
    }
    if (protection == Protection.NONE) {
      return layout.data();
    }
    PartitionChoice partitions = layout.partitions().orElseThrow();
    ImageBytes hashes = ImageLayout.window(layout.image(), partitions.verity().orElseThrow());
    if (protection == Protection.VERITY) {
      VerityTree tree = new VerityTree(layout.data(), hashes, VeritySuperblock.read(hashes));
      byte[] root = tree.root();
      checkFits(root, partitions);
      tree.check(root);
      return tree.covered();
    }
    SignedRootHash signed =
        SignedRootHash.read(
            ImageLayout.window(layout.image(), partitions.signature().orElseThrow()));
    RootHashSignature signature = RootHashSignature.of(signed);
    for (TrustedCertificates trusted : demanded) {
      signature.verify(trusted);
    }
    checkFits(signed.rootHash(), partitions);
    VeritySuperblock superblock = VeritySuperblock.read(hashes);
    VerityTree tree = new VerityTree(layout.data(), hashes, superblock);
    tree.check(signed.rootHash());
    return tree.covered();
  }

  private static void checkFits(byte[] root, PartitionChoice partitions) throws ImageException {
    UUID data = uuid(Arrays.copyOf(root, UUID_BYTES));
    UUID verity = uuid(Arrays.copyOfRange(root, root.length - UUID_BYTES, root.length));
    UUID hasData = partitions.data().id();
    UUID hasVerity = partitions.verity().orElseThrow().id();
    if (!data.equals(hasData) || !verity.equals(hasVerity)) {
      throw new ImageException(
          UnfitReason.ROOT_HASH_MISMATCH,
          "its root hash "
              + HexFormat.of().formatHex(root)
              + " is not that of its partitions, whose UUIDs are "
              + hasData
              + " and "
              + hasVerity
              + ": data, hash tree and signature do not belong together");
    }
  }

  private static UUID uuid(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new UUID(buffer.getLong(), buffer.getLong());
  }
}
