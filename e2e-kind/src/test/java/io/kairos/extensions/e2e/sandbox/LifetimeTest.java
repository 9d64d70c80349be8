package io.kairos.extensions.e2e.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LifetimeTest {
  private final List<String> failures = new ArrayList<>();
  private final List<String> closed = new ArrayList<>();

  @Test
  void closesWhatWasOpenedTheLastFirst() throws InterruptedException {
    assertThat(run(life -> 7)).isEqualTo(7);
    assertThat(closed).containsExactly("c", "b", "a");
    assertThat(failures).isEmpty();
  }

  @Test
  void anExceptionClosesAllTheSame() throws InterruptedException {
    assertThat(
            run(
                life -> {
                  throw new IOException("no");
                }))
        .isEqualTo(42);
    assertThat(closed).containsExactly("c", "b", "a");
  }

  @Test
  void whatCannotBeClosedIsToldAndTheRestIsClosed() throws InterruptedException {
    run(
        life -> {
          life.open(
              "stuck",
              () -> {
                throw new IOException("in use");
              });
          return 0;
        });
    assertThat(failures).containsExactly("stuck: in use");
    assertThat(closed).containsExactly("c", "b", "a");
  }

  private int run(Lifetime.Work work) throws InterruptedException {
    return new Lifetime(failures::add)
        .run(
            life -> {
              for (String name : List.of("a", "b", "c")) {
                life.open(name, () -> closed.add(name));
              }
              return work.run(life);
            },
            e -> 42);
  }
}
