package io.kairos.extensions.agent.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/**
 * What a verity signature partition holds: a JSON object, filled up with zeros (UAPI Discoverable
 * Partitions Specification; systemd's dissected_image_load_verity_sig_partition()). Fields that are
 * not known are passed over, as systemd does.
 */
final class SignedRootHash {
  /** A signature with the certificates of its signer takes about 2 KiB. */
  private static final int LARGEST_JSON = 256 << 10;

  private static final int LARGEST_PKCS7 = 64 << 10;
  private static final int SMALLEST_ROOT_HASH = 16;
  private static final int LARGEST_ROOT_HASH = 64;

  private final byte[] rootHash;
  private final byte[] pkcs7;
  private final Optional<String> fingerprint;

  private SignedRootHash(byte[] rootHash, byte[] pkcs7, Optional<String> fingerprint) {
    this.rootHash = rootHash;
    this.pkcs7 = pkcs7;
    this.fingerprint = fingerprint;
  }

  /**
   * Reads it.
   *
   * @throws ImageException if the partition holds something else
   * @throws IOException if the file cannot be read
   */
  static SignedRootHash read(ImageBytes partition) throws IOException {
    byte[] bytes = partition.read(0, (int) Math.min(partition.length(), LARGEST_JSON));
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    for (int i = length; i < bytes.length; i++) {
      if (bytes[i] != 0) {
        throw invalid("its signature partition holds a zero byte amid the text");
      }
    }
    if (length == LARGEST_JSON) {
      throw invalid("its signature partition holds more than " + LARGEST_JSON + " bytes");
    }
    JsonNode json = parse(new String(bytes, 0, length, StandardCharsets.UTF_8));
    byte[] rootHash = rootHash(text(json, "rootHash"));
    return new SignedRootHash(rootHash, pkcs7(text(json, "signature")), fingerprint(json));
  }

  /** The root hash of the verity tree. */
  byte[] rootHash() {
    return rootHash.clone();
  }

  /** A detached signature of {@link #signedText()}. */
  byte[] pkcs7() {
    return pkcs7.clone();
  }

  /** SHA-256 of the signer's certificate, lower-case hex; systemd does not ask for it. */
  Optional<String> fingerprint() {
    return fingerprint;
  }

  /** The text that is signed: the root hash as lower-case hex digits. */
  String signedText() {
    return HexFormat.of().formatHex(rootHash);
  }

  private static JsonNode parse(String text) throws ImageException {
    JsonMapper mapper =
        JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    try {
      JsonNode json = mapper.readTree(text);
      if (json.isObject()) {
        return json;
      }
    } catch (JsonProcessingException e) {
      throw invalid("its signature partition holds no JSON: " + e.getOriginalMessage(), e);
    }
    throw invalid("its signature partition holds no JSON object");
  }

  private static String text(JsonNode json, String field) throws ImageException {
    JsonNode value = json.path(field);
    if (!value.isTextual()) {
      throw invalid("its signature partition has no text " + field);
    }
    return value.textValue();
  }

  private static byte[] rootHash(String text) throws ImageException {
    try {
      byte[] hash = HexFormat.of().parseHex(text);
      if (hash.length >= SMALLEST_ROOT_HASH && hash.length <= LARGEST_ROOT_HASH) {
        return hash;
      }
      throw invalid("its signed root hash has " + hash.length + " bytes");
    } catch (IllegalArgumentException e) {
      throw invalid("its signed root hash " + Printable.quoted(text) + " is not hexadecimal", e);
    }
  }

  private static byte[] pkcs7(String text) throws ImageException {
    try {
      byte[] bytes = Base64.getMimeDecoder().decode(text);
      if (bytes.length > 0 && bytes.length <= LARGEST_PKCS7) {
        return bytes;
      }
      throw invalid("its signature has " + bytes.length + " bytes");
    } catch (IllegalArgumentException e) {
      throw invalid("its signature is not base64", e);
    }
  }

  private static Optional<String> fingerprint(JsonNode json) throws ImageException {
    return json.path("certificateFingerprint").isMissingNode()
        ? Optional.empty()
        : Optional.of(text(json, "certificateFingerprint").toLowerCase(Locale.ROOT));
  }

  private static ImageException invalid(String message) {
    return new ImageException(UnfitReason.SIGNATURE_INVALID, message);
  }

  private static ImageException invalid(String message, Exception cause) {
    return new ImageException(UnfitReason.SIGNATURE_INVALID, message, cause);
  }
}
