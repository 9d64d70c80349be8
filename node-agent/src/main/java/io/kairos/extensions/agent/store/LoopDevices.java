package io.kairos.extensions.agent.store;

import io.kairos.extensions.api.v1alpha1.Api;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The loop devices that have an image of ours open, by sysfs ({@code loop/backing_file}). The path
 * there is the one of whoever set the device up, in its own mount namespace, so that only the base
 * name tells anything; the name of an image of ours is its digest. A file that was deleted since
 * has {@code (deleted)} behind it.
 */
public final class LoopDevices {
  private static final Pattern IMAGE =
      Pattern.compile("(?:.*/)?(" + Api.DIGEST_PATTERN + ")(?: \\(deleted\\))?");

  private LoopDevices() {}

  /**
   * The digests of the images, one for each device.
   *
   * @param block {@code /sys/block}; where there is none, there are no devices
   * @throws IOException when it cannot be read
   */
  public static List<String> images(Path block) throws IOException {
    List<String> images = new ArrayList<>();
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(block, "loop*")) {
      for (Path device : devices) {
        backing(device)
            .lines()
            .map(IMAGE::matcher)
            .filter(java.util.regex.Matcher::matches)
            .forEach(file -> images.add(file.group(1)));
      }
    } catch (NoSuchFileException none) {
      return List.of();
    } catch (DirectoryIteratorException broken) {
      throw broken.getCause();
    }
    return images;
  }

  private static String backing(Path device) {
    try {
      return Files.readString(device.resolve("loop/backing_file"));
    } catch (IOException free) {
      return ""; // it has no file, or is being taken down just now
    }
  }
}
