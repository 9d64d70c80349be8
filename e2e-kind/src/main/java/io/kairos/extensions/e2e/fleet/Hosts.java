package io.kairos.extensions.e2e.fleet;

import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.BootedHost;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.HostSupport;
import io.kairos.extensions.e2e.host.PlainDirectoryHost;
import io.kairos.extensions.e2e.host.TestHost;

/**
 * Where hosts come from: real ones where this machine can boot them, else plain directories, and
 * why.
 */
public sealed interface Hosts {
  /** Makes a host. */
  TestHost make(HostOptions options);

  /** For people. */
  String describe();

  /**
   * Real hosts.
   *
   * @param base what they boot
   */
  record Booted(BaseRoot.Available base) implements Hosts {
    @Override
    public TestHost make(HostOptions options) {
      return BootedHost.boot(base, options);
    }

    @Override
    public String describe() {
      return "systemd " + base.systemdVersion() + " (" + base.name() + "), booted for real";
    }
  }

  /**
   * Directories: nothing is merged on them.
   *
   * @param reason why there is nothing better
   */
  record Plain(String reason) implements Hosts {
    @Override
    public TestHost make(HostOptions options) {
      return PlainDirectoryHost.create(options, reason);
    }

    @Override
    public String describe() {
      return "plain directories, nothing is merged: " + reason;
    }
  }

  /** The best there is for a base. */
  static Hosts of(BaseRoot base) {
    if (HostSupport.check() instanceof HostSupport.Unsupported unsupported) {
      return new Plain(String.join(", ", unsupported.reasons()));
    }
    return base instanceof BaseRoot.Available available
        ? new Booted(available)
        : new Plain(((BaseRoot.Unavailable) base).reason());
  }
}
