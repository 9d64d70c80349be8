package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.FileStep.Kind;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * Knows what a loss of power may leave of a folder, and makes it so.
 *
 * <p>It is told every change, and keeps two trees: what programs see, and what is durable. A change
 * of names waits until a sync makes it durable; a file's bytes wait for a sync of that file. When
 * the power goes, each change that waits may have reached the disk or not:
 *
 * <ul>
 *   <li>{@link Promise#POSIX}: nothing is promised but what was asked for. A sync of a folder makes
 *       the names in that folder durable, one of a file its bytes, and neither anything else; what
 *       waits survives in any combination. A rename is one change, and changes of one and the same
 *       name stay in order: every file system in use keeps that.
 *   <li>{@link Promise#JOURNAL}: changes of names reach the disk in order, and each sync takes all
 *       that were made before along, as the journals of ext4 and xfs do.
 * </ul>
 *
 * <p>In both, bytes that were not synced may be missing though the name is there: an empty file, a
 * part of it, or the right length with zeros in it.
 */
final class DurableFolder {
  /** What a file system promises of changes that were not synced. */
  enum Promise {
    POSIX,
    JOURNAL
  }

  private sealed interface Node permits Folder, Bytes, Link {}

  /** A folder: its names as programs see them, and those that are durable. */
  private static final class Folder implements Node {
    private final Map<String, Node> now = new TreeMap<>();
    private final Map<String, Node> durable = new TreeMap<>();
  }

  /** A file. */
  private static final class Bytes implements Node {
    private byte[] now;
    private byte[] durable;

    Bytes(byte[] now, byte[] durable) {
      this.now = now;
      this.durable = durable;
    }
  }

  private record Link(Path target, Object identity) implements Node {}

  /** A name gets another meaning, or none. */
  private record Put(Folder folder, String name, Optional<Node> node) {
    boolean isOfSameName(Put other) {
      return folder == other.folder && name.equals(other.name);
    }
  }

  /** A change of names: of two for a rename. */
  private static final class Change {
    private final List<Put> puts;

    Change(List<Put> puts) {
      this.puts = puts;
    }

    boolean touches(Folder folder) {
      return puts.stream().anyMatch(put -> put.folder() == folder);
    }

    boolean overlaps(Change other) {
      return puts.stream().anyMatch(put -> other.puts.stream().anyMatch(put::isOfSameName));
    }
  }

  private final Path root;
  private final Promise promise;
  private final Folder top = new Folder();
  private final List<Change> waiting = new ArrayList<>();

  /** Everything that is there by now is durable. */
  DurableFolder(Path root, Promise promise) throws IOException {
    this.root = root;
    this.promise = promise;
    load(top, root, new HashMap<>());
  }

  private static void load(Folder folder, Path path, Map<Object, Node> known) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        Object key = Files.getAttribute(entry, "unix:ino", LinkOption.NOFOLLOW_LINKS);
        Node node = known.get(key);
        if (node == null) {
          node = load(entry);
          known.put(key, node);
        }
        folder.now.put(entry.getFileName().toString(), node);
        if (node instanceof Folder below) {
          load(below, entry, known);
        }
      }
    }
    folder.durable.putAll(folder.now);
  }

  private static Node load(Path entry) throws IOException {
    if (Files.isSymbolicLink(entry)) {
      return new Link(Files.readSymbolicLink(entry), new Object());
    }
    if (Files.isDirectory(entry)) {
      return new Folder();
    }
    byte[] content = Files.readAllBytes(entry);
    return new Bytes(content, content);
  }

  boolean covers(Path path) {
    return path.startsWith(root);
  }

  /**
   * A change was made.
   *
   * @param step below this folder
   */
  void made(FileStep step) throws IOException {
    switch (step.kind()) {
      case CREATE -> change(put(step.path(), Optional.of(new Bytes(new byte[0], new byte[0]))));
      case MAKE_FOLDER -> change(put(step.path(), Optional.of(new Folder())));
      case MAKE_LINK ->
          change(
              put(
                  step.path(),
                  Optional.of(new Link(Files.readSymbolicLink(step.path()), new Object()))));
      case MAKE_HARD_LINK -> change(put(step.path(), node(step.from().orElseThrow())));
      case RENAME -> {
        Path from = step.from().orElseThrow();
        Optional<Node> node = node(from);
        change(put(from, Optional.empty()), put(step.path(), node));
      }
      case DELETE -> change(put(step.path(), Optional.empty()));
      case WRITE -> {
        if (node(step.path()).orElse(null) instanceof Bytes file) {
          file.now = Files.readAllBytes(step.path());
        }
      }
      case SYNC -> synced(step.path());
    }
    if (step.kind() == Kind.CREATE && Files.size(step.path()) > 0) {
      throw new IllegalStateException(step + " came with bytes in it");
    }
  }

  private void synced(Path path) {
    Node node = path.equals(root) ? top : node(path).orElseThrow();
    if (node instanceof Bytes file) {
      file.durable = file.now;
    }
    if (promise == Promise.JOURNAL) {
      persist(waiting);
    } else if (node instanceof Folder folder) {
      persist(waiting.stream().filter(change -> change.touches(folder)).toList());
    }
  }

  /** Makes changes durable, and what has to come before them. */
  private void persist(List<Change> changes) {
    Set<Change> chosen = new HashSet<>(changes);
    for (int i = waiting.size() - 1; i >= 0; i--) {
      Change earlier = waiting.get(i);
      List<Change> later = waiting.subList(i + 1, waiting.size());
      if (later.stream().anyMatch(change -> chosen.contains(change) && change.overlaps(earlier))) {
        chosen.add(earlier);
      }
    }
    for (Change change : List.copyOf(waiting)) {
      if (chosen.contains(change)) {
        change.puts.forEach(
            put ->
                put.node()
                    .ifPresentOrElse(
                        node -> put.folder().durable.put(put.name(), node),
                        () -> put.folder().durable.remove(put.name())));
        waiting.remove(change);
      }
    }
  }

  private void change(Put... puts) {
    for (Put put : puts) {
      put.node()
          .ifPresentOrElse(
              node -> put.folder().now.put(put.name(), node),
              () -> put.folder().now.remove(put.name()));
    }
    waiting.add(new Change(List.of(puts)));
  }

  private Put put(Path path, Optional<Node> node) {
    Node parent = path.getParent().equals(root) ? top : node(path.getParent()).orElseThrow();
    return new Put((Folder) parent, path.getFileName().toString(), node);
  }

  private Optional<Node> node(Path path) {
    Node at = top;
    for (Path name : root.relativize(path)) {
      Node next = at instanceof Folder folder ? folder.now.get(name.toString()) : null;
      if (next == null) {
        return Optional.empty();
      }
      at = next;
    }
    return Optional.of(at);
  }

  /**
   * The power goes: the folder is now what the disk had. Entries that are as they were keep their
   * inodes.
   *
   * @param random decides what of the changes that waited had reached the disk
   */
  void losePower(Random random) throws IOException {
    List<Change> reached = new ArrayList<>();
    switch (random.nextInt(4)) {
      case 0 -> {} // nothing had
      case 1 -> reached.addAll(waiting);
      default -> {
        if (promise == Promise.JOURNAL) {
          reached.addAll(waiting.subList(0, random.nextInt(waiting.size() + 1)));
        } else {
          waiting.stream().filter(change -> random.nextBoolean()).forEach(reached::add);
        }
      }
    }
    persist(reached);
    waiting.clear();
    settle(top, random, new HashSet<>());
    realize(top, root, new HashMap<>());
  }

  private static void settle(Folder folder, Random random, Set<Node> seen) {
    folder.now.clear();
    folder.now.putAll(folder.durable);
    for (Node node : folder.durable.values()) {
      if (!seen.add(node)) {
        continue;
      }
      if (node instanceof Folder below) {
        settle(below, random, seen);
      } else if (node instanceof Bytes file && !Arrays.equals(file.now, file.durable)) {
        file.durable = torn(file, random);
        file.now = file.durable;
      }
    }
  }

  private static byte[] torn(Bytes file, Random random) {
    int whole = file.now.length;
    int part = whole == 0 ? 0 : random.nextInt(whole);
    return switch (random.nextInt(4)) {
      case 0 -> file.durable;
      case 1 -> file.now;
      case 2 -> Arrays.copyOf(file.now, part);
      default -> Arrays.copyOf(Arrays.copyOf(file.now, part), whole);
    };
  }

  private static void realize(Folder folder, Path path, Map<Node, Path> made) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (!isAsItShould(entry, Optional.ofNullable(folder.durable.get(name)))) {
          delete(entry);
        }
      }
    }
    for (Map.Entry<String, Node> entry : folder.durable.entrySet()) {
      Path place = path.resolve(entry.getKey());
      Node node = entry.getValue();
      boolean missing = !Files.exists(place, LinkOption.NOFOLLOW_LINKS);
      if (node instanceof Folder below) {
        if (missing) {
          Files.createDirectory(place);
        }
        realize(below, place, made);
      } else if (node instanceof Link link && missing) {
        Files.createSymbolicLink(place, link.target());
      } else if (node instanceof Bytes file) {
        Path other = made.putIfAbsent(node, place);
        if (other != null && (missing || !Files.isSameFile(place, other))) {
          Files.deleteIfExists(place);
          Files.createLink(place, other);
        } else if (missing) {
          Files.write(place, file.durable);
        }
      }
    }
  }

  private static boolean isAsItShould(Path entry, Optional<Node> node) throws IOException {
    if (node.isEmpty()) {
      return false;
    }
    if (Files.isSymbolicLink(entry)) {
      return node.get() instanceof Link link && Files.readSymbolicLink(entry).equals(link.target());
    }
    if (Files.isDirectory(entry)) {
      return node.get() instanceof Folder;
    }
    return node.get() instanceof Bytes file
        && Arrays.equals(Files.readAllBytes(entry), file.durable);
  }

  private static void delete(Path entry) throws IOException {
    if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> below = Files.newDirectoryStream(entry)) {
        for (Path one : below) {
          delete(one);
        }
      }
    }
    Files.delete(entry);
  }
}
