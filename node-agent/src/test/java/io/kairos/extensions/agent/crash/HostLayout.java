package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.agent.store.StoreLayout;
import java.nio.file.Path;
import java.util.Locale;

/** The kinds of hosts that runs take place on. */
enum HostLayout {
  KAIROS,
  SYSTEMD;

  /** Where things lie below a root. */
  StoreLayout at(Path root) {
    return StoreLayout.of(this == KAIROS, new HostPaths(root), ExtensionClass.SYSEXT);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
