package io.kairos.extensions.e2e.host;

import static org.junit.jupiter.api.Assumptions.abort;

/** What the tests boot from. A test that cannot be run here says why. */
enum Bases {
  MACHINE {
    @Override
    BaseRoot find() {
      return BaseRoot.machine();
    }
  },
  TRIXIE {
    @Override
    BaseRoot find() {
      return BaseRoot.trixie();
    }
  };

  abstract BaseRoot find();

  BaseRoot.Available require() {
    if (HostSupport.check() instanceof HostSupport.Unsupported unsupported) {
      abort("no host can be booted here: " + String.join(", ", unsupported.reasons()));
    }
    return available(find());
  }

  /** Any base will do. */
  static BaseRoot.Available any() {
    return MACHINE.find() instanceof BaseRoot.Available ? MACHINE.require() : TRIXIE.require();
  }

  private static BaseRoot.Available available(BaseRoot root) {
    if (root instanceof BaseRoot.Available available) {
      return available;
    }
    return abort(((BaseRoot.Unavailable) root).reason());
  }
}
