package io.kairos.extensions.agent.image;

/**
 * One logical cluster of a compressed EROFS file, as its index tells.
 *
 * @param number which of the file's clusters
 * @param type a head begins an extent, anything else continues one
 * @param offset of a head: where in the cluster its extent begins
 * @param back of another: how many clusters back its head lies
 * @param blocks of the first behind a head: how many blocks the extent has on disk, or 0
 * @param block of a head: the first block on disk
 * @param partial whether the block decodes to more than this extent
 * @param next where the index goes on behind this entry, in bytes from the image's start
 */
record ErofsCluster(
    long number,
    Type type,
    int offset,
    int back,
    int blocks,
    long block,
    boolean partial,
    long next) {

  /** By number. */
  enum Type {
    PLAIN,
    HEAD,
    CONTINUED,
    SECOND_HEAD;

    static Type of(int number) {
      return values()[number & 3];
    }
  }

  boolean isHead() {
    return type != Type.CONTINUED;
  }
}
