package io.kairos.extensions.agent.prove;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.kairos.extensions.agent.FakeUnits;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.RefusedException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.plan.Proved;
import io.kairos.extensions.agent.plan.Proving;
import io.kairos.extensions.agent.plan.Wanted;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ProverTest {
  private final FakeUnits units = new FakeUnits();
  private final Prover prover = new Prover(units);

  private Proved prove(List<Service> services, HealthCheck... checks) throws InterruptedException {
    return prove(true, services, checks);
  }

  private Proved prove(boolean wanted, List<Service> services, HealthCheck... checks)
      throws InterruptedException {
    return prover.prove(
        new Proving(
            Wanted.live("tool", "1"),
            Wanted.digest("tool", "1"),
            services,
            wanted,
            List.of(checks)));
  }

  private static HealthCheck.HealthCheckBuilder check() {
    return HealthCheck.builder().name("up").timeoutSeconds(1);
  }

  private static List<Service> service(ServiceAction action) {
    return List.of(new Service("tool.service", action));
  }

  private static void assertFailed(Proved outcome, String reason, String... words) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Proved.Failed.class,
            failed -> {
              assertThat(failed.reason()).isEqualTo(reason);
              assertThat(failed.message()).contains(words);
            });
  }

  @ParameterizedTest
  @EnumSource(ServiceAction.class)
  void unitFilesAreReadAnewBeforeAServiceIsDealtWith(ServiceAction action)
      throws InterruptedException {
    assertThat(prove(service(action))).isEqualTo(new Proved.Passed());
    assertThat(units.done()).containsExactly("reload", action.text() + " tool.service");
  }

  @Test
  void withoutServicesNothingIsTouched() throws InterruptedException {
    assertThat(prove(List.of())).isEqualTo(new Proved.Passed());
    assertThat(units.done()).isEmpty();
  }

  @Test
  void aServiceThatDoesNotComeUpIsSaidWithItsOwnWords() throws InterruptedException {
    units.broken("tool.service");
    assertFailed(
        prove(service(ServiceAction.RESTART)),
        Reasons.SERVICE_FAILED,
        "tool.service is failed (dead, result exit-code): it said why");
  }

  @Test
  void aServiceThatSystemdRefusesToStartIsAFault() throws InterruptedException {
    units.failsOnce(new RefusedException("Unit tool.service is masked."));
    assertFailed(
        prove(service(ServiceAction.RESTART)),
        Reasons.SERVICE_FAILED,
        "Unit tool.service is masked.");
  }

  @Test
  void aHostThatDoesNotAnswerWhileAServiceIsDealtWithSaysNothingAboutTheImage()
      throws InterruptedException {
    units.failsOnce(new HostException("the bus went away"));
    assertThat(prove(service(ServiceAction.RESTART)))
        .isEqualTo(new Proved.Unanswered("the bus went away"));
  }

  @Test
  void aServiceThatIsRefusedAsTheHostGoesDownSaysNothingAboutTheImage()
      throws InterruptedException {
    units.goingDown(true);
    units.failsOnce(new RefusedException("Transaction is destructive."));
    assertUnanswered(
        prove(service(ServiceAction.RESTART)), "the host goes down", "Transaction is destructive.");
  }

  /** Its job was done, or cancelled, and the unit stopped for the sake of the shutdown. */
  @Test
  void aServiceThatIsStoppedAsTheHostGoesDownSaysNothingAboutTheImage()
      throws InterruptedException {
    units.goingDown(true);
    units.broken("tool.service");
    assertUnanswered(
        prove(service(ServiceAction.RESTART)), "the host goes down", "tool.service is failed");
  }

  @Test
  void aServiceWhoseImageIsUnmergedAsTheHostGoesDownSaysNothingAboutTheImage()
      throws InterruptedException {
    units.goingDown(true);
    units.missing("tool.service");
    assertUnanswered(
        prove(service(ServiceAction.RESTART)), "the host goes down", "tool.service is not-found");
  }

  @Test
  void aCheckThatFailsAsTheHostGoesDownSaysNothingAboutTheImage() throws InterruptedException {
    units.programs(
        command -> {
          units.goingDown(true); // while it runs
          return new Units.Ran.Exited(1, "no route to host");
        });
    assertUnanswered(
        prove(List.of(), check().command(List.of("tool")).build()),
        "the host goes down",
        "no route to host");
  }

  private static void assertUnanswered(Proved outcome, String... words) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Proved.Unanswered.class, one -> assertThat(one.message()).contains(words));
  }

  @Test
  void aServiceThatNobodyBringsAlongIsAFault() throws InterruptedException {
    units.missing("tool.service");
    assertFailed(
        prove(service(ServiceAction.RESTART)),
        Reasons.SERVICE_FAILED,
        "tool.service is not-found",
        "neither the image nor the host");
  }

  @Test
  void aServiceThatOnlyTheOtherVersionHadIsStopped() throws InterruptedException {
    units.missing("tool.service");
    assertThat(prove(false, service(ServiceAction.RESTART))).isEqualTo(new Proved.Passed());
    assertThat(units.done()).containsExactly("reload", "Stop tool.service");
  }

  @Test
  void whatOnlyAnImageBeforeHadIsStoppedWhereItsUnitIsGone() throws InterruptedException {
    units.missing("gone.service");
    assertThat(
            prover.prove(
                new Proving(
                    Wanted.live("tool", "1"),
                    Wanted.digest("tool", "1"),
                    List.of(),
                    true,
                    List.of(),
                    List.of("gone.service", "hosts.service"))))
        .isEqualTo(new Proved.Passed());
    assertThat(units.done()).containsExactly("reload", "Stop gone.service");
  }

  @Test
  void aUnitHasToStayUp() throws InterruptedException {
    assertThat(
            prove(
                service(ServiceAction.START),
                check().unit("tool.service").timeoutSeconds(30).build()))
        .isEqualTo(new Proved.Passed());
  }

  @Test
  void aUnitThatIsDownFailsItsCheck() throws InterruptedException {
    Proved outcome = prove(List.of(), check().unit("tool.service").build());
    assertFailed(
        outcome,
        Reasons.HEALTH_CHECK_FAILED,
        "health check up did not pass within 1 s: tool.service is inactive",
        "it said why");
    assertThat(((Proved.Failed) outcome).servicesDone()).isTrue();
  }

  @Test
  void aFileHasToBeThere() throws InterruptedException {
    HealthCheck check = check().file("/usr/bin/tool").build();
    assertThat(prove(List.of(), check)).isEqualTo(new Proved.Passed());
    assertThat(units.done()).containsExactly("test -e /usr/bin/tool");

    units.programs(command -> new Units.Ran.Exited(1, ""));
    assertFailed(
        prove(List.of(), check), Reasons.HEALTH_CHECK_FAILED, "/usr/bin/tool is not there");
  }

  @Test
  void aCommandIsTriedUntilItPasses() throws InterruptedException {
    AtomicInteger tries = new AtomicInteger();
    units.programs(command -> new Units.Ran.Exited(tries.incrementAndGet() < 3 ? 1 : 0, "not yet"));
    assertThat(
            prove(List.of(), check().command(List.of("tool", "check")).timeoutSeconds(30).build()))
        .isEqualTo(new Proved.Passed());
    assertThat(tries).hasValue(3);
  }

  @Test
  void theOutputOfACommandThatFailsIsInTheMessageTheEndOfItAtLeast() throws InterruptedException {
    units.programs(command -> new Units.Ran.Exited(3, "x".repeat(5_000) + " no route to host"));
    Proved outcome = prove(List.of(), check().command(List.of("tool")).build());
    assertFailed(outcome, Reasons.HEALTH_CHECK_FAILED, "no route to host");
    assertThat(((Proved.Failed) outcome).message()).hasSizeLessThan(1_200);
  }

  @Test
  void aCommandThatHangsIsAFailure() throws InterruptedException {
    units.programs(command -> new Units.Ran.TimedOut("waiting"));
    assertFailed(
        prove(List.of(), check().command(List.of("tool")).build()),
        Reasons.HEALTH_CHECK_FAILED,
        "was still running: waiting");
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 204, 302, 399})
  void aRequestPassesByItsStatus(int status) throws Exception {
    assertThat(prove(List.of(), request(serve(status), "/healthz"))).isEqualTo(new Proved.Passed());
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 500, 503})
  void aRequestFailsByItsStatus(int status) throws Exception {
    assertFailed(
        prove(List.of(), request(serve(status), "/healthz")),
        Reasons.HEALTH_CHECK_FAILED,
        "was answered with HTTP " + status);
  }

  @Test
  void aPathThatNoUrlCanHaveIsAFailureAndSaid() throws InterruptedException {
    assertFailed(
        prove(List.of(), request(1, "/query?up{job=\"x\"}")),
        Reasons.HEALTH_CHECK_FAILED,
        "its path is none of a URL");
  }

  @Test
  void aPortWhereNobodyListensIsSaid() throws Exception {
    int port = serve(200);
    server.stop(0);
    assertFailed(
        prove(List.of(), request(port, "/")),
        Reasons.HEALTH_CHECK_FAILED,
        "GET http://127.0.0.1:" + port + "/");
  }

  @Test
  void aRequestPassesByItsStatusThoughItsAnswerHasNoEnd() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    int port =
        serve(
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              asked.countDown();
              while (true) { // until the other side hangs up
                exchange.getResponseBody().write(new byte[8_192]);
              }
            });
    assertThat(prove(List.of(), request(port, "/"))).isEqualTo(new Proved.Passed());
    assertThat(asked.getCount()).isZero();
  }

  @Test
  void aRequestFailsByItsStatusThoughNothingFollowsItsHeaders() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    int port =
        serve(
            exchange -> {
              exchange.sendResponseHeaders(503, 1_000);
              try {
                over.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    try {
      assertFailed(
          prove(List.of(), request(port, "/")),
          Reasons.HEALTH_CHECK_FAILED,
          "was answered with HTTP 503");
    } finally {
      over.countDown();
    }
  }

  @Test
  void theVerdictStandsThoughTheJournalCannotBeRead() throws InterruptedException {
    units.unreadableJournal(new HostException("journalctl took too long"));
    units.broken("tool.service");
    assertFailed(
        prove(service(ServiceAction.RESTART)),
        Reasons.SERVICE_FAILED,
        "tool.service is failed (dead, result exit-code)",
        "(its journal could not be read: journalctl took too long)");
    assertFailed(
        prove(List.of(), check().unit("tool.service").build()),
        Reasons.HEALTH_CHECK_FAILED,
        "health check up did not pass within 1 s: tool.service is failed",
        "(its journal could not be read: journalctl took too long)");
  }

  @Test
  void theJournalIsAskedForOnceWhenTheTimeIsUp() throws InterruptedException {
    assertFailed(
        prove(List.of(), check().unit("tool.service").build()),
        Reasons.HEALTH_CHECK_FAILED,
        "it said why");
    assertThat(units.done()).containsExactly("journal tool.service");
  }

  @Test
  void theFirstCheckThatFailsIsNamedAndEndsIt() throws InterruptedException {
    units.programs(command -> new Units.Ran.Exited(command.contains("bad") ? 1 : 0, ""));
    Proved outcome =
        prove(
            List.of(),
            check().name("one").command(List.of("good")).build(),
            check().name("two").command(List.of("bad")).build(),
            check().name("three").command(List.of("good")).build());
    assertFailed(outcome, Reasons.HEALTH_CHECK_FAILED, "health check two");
    assertThat(units.done()).last().isEqualTo("bad");
  }

  @Test
  void aProofThatIsGivenUpEnds() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> prove(List.of(), check().unit("tool.service").build()))
        .isInstanceOf(InterruptedException.class);
  }

  private HttpServer server;

  private int serve(int status) throws IOException {
    return serve(
        exchange -> {
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
        });
  }

  private int serve(HttpHandler handler) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", handler);
    server.start();
    return server.getAddress().getPort();
  }

  private static HealthCheck request(int port, String path) {
    return check().httpGetOrNull(new HealthCheck.HttpGet(port, path)).build();
  }
}
