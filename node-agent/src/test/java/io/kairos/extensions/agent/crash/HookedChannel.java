package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.FileStep.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/** An open file, or folder, behind the hook. */
final class HookedChannel extends FileChannel {
  private final FileChannel real;
  private final Path path;
  private final FileHook hook;

  HookedChannel(FileChannel real, Path path, FileHook hook) {
    this.real = real;
    this.path = path;
    this.hook = hook;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    hook.read();
    return real.read(target);
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    hook.read();
    return real.read(targets, offset, length);
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    hook.read();
    return real.read(target, position);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    return hook.change(FileStep.of(Kind.WRITE, path), () -> real.write(source));
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    return hook.change(FileStep.of(Kind.WRITE, path), () -> real.write(sources, offset, length));
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    return hook.change(FileStep.of(Kind.WRITE, path), () -> real.write(source, position));
  }

  @Override
  public long position() throws IOException {
    return real.position();
  }

  @Override
  public FileChannel position(long position) throws IOException {
    FileChannel unused = real.position(position);
    return this;
  }

  @Override
  public long size() throws IOException {
    hook.read();
    return real.size();
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    return hook.change(
        FileStep.of(Kind.WRITE, path),
        () -> {
          FileChannel unused = real.truncate(size);
          return this;
        });
  }

  @Override
  public void force(boolean metaData) throws IOException {
    Object unused =
        hook.change(
            FileStep.of(Kind.SYNC, path),
            () -> {
              if (hook.syncs()) {
                real.force(metaData);
              }
              return path;
            });
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    hook.read();
    return real.transferTo(position, count, target);
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long position, long count)
      throws IOException {
    return hook.change(
        FileStep.of(Kind.WRITE, path), () -> real.transferFrom(source, position, count));
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
    if (mode != MapMode.READ_ONLY) {
      throw new UnsupportedOperationException("what is written through memory is no step");
    }
    hook.read();
    return real.map(mode, position, size);
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) throws IOException {
    return real.lock(position, size, shared);
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    return real.tryLock(position, size, shared);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    real.close();
  }
}
