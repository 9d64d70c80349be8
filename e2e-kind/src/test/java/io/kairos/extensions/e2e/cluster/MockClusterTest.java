package io.kairos.extensions.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MockClusterTest extends ClusterContract {

  private final MockCluster cluster = MockCluster.start();

  @Override
  TestCluster cluster() {
    return cluster;
  }

  @AfterAll
  void stop() {
    cluster.close();
    cluster.close();
  }

  @Test
  void saysThatItIsNotTheRealThing() {
    assertThat(cluster.real()).isFalse();
    assertThat(cluster.describe())
        .isEqualTo("Fabric8 mock server (in memory: no schema, no server-side apply)");
    assertThat(cluster.kubectl()).isEmpty();
  }

  @Test
  void knowsNoRules() {
    create("large", 11);
    assertThat(get("large")).isNotNull();
  }
}
