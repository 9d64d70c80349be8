package io.kairos.extensions.agent.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The body of an answer as it comes. Unlike the JDK's own of that kind (before JDK 20) it does not
 * swallow the interrupt of a thread that waits for bytes, so a download can be abandoned.
 *
 * <p>One thread reads; any thread may close.
 */
final class Body extends InputStream implements HttpResponse.BodySubscriber<InputStream> {
  /** Pieces asked for ahead: enough to keep the line busy, too few to fill memory. */
  private static final int AHEAD = 16;

  private static final Piece END = new Piece(List.of(), true);

  private final BlockingQueue<Piece> arrived = new LinkedBlockingQueue<>();
  private final Deque<ByteBuffer> current = new ArrayDeque<>();
  private Flow.Subscription subscription;
  private boolean ended;
  private volatile Throwable failure;
  private volatile boolean closed;

  /** What came at once, or word that no more will come. */
  private record Piece(List<ByteBuffer> bytes, boolean last) {}

  @Override
  public CompletionStage<InputStream> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription offered) {
    synchronized (this) {
      if (subscription == null && !closed) {
        subscription = offered;
        offered.request(AHEAD);
        return;
      }
    }
    offered.cancel();
  }

  @Override
  public void onNext(List<ByteBuffer> item) {
    arrived.add(new Piece(item, false));
  }

  @Override
  public void onError(Throwable why) {
    failure = why;
    arrived.add(END);
  }

  @Override
  public void onComplete() {
    arrived.add(END);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!awaitBytes()) {
      return -1;
    }
    int n = 0;
    while (n < length && !current.isEmpty()) {
      ByteBuffer head = current.getFirst();
      int some = Math.min(length - n, head.remaining());
      head.get(bytes, offset + n, some);
      n += some;
      if (!head.hasRemaining()) {
        current.removeFirst();
      }
    }
    return n;
  }

  /** Whether there are any before the end. */
  private boolean awaitBytes() throws IOException {
    while (current.isEmpty() && !ended) {
      Piece next;
      try {
        next = arrived.take();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      }
      if (next.last()) {
        ended = true;
      } else {
        next.bytes().stream().filter(ByteBuffer::hasRemaining).forEach(current::add);
        more();
      }
    }
    if (closed) {
      throw new IOException("closed");
    }
    if (current.isEmpty() && failure != null) {
      throw new IOException(String.valueOf(failure.getMessage()), failure);
    }
    return !current.isEmpty();
  }

  private synchronized void more() {
    if (subscription != null) {
      subscription.request(1);
    }
  }

  @Override
  public void close() {
    Flow.Subscription open;
    synchronized (this) {
      closed = true;
      open = subscription;
    }
    arrived.add(END);
    if (open != null) {
      open.cancel();
    }
  }
}
