package io.kairos.extensions.agent.image;

/**
 * A file, directory or link in an image.
 *
 * @param type what it is
 * @param size in bytes, of a regular file; of other types meaningless
 * @param reference where the file system keeps it: the same for two names of one file
 */
public record Entry(FileType type, long size, long reference) {}
