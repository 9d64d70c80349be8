package io.kairos.extensions.agent.store;

import io.kairos.extensions.api.v1alpha1.Api;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.regex.Pattern;

/** Recognises files of other names by their inodes. */
final class Inodes {
  private static final Pattern DIGEST = Pattern.compile(Api.DIGEST_PATTERN);

  private Inodes() {}

  /**
   * The image of ours that a regular file is another name of.
   *
   * @throws IOException when it cannot be looked at
   */
  static Optional<String> imageOf(StoreLayout layout, Path file) throws IOException {
    try (DirectoryStream<Path> images = Files.newDirectoryStream(layout.images())) {
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
}
