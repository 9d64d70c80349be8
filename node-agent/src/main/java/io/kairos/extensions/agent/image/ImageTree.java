package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The files of an image, by paths relative to its root ({@code usr/lib/os-release}). Symbolic links
 * are followed as systemd's chase() does within a root: an absolute target starts at the image's
 * root, and {@code ..} never leads out of it. Every method throws {@link ImageException} when the
 * image turns out to be damaged, and another IOException when its file cannot be read. For one
 * thread.
 */
public final class ImageTree {
  private static final int MOST_LINKS = 32;
  private static final int LONGEST_PATH = 4096;

  /** What a walk may keep in mind; an honest one of 100,000 directories needs less. */
  private static final long MOST_KEPT_BYTES = 16 << 20;

  /** What it keeps of each directory in any case. */
  private static final int DIRECTORY_BYTES = 64;

  private final FileSystem files;

  ImageTree(FileSystem files) {
    this.files = files;
  }

  /** How a walk ended. */
  public enum WalkEnd {
    /** Every entry was shown. */
    COMPLETE,
    /** The visitor had enough. */
    STOPPED,
    /** There are more entries than the bound. */
    BOUND_REACHED
  }

  /** Takes the entries of a walk. */
  public interface Visitor {
    /**
     * One entry.
     *
     * @param path from the root, without a leading slash
     * @return whether to go on
     */
    boolean visit(String path, FileType type) throws IOException;
  }

  /** The entry at a path, all links followed; empty if there is none. */
  public Optional<Entry> resolve(String path) throws IOException {
    return follow(path, true);
  }

  /** The entry at a path, links followed up to its last part, which may itself be a link. */
  public Optional<Entry> find(String path) throws IOException {
    return follow(path, false);
  }

  /**
   * The names in a directory, unsorted.
   *
   * @param most how many at most; the rest is left out
   */
  public List<String> list(Entry directory, int most) throws IOException {
    List<String> names = new ArrayList<>();
    if (directory.type() == FileType.DIRECTORY && most > 0) {
      files.scan(
          directory,
          (name, type, reference) -> {
            names.add(name);
            return names.size() < most;
          });
    }
    return names;
  }

  /**
   * The bytes of a regular file.
   *
   * @param limit the size in bytes above which the answer is empty
   */
  public Optional<byte[]> read(Entry file, int limit) throws IOException {
    return file.type() == FileType.REGULAR && file.size() <= limit
        ? Optional.of(files.read(file))
        : Optional.empty();
  }

  /** Where a symbolic link points, as it is stored. */
  public String target(Entry link) throws IOException {
    return files.target(link);
  }

  /** The value of {@code user.NAME} of an entry. */
  public Optional<byte[]> userAttribute(Entry entry, String name) throws IOException {
    return files.userAttribute(entry, name);
  }

  /**
   * Shows everything below a path, directories before what is in them, links not followed.
   *
   * @param path of a directory; empty for the root
   * @param bound how many entries to show at most
   */
  public WalkEnd walk(String path, int bound, Visitor visitor) throws IOException {
    Optional<Entry> start = resolve(path);
    return start.isEmpty() || start.get().type() != FileType.DIRECTORY
        ? WalkEnd.COMPLETE
        : new Walk(bound, visitor).run(path, start.get().reference());
  }

  private Optional<Entry> follow(String path, boolean lastToo) throws IOException {
    Deque<Entry> parents = new ArrayDeque<>();
    parents.push(files.entry(files.root()));
    Deque<String> rest = new ArrayDeque<>();
    pushParts(path, rest);
    int links = 0;
    while (!rest.isEmpty()) {
      String part = rest.pop();
      if (part.equals("..")) {
        if (parents.size() > 1) {
          parents.pop();
        }
        continue;
      }
      Optional<Entry> found = child(parents.peek(), part);
      if (found.isEmpty()) {
        return Optional.empty();
      }
      Entry entry = found.get();
      if (entry.type() != FileType.SYMLINK || (rest.isEmpty() && !lastToo)) {
        parents.push(entry);
        continue;
      }
      if (++links > MOST_LINKS) {
        throw ImageException.corrupt(Printable.quoted(path) + " leads through too many links");
      }
      String target = files.target(entry);
      if (target.startsWith("/")) {
        while (parents.size() > 1) {
          parents.pop();
        }
      }
      pushParts(target, rest);
    }
    return Optional.of(parents.peek());
  }

  private static void pushParts(String path, Deque<String> rest) throws ImageException {
    List<String> parts =
        new ArrayList<>(
            Arrays.stream(path.split("/", -1))
                .filter(p -> !p.isEmpty() && !p.equals("."))
                .toList());
    Collections.reverse(parts);
    parts.forEach(rest::push);
    if (rest.size() > LONGEST_PATH) {
      throw ImageException.corrupt("a path is too long");
    }
  }

  private Optional<Entry> child(Entry directory, String name) throws IOException {
    if (directory.type() != FileType.DIRECTORY) {
      return Optional.empty();
    }
    Lookup lookup = new Lookup(name);
    files.scan(directory, lookup);
    return lookup.found.isPresent()
        ? Optional.of(files.entry(lookup.found.get()))
        : Optional.empty();
  }

  private static final class Lookup implements FileSystem.Names {
    private final String wanted;
    private Optional<Long> found = Optional.empty();

    private Lookup(String wanted) {
      this.wanted = wanted;
    }

    @Override
    public boolean next(String name, FileType type, long reference) {
      if (name.equals(wanted)) {
        found = Optional.of(reference);
      }
      return found.isEmpty();
    }
  }

  /** A walk: no directory is entered twice, so a loop of directories is found, not followed. */
  private final class Walk {
    private final int bound;
    private final Visitor visitor;
    private final Set<Long> entered = new HashSet<>();
    private final Deque<Pending> pending = new ArrayDeque<>();
    private int shown;
    private long kept;
    private WalkEnd end = WalkEnd.COMPLETE;

    private Walk(int bound, Visitor visitor) {
      this.bound = bound;
      this.visitor = visitor;
    }

    private WalkEnd run(String path, long start) throws IOException {
      keep(new Pending(path, start));
      while (end == WalkEnd.COMPLETE && !pending.isEmpty()) {
        Pending next = pending.pop();
        kept -= next.path.length();
        if (!entered.add(next.reference)) {
          throw ImageException.corrupt(
              "the directory " + Printable.quoted(next.path) + " is in two places");
        }
        files.scan(
            files.entry(next.reference), (name, type, at) -> show(next.path, name, type, at));
      }
      return end;
    }

    private boolean show(String parent, String name, FileType type, long reference)
        throws IOException {
      String path = parent.isEmpty() ? name : parent + "/" + name;
      if (path.length() > LONGEST_PATH) {
        throw ImageException.unsupported("a path has more than " + LONGEST_PATH + " characters");
      }
      if (shown == bound) {
        end = WalkEnd.BOUND_REACHED;
        return false;
      }
      shown++;
      if (!visitor.visit(path, type)) {
        end = WalkEnd.STOPPED;
        return false;
      }
      if (type == FileType.DIRECTORY) {
        keep(new Pending(path, reference));
      }
      return true;
    }

    private void keep(Pending directory) throws ImageException {
      kept += DIRECTORY_BYTES + directory.path.length();
      if (kept > MOST_KEPT_BYTES) {
        throw ImageException.unsupported("it has too many directories, or too long names of them");
      }
      pending.push(directory);
    }
  }

  private record Pending(String path, long reference) {}
}
