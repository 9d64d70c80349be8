package io.kairos.extensions.agent.crash;

import static io.kairos.extensions.agent.crash.HookedFileSystem.real;

import io.kairos.extensions.agent.crash.FileStep.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/** Does what the real file system does, after the hook. */
final class HookedProvider extends FileSystemProvider {
  private final HookedFileSystem fileSystem;
  private final FileHook hook;

  HookedProvider(HookedFileSystem fileSystem, FileHook hook) {
    this.fileSystem = fileSystem;
    this.hook = hook;
  }

  private <T> T change(FileStep step, FileHook.Effect<T> effect) throws IOException {
    return hook.change(step, effect);
  }

  private void change(FileStep step, Change change) throws IOException {
    Object unused =
        hook.change(
            step,
            () -> {
              change.run();
              return step;
            });
  }

  private interface Change {
    void run() throws IOException;
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    boolean writes =
        options.contains(StandardOpenOption.WRITE) || options.contains(StandardOpenOption.APPEND);
    boolean isNew = writes && !Files.exists(real(path), LinkOption.NOFOLLOW_LINKS);
    FileHook.Effect<FileChannel> open = () -> FileChannel.open(real(path), options, attributes);
    FileChannel channel;
    if (isNew) {
      channel = change(FileStep.of(Kind.CREATE, real(path)), open);
    } else if (writes && options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
      channel = change(FileStep.of(Kind.WRITE, real(path)), open);
    } else {
      hook.read();
      channel = open.run();
    }
    return new HookedChannel(channel, real(path), hook);
  }

  @Override
  public InputStream newInputStream(Path path, OpenOption... options) throws IOException {
    hook.read();
    return Files.newInputStream(real(path), options);
  }

  @Override
  @SuppressWarnings("StreamResourceLeak") // it is closed with the one that is returned
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    hook.read();
    DirectoryStream<Path> stream =
        Files.newDirectoryStream(real(folder), entry -> filter.accept(fileSystem.path(entry)));
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        Iterator<Path> entries = stream.iterator();
        return new Iterator<>() {
          @Override
          public boolean hasNext() {
            return entries.hasNext();
          }

          @Override
          public Path next() {
            return fileSystem.path(entries.next());
          }
        };
      }

      @Override
      public void close() throws IOException {
        stream.close();
      }
    };
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
    if (Files.exists(real(folder), LinkOption.NOFOLLOW_LINKS)
        || !Files.exists(real(folder).getParent())) {
      hook.read();
      Files.createDirectory(real(folder), attributes); // and says what is there, or is not
      return;
    }
    change(
        FileStep.of(Kind.MAKE_FOLDER, real(folder)),
        () -> {
          Files.createDirectory(real(folder), attributes);
        });
  }

  @Override
  public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes)
      throws IOException {
    change(
        FileStep.of(Kind.MAKE_LINK, real(link), real(target)),
        () -> {
          Files.createSymbolicLink(real(link), real(target), attributes);
        });
  }

  @Override
  public void createLink(Path link, Path existing) throws IOException {
    change(
        FileStep.of(Kind.MAKE_HARD_LINK, real(link), real(existing)),
        () -> {
          Files.createLink(real(link), real(existing));
        });
  }

  @Override
  public Path readSymbolicLink(Path link) throws IOException {
    hook.read();
    return Files.readSymbolicLink(real(link));
  }

  @Override
  public void delete(Path path) throws IOException {
    if (!Files.exists(real(path), LinkOption.NOFOLLOW_LINKS)) {
      hook.read();
      Files.delete(real(path)); // and says that it is not there
      return;
    }
    change(
        FileStep.of(Kind.DELETE, real(path)),
        () -> {
          Files.delete(real(path));
        });
  }

  /** Of a regular file, over what is there; it is more than one step, and may end between two. */
  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    hook.read();
    byte[] content = Files.readAllBytes(real(source));
    if (Files.exists(real(target), LinkOption.NOFOLLOW_LINKS)) {
      delete(target);
    }
    try (FileChannel copy =
        newFileChannel(target, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
      ByteBuffer left = ByteBuffer.wrap(content);
      while (left.hasRemaining()) {
        int unused = copy.write(left);
      }
    }
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    change(
        FileStep.of(Kind.RENAME, real(target), real(source)),
        () -> {
          Files.move(real(source), real(target), options);
        });
  }

  @Override
  public boolean isSameFile(Path one, Path other) throws IOException {
    hook.read();
    return Files.isSameFile(real(one), real(other));
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    return Files.isHidden(real(path));
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    return Files.getFileStore(real(path));
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    hook.read();
    HookedFileSystem.REAL.provider().checkAccess(real(path), modes);
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return Files.getFileAttributeView(real(path), type, options);
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    hook.look(real(path));
    return Files.readAttributes(real(path), type, options);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    hook.look(real(path));
    return Files.readAttributes(real(path), names, options);
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options) {
    throw new UnsupportedOperationException("no step of an agent");
  }

  @Override
  public String getScheme() {
    return "hooked";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> settings) {
    throw new UnsupportedOperationException("made by its constructor");
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return fileSystem;
  }

  @Override
  public Path getPath(URI uri) {
    return fileSystem.path(Path.of(uri));
  }
}
