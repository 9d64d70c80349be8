package io.kairos.extensions.e2e.host;

import java.util.concurrent.TimeUnit;

/** A process that makes a host, says where it is, and waits to be killed. */
final class HostHolder {
  private HostHolder() {}

  public static void main(String[] args) throws InterruptedException {
    BaseRoot base = BaseRoot.machine();
    if (!(base instanceof BaseRoot.Available)) {
      base = BaseRoot.trixie();
    }
    try (BootedHost host =
        BootedHost.boot((BaseRoot.Available) base, HostOptions.named("held").withState(8))) {
      System.out.println(host.pid() + " " + host.stateDir().getParent());
      TimeUnit.MINUTES.sleep(5);
    }
  }
}
