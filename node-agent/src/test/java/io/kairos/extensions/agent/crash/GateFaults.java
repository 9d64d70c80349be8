package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.FileStep.Kind;
import io.kairos.extensions.agent.host.HostException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What goes wrong at a {@link StepGate}, beside that the process is killed there. Whoever is
 * outside orders it, and is told, by files of the gate's folder:
 *
 * <ul>
 *   <li>{@code faults}: one a line, as {@code 7 EIO 12}: a number of its own, which {@link Fault},
 *       and how many of its occasions pass before it strikes, once.
 *   <li>{@code noticed}: a line for each that struck, its number first, and one for everything else
 *       that failed on this host; all lives of the agent add to it.
 * </ul>
 */
final class GateFaults {
  /** What may go wrong. */
  enum Fault {
    /** A change that takes room fails. */
    ENOSPC,
    /** A change of the disk fails. */
    EIO,
    /** A command or question to the host is not answered, and has no effect. */
    UNANSWERED,
    /** It has its effect, and the answer is lost. */
    ANSWER_LOST,
    /** A refresh is refused. */
    REFUSED
  }

  private record Order(String id, Fault fault, int passes) {
    static Order parse(String line) {
      String[] words = line.split(" ", -1);
      return new Order(words[0], Fault.valueOf(words[1]), Integer.parseInt(words[2]));
    }
  }

  private final Path folder;
  private final Map<String, Integer> passed = new HashMap<>();

  /** In the gate's folder. */
  GateFaults(Path folder) {
    this.folder = folder;
  }

  /** For a change of the file system; it has no effect then. */
  synchronized Optional<IOException> disk(FileStep step, String name, boolean inMemory) {
    boolean takesRoom = step.kind() != Kind.DELETE && step.kind() != Kind.SYNC;
    if (inMemory && !takesRoom) {
      return Optional.empty();
    }
    Set<Fault> possible = new HashSet<>();
    if (takesRoom) {
      possible.add(Fault.ENOSPC);
    }
    if (!inMemory) {
      possible.add(Fault.EIO);
    }
    return strikes(possible, name)
        .map(
            fault ->
                new FileSystemException(
                    step.path().toString(),
                    null,
                    fault == Fault.EIO ? "Input/output error" : "No space left on device"));
  }

  /** For a refresh, whether the host refuses it. */
  boolean refuses(String name) {
    return strikes(Set.of(Fault.REFUSED), name).isPresent();
  }

  /** A command or question to the host. */
  <T> T ask(String name, Machine.Call<T, HostException> call) throws HostException {
    Optional<Fault> fault = strikes(Set.of(Fault.UNANSWERED, Fault.ANSWER_LOST), name);
    if (fault.isEmpty()) {
      try {
        return call.run();
      } catch (HostException e) {
        note("- " + name + ": " + e.getMessage());
        throw e;
      }
    }
    if (fault.get() == Fault.ANSWER_LOST) {
      Object unused = call.run();
    }
    throw new HostException("the bus did not answer");
  }

  /** A change of the file system failed by itself. */
  void failed(String name, IOException failure) {
    if (!(failure instanceof NoSuchFileException)
        && !(failure instanceof FileAlreadyExistsException)) {
      note("- " + name + ": " + failure.getMessage());
    }
  }

  /** Something that whoever is outside may want to know. */
  synchronized void note(String what) {
    try {
      Files.writeString(
          folder.resolve("noticed"),
          what.replace('\n', ';') + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized Optional<Fault> strikes(Set<Fault> possible, String name) {
    List<Order> orders = lines("faults").stream().map(Order::parse).toList();
    if (orders.isEmpty()) {
      return Optional.empty();
    }
    Set<String> struck = new HashSet<>();
    lines("noticed").forEach(line -> struck.add(line.substring(0, line.indexOf(' '))));
    for (Order order : orders) {
      if (possible.contains(order.fault())
          && !struck.contains(order.id())
          && passed.merge(order.id(), 1, Integer::sum) > order.passes()) {
        note(order.id() + " " + order.fault() + " at " + name);
        return Optional.of(order.fault());
      }
    }
    return Optional.empty();
  }

  private List<String> lines(String file) {
    try {
      return Files.readAllLines(folder.resolve(file));
    } catch (NoSuchFileException none) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
