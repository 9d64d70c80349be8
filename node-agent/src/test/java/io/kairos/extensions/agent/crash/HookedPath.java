package io.kairos.extensions.agent.crash;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Iterator;

/**
 * An absolute path of a {@link HookedFileSystem}.
 *
 * @param fileSystem whose
 * @param real the same path of the real file system
 */
record HookedPath(HookedFileSystem fileSystem, Path real) implements Path {

  private Path hooked(Path path) {
    return path.isAbsolute() ? new HookedPath(fileSystem, path) : path;
  }

  @Override
  public FileSystem getFileSystem() {
    return fileSystem;
  }

  @Override
  public boolean isAbsolute() {
    return true;
  }

  @Override
  public Path getRoot() {
    return hooked(real.getRoot());
  }

  @Override
  public Path getFileName() {
    return real.getFileName();
  }

  @Override
  public Path getParent() {
    Path parent = real.getParent();
    return parent == null ? null : hooked(parent);
  }

  @Override
  public int getNameCount() {
    return real.getNameCount();
  }

  @Override
  public Path getName(int index) {
    return real.getName(index);
  }

  @Override
  public Path subpath(int begin, int end) {
    return real.subpath(begin, end);
  }

  @Override
  public boolean startsWith(Path other) {
    return real.startsWith(HookedFileSystem.real(other));
  }

  @Override
  public boolean endsWith(Path other) {
    return real.endsWith(HookedFileSystem.real(other));
  }

  @Override
  public Path normalize() {
    return hooked(real.normalize());
  }

  @Override
  public Path resolve(Path other) {
    return hooked(real.resolve(HookedFileSystem.real(other)));
  }

  @Override
  public Path relativize(Path other) {
    return real.relativize(HookedFileSystem.real(other));
  }

  @Override
  public URI toUri() {
    return real.toUri();
  }

  @Override
  public Path toAbsolutePath() {
    return this;
  }

  @Override
  public Path toRealPath(LinkOption... options) throws IOException {
    return hooked(real.toRealPath(options));
  }

  @Override
  public File toFile() {
    return real.toFile();
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers)
      throws IOException {
    return real.register(watcher, events, modifiers);
  }

  @Override
  public WatchKey register(WatchService watcher, WatchEvent.Kind<?>... events) throws IOException {
    return real.register(watcher, events);
  }

  @Override
  public Iterator<Path> iterator() {
    return real.iterator();
  }

  @Override
  public int compareTo(Path other) {
    return real.compareTo(HookedFileSystem.real(other));
  }

  @Override
  public String toString() {
    return real.toString();
  }
}
