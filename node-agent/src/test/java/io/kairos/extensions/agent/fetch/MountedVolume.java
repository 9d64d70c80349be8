package io.kairos.extensions.agent.fetch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/**
 * A folder as the kubelet mounts a ConfigMap or Secret: each key is a link to {@code ..data/KEY},
 * {@code ..data} one to a folder of this version, and a new version comes by the rename of another
 * {@code ..data} over it.
 */
public final class MountedVolume {
  private final Path folder;
  private int version;

  /** Mounted at a folder, with nothing in it. */
  public MountedVolume(Path folder) {
    this.folder = folder;
  }

  /** Where a key is seen. */
  public Path at(String key) {
    return folder.resolve(key);
  }

  /** Brings these keys, as the kubelet does: none of them is ever seen half, or of two versions. */
  public void set(Map<String, String> keys) throws IOException {
    Path data = Files.createDirectory(folder.resolve("..v" + ++version));
    for (Map.Entry<String, String> key : keys.entrySet()) {
      Files.writeString(data.resolve(key.getKey()), key.getValue());
    }
    Path next = folder.resolve("..data_tmp");
    Files.createSymbolicLink(next, data.getFileName());
    Files.move(next, folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    for (String key : keys.keySet()) {
      if (!Files.isSymbolicLink(at(key))) {
        Files.createSymbolicLink(at(key), Path.of("..data", key));
      }
    }
    try (var seen =
        Files.newDirectoryStream(folder, file -> !file.getFileName().toString().startsWith(".."))) {
      for (Path link : seen) {
        if (!keys.containsKey(link.getFileName().toString())) {
          Files.delete(link);
        }
      }
    }
  }
}
