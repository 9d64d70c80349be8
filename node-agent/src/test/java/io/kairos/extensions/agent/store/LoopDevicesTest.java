package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Wanted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoopDevicesTest {
  private static final String V1 = Wanted.digest("tool", "1");
  private static final String V2 = Wanted.digest("tool", "2");

  @TempDir private Path block;

  private void device(String name, String backing) throws IOException {
    Files.createDirectories(block.resolve(name).resolve("loop"));
    Files.writeString(block.resolve(name).resolve("loop/backing_file"), backing);
  }

  @Test
  void eachDeviceThatHasAnImageOfOursOpenCountsWhereverItSawTheFile() throws IOException {
    device("loop0", "/var/lib/kairos/extensions/.sysext-operator/images/" + V1 + "\n");
    device("loop1", "/elsewhere/images/" + V1 + " (deleted)\n");
    device("loop2", V2 + "\n");
    assertThat(LoopDevices.images(block)).containsExactlyInAnyOrder(V1, V1, V2);
  }

  @Test
  void othersDoNot() throws IOException {
    device("loop0", "/snap/core.img\n");
    device("loop1", "/images/" + V1 + ".raw\n");
    device("loop2", "/images/" + V1.substring(1) + "\n");
    device("loop3", "");
    device("sda", "/images/" + V1 + "\n");
    Files.createDirectories(block.resolve("loop4")); // free
    Files.writeString(block.resolve("loop5"), "no device");
    assertThat(LoopDevices.images(block)).isEmpty();
  }

  @Test
  void aHostWithoutBlockDevicesHasNone() throws IOException {
    assertThat(LoopDevices.images(block.resolve("nowhere"))).isEmpty();
  }
}
