package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Optional;

/**
 * The file system of a usr partition, mounted where systemd mounts it: alone under {@code /usr}.
 */
final class UsrFileSystem implements FileSystem {
  /** No file system's own reference: they are below 2⁶³. */
  private static final long ROOT = -1;

  private final FileSystem usr;

  UsrFileSystem(FileSystem usr) {
    this.usr = usr;
  }

  @Override
  public long root() {
    return ROOT;
  }

  @Override
  public Entry entry(long reference) throws IOException {
    return reference == ROOT ? new Entry(FileType.DIRECTORY, 0, ROOT) : usr.entry(reference);
  }

  @Override
  public void scan(Entry directory, Names names) throws IOException {
    if (directory.reference() != ROOT) {
      usr.scan(directory, names);
    } else {
      names.next("usr", FileType.DIRECTORY, usr.root());
    }
  }

  @Override
  public byte[] read(Entry file) throws IOException {
    return usr.read(file);
  }

  @Override
  public String target(Entry link) throws IOException {
    return usr.target(link);
  }

  @Override
  public Optional<byte[]> userAttribute(Entry entry, String name) throws IOException {
    return entry.reference() == ROOT ? Optional.empty() : usr.userAttribute(entry, name);
  }
}
