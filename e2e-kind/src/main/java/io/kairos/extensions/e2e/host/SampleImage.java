package io.kairos.extensions.e2e.host;

import java.nio.file.Path;

/**
 * An extension image on this machine's disk.
 *
 * @param name the extension's name
 * @param version its version
 * @param path the file
 * @param sha256 the file's digest, in lower-case hex
 * @param size the file's size in bytes
 */
public record SampleImage(String name, String version, Path path, String sha256, long size) {}
