package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;

/** FIFOs: whoever opens one waits for somebody at its other end, for ever if nobody comes. */
public final class Fifos {
  private Fifos() {}

  /** Makes one, by the system's own tool. */
  public static Path make(Path place) throws IOException, InterruptedException {
    Process made = new ProcessBuilder("mkfifo", place.toString()).inheritIO().start();
    assertThat(made.waitFor()).isZero();
    return place;
  }
}
