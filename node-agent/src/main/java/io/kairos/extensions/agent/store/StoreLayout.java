package io.kairos.extensions.agent.store;

import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where things lie on a Kairos host, and below which folder this process sees the host.
 *
 * <p>Link targets are paths as the host sees them; files are opened as this process sees them.
 * Links are read, never followed: a link of the host means nothing outside of it.
 *
 * @param hostRoot where this process sees the host's {@code /}
 */
public record StoreLayout(Path hostRoot) {
  /** The store, as the host sees it. */
  public static final Path STORE = Path.of("/var/lib/kairos/extensions");

  /** What systemd-sysext merges, as the host sees it. */
  public static final Path RUN = Path.of("/run/extensions");

  private static final String OURS = ".sysext-operator";
  private static final String OUTPUT = OURS + "-";

  private static final Pattern DIGEST = Pattern.compile(Api.DIGEST_PATTERN);

  /** {@code images/}, as the host sees it. */
  public static final Path IMAGES = STORE.resolve(OURS).resolve("images");

  /** {@code good/}, as the host sees it. */
  public static final Path GOOD = STORE.resolve(OURS).resolve("good");

  /** The store. */
  public Path store() {
    return here(STORE);
  }

  /** Everything of ours that no other program reads. */
  public Path ours() {
    return store().resolve(OURS);
  }

  /** Downloads in progress. */
  public Path staging() {
    return ours().resolve("staging");
  }

  /** Verified images, named by their digest. */
  public Path images() {
    return here(IMAGES);
  }

  /** Links to the versions proven on this host. */
  public Path good() {
    return here(GOOD);
  }

  /**
   * The image of ours that a regular file is another name of.
   *
   * @throws IOException when it cannot be looked at
   */
  Optional<String> imageWithInodeOf(Path file) throws IOException {
    try (DirectoryStream<Path> images = Files.newDirectoryStream(images())) {
      Object inode = inode(file);
      for (Path image : images) {
        if (DIGEST.matcher(image.getFileName().toString()).matches()
            && inode.equals(inode(image))) {
          return Optional.of(image.getFileName().toString());
        }
      }
      return Optional.empty();
    } catch (NoSuchFileException | NotDirectoryException gone) {
      return Optional.empty();
    } catch (DirectoryIteratorException broken) {
      throw broken.getCause();
    }
  }

  private static Object inode(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  /** Links on their way to their place. */
  public Path links() {
    return ours().resolve("links");
  }

  /** A profile's folder. */
  public Path profile(Profile profile) {
    return store().resolve(profile.text());
  }

  /** What systemd-sysext merges. */
  public Path run() {
    return here(RUN);
  }

  /**
   * What the last refresh of ours merged; gone with each boot, and no image to systemd since it
   * ends otherwise.
   */
  public Path ledger() {
    return run().resolve(OURS + ".json");
  }

  /** How far merged images have proven themselves in this boot; gone with the next. */
  public Path proofs() {
    return run().resolve(OURS + ".proofs.json");
  }

  /** Where the output of a script on the host goes, as the host sees it. */
  public static Path outputOnHost(String id) {
    return RUN.resolve(OUTPUT + id + ".out");
  }

  /** The folders in which a change may be drift, or a boot profile's sentinel. */
  public List<Path> watched() {
    List<Path> folders = new ArrayList<>(List.of(store(), run(), images(), good(), cos()));
    Arrays.stream(Profile.values()).map(this::profile).forEach(folders::add);
    return List.copyOf(folders);
  }

  /**
   * Whether a name in the run folder is one of ours that no other program reads: the ledger, a link
   * on its way, the output of a script.
   */
  public static boolean isOwnNote(Path name) {
    return name.getFileName().toString().startsWith(OURS);
  }

  /** Whether a file of the run folder is the output of a script. */
  static boolean isOutput(Path file) {
    return file.getFileName().toString().startsWith(OUTPUT);
  }

  /** Which profile is booted, by the sentinels of immucore. */
  public Path cos() {
    return here(Path.of("/run/cos"));
  }

  /** The block devices, as sysfs lists them: those of the whole machine, whoever looks. */
  public Path block() {
    return here(Path.of("/sys/block"));
  }

  /** The kernel's boot id. */
  public Path bootId() {
    return here(Path.of("/proc/sys/kernel/random/boot_id"));
  }

  /** A path of the host, as this process sees it. */
  public Path here(Path onHost) {
    return hostRoot.resolve(Path.of("/").relativize(onHost));
  }
}
