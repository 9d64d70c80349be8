package io.kairos.extensions.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs both programs once, in their images and on a real API server, so that the JVM can note which
 * classes they load, in which state, and what of them is worth compiling; it starts from these
 * notes (JEP 483, 514, 515). They are bound to the runtime, its flags and the class path, all of
 * which are the image's own.
 */
final class Training {
  private static final String NOTES = "/training";
  private static final long SECONDS = 180;

  private Training() {}

  /**
   * Trains both.
   *
   * @param folder for what is needed meanwhile
   * @throws IOException if a program does not do what it shall, or leaves no notes
   */
  static void run(ImageFolders operator, ImageFolders agent, Path folder)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    try (Api api = Api.start(folder)) {
      Story story = new Story(api);
      try (ImagePod planning = start(story, operator, folder);
          ImagePod looking = start(story, agent, folder)) {
        story.awaitReady(Program.OPERATOR, planning);
        story.begin();
        story.awaitAssigned(planning);
        story.awaitReported(looking);
        List<IOException> failures = new ArrayList<>();
        for (ImagePod pod : List.of(planning, looking)) {
          try {
            pod.end(SECONDS);
          } catch (IOException e) {
            failures.add(e);
          }
        }
        if (!failures.isEmpty()) {
          throw failures.get(0);
        }
        take(operator, planning, folder);
        take(agent, looking, folder);
      }
    }
  }

  private static Path notes(ImageFolders image, Path folder) {
    return folder.resolve(image.program().image());
  }

  private static ImagePod start(Story story, ImageFolders image, Path folder) throws IOException {
    Path notes = Files.createDirectories(notes(image, folder));
    Files.setPosixFilePermissions(notes, PosixFilePermissions.fromString("rwxrwxrwx"));
    return story.start(
        image.program(),
        image.overlay(),
        List.of(new ImagePod.Mount(notes, NOTES, true)),
        List.of("-XX:AOTCacheOutput=" + NOTES + "/training.aot"),
        folder.resolve(image.program().image() + ".log"));
  }

  private static void take(ImageFolders image, ImagePod pod, Path folder) throws IOException {
    Path cache = notes(image, folder).resolve("training.aot");
    if (!Files.isRegularFile(cache)) {
      throw new IOException(image.program().image() + " left no notes: " + pod.said());
    }
    image.addCache(cache);
  }
}
