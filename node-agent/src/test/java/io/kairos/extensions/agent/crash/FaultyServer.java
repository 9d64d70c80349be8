package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.fetch.ScriptedServer;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Serves the samples to every run, as badly as the run's faults say; carries downloads on. */
final class FaultyServer implements AutoCloseable {
  private static final int PIECE = 8 * 1024;
  private static final int STALL_SECONDS = 20;

  private final ScriptedServer server;
  private final Map<String, Faults> runs = new ConcurrentHashMap<>();

  FaultyServer() throws IOException {
    server = new ScriptedServer(this::answer);
  }

  void add(String run, Faults faults) {
    runs.put(run, faults);
  }

  void remove(String run) {
    runs.remove(run);
  }

  String url(String run, Sample sample) {
    return server.url("/" + run + "/" + sample);
  }

  private void answer(ScriptedServer.Request request, OutputStream out)
      throws IOException, InterruptedException {
    String[] path = request.path().split("/", -1);
    byte[] body = Sample.valueOf(path[2]).bytes();
    String tag = "\"" + path[2] + "\"";
    Optional<Faults.Network> fault =
        Optional.ofNullable(runs.get(path[1])).flatMap(Faults::network);
    if (fault.isPresent() && fault.get() == Faults.Network.ERROR_500) {
      ScriptedServer.head(out, "500 Internal Server Error", "Content-Length: 0");
      return;
    }
    if (fault.isPresent() && fault.get() == Faults.Network.EMPTY) {
      ScriptedServer.head(out, "200 OK", "Content-Length: 0");
      return;
    }
    String range = request.header("Range");
    int from =
        range.startsWith("bytes=") && request.header("If-Range").equals(tag)
            ? Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')))
            : 0;
    int end = body.length;
    if (from > 0) {
      ScriptedServer.head(
          out,
          "206 Partial Content",
          "ETag: " + tag,
          "Content-Range: bytes " + from + "-" + (end - 1) + "/" + end,
          "Content-Length: " + (end - from));
    } else {
      ScriptedServer.head(out, "200 OK", "ETag: " + tag, "Content-Length: " + end);
    }
    if (fault.isPresent()) {
      int half = from + (end - from) / 2;
      switch (fault.get()) {
        case CORRUPTED -> body[half] ^= 1;
        case RESET, TRUNCATED, STALLED -> end = half;
        default -> throw new IllegalStateException("dealt with above: " + fault);
      }
    }
    for (int at = from; at < end; at += PIECE) {
      out.write(body, at, Math.min(PIECE, end - at));
      out.flush();
    }
    if (fault.isPresent() && fault.get() == Faults.Network.RESET) {
      throw new ScriptedServer.Reset();
    } else if (fault.isPresent() && fault.get() == Faults.Network.STALLED) {
      TimeUnit.SECONDS.sleep(STALL_SECONDS);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
