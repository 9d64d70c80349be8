package io.kairos.extensions.agent.image;

import java.io.IOException;

/**
 * The image itself is at fault. Any other {@link IOException} from this package is a fault of the
 * file it lies in and says nothing about the image.
 */
public final class ImageException extends IOException {
  private final UnfitReason reason;

  ImageException(UnfitReason reason, String message) {
    super(message);
    this.reason = reason;
  }

  ImageException(UnfitReason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  static ImageException corrupt(String message) {
    return new ImageException(UnfitReason.CORRUPT_IMAGE, message);
  }

  static ImageException corrupt(String message, Throwable cause) {
    return new ImageException(UnfitReason.CORRUPT_IMAGE, message, cause);
  }

  static ImageException unsupported(String message) {
    return new ImageException(UnfitReason.UNSUPPORTED_FORMAT, message);
  }

  static ImageException truncated(String what, long wanted, long present) {
    return new ImageException(
        UnfitReason.TRUNCATED,
        what + " needs " + wanted + " bytes, the file has " + present + ": download it again");
  }

  /** What is wrong, as a constant. */
  public UnfitReason reason() {
    return reason;
  }
}
