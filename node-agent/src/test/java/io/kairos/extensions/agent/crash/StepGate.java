package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.CutPoint.Side;
import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Stops a whole agent process, for good, right before or right after a named step. Whoever is to
 * kill it then, or to cut its host off, is outside of the process, so they talk by files of a
 * folder:
 *
 * <ul>
 *   <li>{@code aim}: where to stop, as {@code BEFORE 6 profile link in place}. It is looked at with
 *       each step, and may come and go while the process runs.
 *   <li>{@code trace}: the steps taken, a line for each.
 *   <li>{@code struck}: where the process stands; appears once no thread of it gets any further.
 *   <li>{@code faults} and {@code noticed}: {@link GateFaults}.
 * </ul>
 */
final class StepGate implements FileHook {
  private final Path folder;
  private final StoreLayout layout;
  private final StepNames names;
  private final GateFaults faults;
  private boolean standing;

  /**
   * A gate.
   *
   * @param folder of this machine, outside of the host
   * @param layout of the real file system
   */
  StepGate(Path folder, StoreLayout layout) {
    this.folder = folder;
    this.layout = layout;
    this.names = new StepNames(layout);
    this.faults = new GateFaults(folder);
  }

  /** What goes wrong beside. */
  GateFaults faults() {
    return faults;
  }

  /** Whoever cuts the host off looks at its disk. */
  @Override
  public boolean syncs() {
    return true;
  }

  @Override
  public synchronized void read() {
    if (standing) {
      stand();
    }
  }

  @Override
  public <T> T change(FileStep step, Effect<T> effect) throws IOException {
    if (!isOfClass(step.path())) {
      read(); // of another class of extensions
      return effect.run();
    }
    String name = name(step);
    return take(
        name,
        () -> {
          Optional<IOException> fault =
              faults.disk(step, name, step.path().startsWith(layout.run()));
          if (fault.isPresent()) {
            throw fault.get();
          }
          try {
            return effect.run();
          } catch (IOException e) {
            faults.failed(name, e);
            throw e;
          }
        });
  }

  private boolean isOfClass(Path path) {
    return path.startsWith(layout.store())
        || path.startsWith(layout.run())
        || layout.profiles().stream().map(layout::profile).anyMatch(path::startsWith);
  }

  private synchronized String name(FileStep step) throws IOException {
    return names.of(step);
  }

  /** A step that is none of files. */
  <T, E extends Exception> T take(String name, Machine.Call<T, E> call) throws E {
    pass(Side.BEFORE, name);
    T result = call.run();
    pass(Side.AFTER, name);
    return result;
  }

  private synchronized void pass(Side side, String name) {
    read();
    try {
      if (side == Side.BEFORE) {
        Files.writeString(
            folder.resolve("trace"),
            name + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      }
      String here = side + " " + name;
      if (here.equals(aim())) {
        standing = true;
        Path struck = folder.resolve("struck.new");
        Files.writeString(struck, here);
        Files.move(struck, folder.resolve("struck"), StandardCopyOption.ATOMIC_MOVE);
        if (here.equals(aim())) {
          stand();
        } else { // taken back meanwhile by somebody who then saw no strike
          Files.delete(folder.resolve("struck"));
          standing = false;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String aim() throws IOException {
    try {
      return Files.readString(folder.resolve("aim")).strip();
    } catch (NoSuchFileException none) {
      return "";
    }
  }

  /** Until the process is killed: an interrupt is no way out. */
  @SuppressWarnings("WaitNotInLoop") // it is
  private synchronized void stand() {
    while (true) {
      try {
        wait();
      } catch (InterruptedException stays) {
        // it would go on otherwise, and a process that is killed does not
      }
    }
  }
}
