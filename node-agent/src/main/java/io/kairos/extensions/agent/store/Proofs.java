package io.kairos.extensions.agent.store;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.kairos.extensions.agent.plan.Proof;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Keeps how far merged images have proven themselves, so that a restarted agent does not restart
 * their services. It lies in {@code /run}: each boot has to prove anew that services come up.
 */
public final class Proofs {
  /** The note of an agent before this one may lack lists. */
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .withConfigOverride(
              List.class,
              lists -> lists.setSetterInfo(JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY)))
          .build();

  private static final TypeReference<TreeMap<String, Proof>> NOTE = new TypeReference<>() {};

  private final NoteFile file;

  /** Keeps its note below a layout. */
  public Proofs(StoreLayout layout) {
    Path proofs = layout.proofs();
    this.file = new NoteFile(proofs, proofs.resolveSibling(proofs.getFileName() + ".part"));
  }

  /**
   * The proofs, by the extension's name; none where the note is torn, which only makes images prove
   * themselves once more.
   *
   * @throws IOException when the note cannot be read
   */
  public Map<String, Proof> read() throws IOException {
    Optional<byte[]> bytes = file.read();
    try {
      return bytes.isPresent()
          ? Optional.ofNullable(JSON.readValue(bytes.get(), NOTE)).orElseGet(TreeMap::new)
          : Map.of();
    } catch (JacksonException torn) {
      return Map.of();
    }
  }

  /**
   * Keeps a proof.
   *
   * @throws IOException when the note cannot be written
   */
  public void put(String name, Proof proof) throws IOException {
    Map<String, Proof> proofs = new TreeMap<>(read());
    proofs.put(name, proof);
    write(proofs);
  }

  /**
   * Forgets the proofs of an image.
   *
   * @throws IOException when the note cannot be written
   */
  public void dropImage(String sha256) throws IOException {
    Map<String, Proof> proofs = new TreeMap<>(read());
    if (proofs.values().removeIf(proof -> proof.image().equals(sha256))) {
      write(proofs);
    }
  }

  /**
   * Forgets a proof.
   *
   * @throws IOException when the note cannot be written
   */
  public void drop(String name) throws IOException {
    Map<String, Proof> proofs = new TreeMap<>(read());
    if (proofs.remove(name) != null) {
      write(proofs);
    }
  }

  private void write(Map<String, Proof> proofs) throws IOException {
    if (proofs.isEmpty()) {
      file.delete();
      return;
    }
    file.write(JSON.writeValueAsBytes(proofs));
  }
}
