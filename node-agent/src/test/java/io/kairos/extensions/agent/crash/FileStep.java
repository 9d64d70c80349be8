package io.kairos.extensions.agent.crash;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One change that a program asks of the file system.
 *
 * @param kind what is done
 * @param path to what; the new name where something gets another one
 * @param from the name before, of a rename; the other name, of a hard link; where a link leads
 */
public record FileStep(Kind kind, Path path, Optional<Path> from) {

  /** What can be done. */
  public enum Kind {
    CREATE,
    WRITE,
    SYNC,
    MAKE_FOLDER,
    MAKE_LINK,
    MAKE_HARD_LINK,
    RENAME,
    DELETE
  }

  static FileStep of(Kind kind, Path path) {
    return new FileStep(kind, path, Optional.empty());
  }

  static FileStep of(Kind kind, Path path, Path from) {
    return new FileStep(kind, path, Optional.of(from));
  }

  @Override
  public String toString() {
    return kind + from.map(name -> " " + name + " ->").orElse("") + " " + path;
  }
}
