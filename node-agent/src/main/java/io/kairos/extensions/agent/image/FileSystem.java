package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Optional;

/** What is needed of a read-only file system; paths and links are {@link ImageTree}'s business. */
interface FileSystem {
  /** More than 100,000 names; larger directories are refused. */
  int LARGEST_DIRECTORY = 16 << 20;

  /** The kernel's PATH_MAX. */
  int LONGEST_TARGET = 4096;

  /** The reference of the root directory. */
  long root();

  /** The entry behind a reference. */
  Entry entry(long reference) throws IOException;

  /** Shows the names of a directory, without {@code .} and {@code ..}, until one is enough. */
  void scan(Entry directory, Names names) throws IOException;

  /** The bytes of a regular file of at most {@link ImageBytes#LARGEST_READ} bytes. */
  byte[] read(Entry file) throws IOException;

  /** Where a symbolic link points. */
  String target(Entry link) throws IOException;

  /** An extended attribute of the {@code user.} namespace, by its name without that prefix. */
  Optional<byte[]> userAttribute(Entry entry, String name) throws IOException;

  /** Takes the names of a directory. */
  interface Names {
    /** Returns whether to go on. */
    boolean next(String name, FileType type, long reference) throws IOException;
  }

  /** Refuses names that could lead a path elsewhere. */
  static String checkedName(String name) throws ImageException {
    boolean dots = name.equals(".") || name.equals("..");
    if (name.isEmpty() || dots || name.indexOf('/') >= 0 || name.indexOf(0) >= 0) {
      throw ImageException.corrupt("a directory has the name " + Printable.quoted(name));
    }
    return name;
  }
}
