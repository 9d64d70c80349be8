package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.fetch.Images;

/** The images of the runs. They differ in nothing but their length, so each fits every name. */
enum Sample {
  ONE(1),
  TWO(2),
  THREE(3),
  OTHER(4),
  /** In effect all the while. */
  WITNESS(5),
  /** Somebody else's. */
  THEIRS(6),
  /** Merges, and its service does not come up. */
  ILL(7),
  /** Passes inspection, and does not merge. */
  UNMERGEABLE(8);

  private final int version;
  private final String sha256;

  Sample(int version) {
    this.version = version;
    this.sha256 = Images.sha256(Images.demo(version));
  }

  byte[] bytes() {
    return Images.demo(version);
  }

  String sha256() {
    return sha256;
  }
}
