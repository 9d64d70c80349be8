package io.kairos.extensions.agent.crash;

import java.io.IOException;
import java.nio.file.Path;

/** Stands between a program and its file system: {@link HookedFileSystem}. */
public interface FileHook {

  /**
   * Called for each change.
   *
   * @param step the change
   * @param effect carries it out; may be left out, or called once
   * @return what the effect returned
   * @throws IOException what the program is to see
   */
  <T> T change(FileStep step, Effect<T> effect) throws IOException;

  /**
   * Whether a sync goes through to the disk. What is durable may be the hook's own business: then a
   * real one would cost time and nothing else.
   */
  default boolean syncs() {
    return false;
  }

  /** Called before each reading access. */
  void read();

  /**
   * Called before a file's attributes are read.
   *
   * @param path the file, of the real file system
   * @throws IOException what the program is to see
   */
  default void look(Path path) throws IOException {
    read();
  }

  /** A change of the real file system. */
  @FunctionalInterface
  interface Effect<T> {
    /** Carries it out. */
    T run() throws IOException;
  }
}
