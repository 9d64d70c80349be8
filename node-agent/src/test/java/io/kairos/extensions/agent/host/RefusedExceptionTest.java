package io.kairos.extensions.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.freedesktop.dbus.errors.NoReply;
import org.freedesktop.dbus.errors.ServiceUnknown;
import org.freedesktop.dbus.exceptions.DBusExecutionException;
import org.junit.jupiter.api.Test;

class RefusedExceptionTest {
  @Test
  void whatSystemdItselfSaysIsAVerdict() {
    assertThat(
            RefusedException.isVerdict(new DBusExecutionException("Unit tool.service is masked.")))
        .isTrue();
  }

  @Test
  void aBusWithoutAnAnswerOrWithoutSystemdSaysNothing() {
    assertThat(RefusedException.isVerdict(new NoReply("it went away"))).isFalse();
    assertThat(RefusedException.isVerdict(new ServiceUnknown("nobody has the name"))).isFalse();
    assertThat(
            RefusedException.isVerdict(
                new DBusExecutionException(
                    "Failed to activate service 'org.freedesktop.systemd1': timed out")))
        .isFalse();
    assertThat(
            RefusedException.isVerdict(
                new DBusExecutionException("(1) Message Failed to Send: Broken pipe")))
        .isFalse();
  }
}
