package io.kairos.extensions.agent.crash;

import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Set;

/**
 * The real file system with a hook before every access. A program that is given a {@link #path} of
 * it, and nothing else, works on real files, and cannot get round the hook: {@code java.nio.file}
 * is the seam, so that the program needs none of its own.
 *
 * <p>Only absolute paths are of this file system. What a path tells of itself in relation to
 * another, its file name for one, is an ordinary relative path, so that both kinds mix as a program
 * under test mixes them.
 */
public final class HookedFileSystem extends FileSystem {
  static final FileSystem REAL = FileSystems.getDefault();

  private final HookedProvider provider;

  /** With a hook. */
  public HookedFileSystem(FileHook hook) {
    provider = new HookedProvider(this, hook);
  }

  /** An absolute path of the real file system, behind the hook. */
  public Path path(Path real) {
    return new HookedPath(this, real.toAbsolutePath());
  }

  /** The path without the hook. */
  static Path real(Path path) {
    return path instanceof HookedPath hooked ? hooked.real() : path;
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public Path getPath(String first, String... more) {
    Path path = REAL.getPath(first, more);
    return path.isAbsolute() ? path(path) : path;
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("as of the real one");
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return REAL.getSeparator();
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return REAL.getRootDirectories();
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return REAL.getFileStores();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return REAL.supportedFileAttributeViews();
  }

  @Override
  public PathMatcher getPathMatcher(String pattern) {
    PathMatcher matcher = REAL.getPathMatcher(pattern);
    return path -> matcher.matches(real(path));
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    return REAL.getUserPrincipalLookupService();
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException("paths register with a service of the real one");
  }
}
