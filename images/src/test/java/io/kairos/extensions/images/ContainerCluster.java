package io.kairos.extensions.images;

import java.io.IOException;
import java.nio.file.Path;

/** A whole cluster of one node that runs in a container, for one class of tests. */
interface ContainerCluster {

  /** What it is, with its version. */
  String describe();

  /** Makes it; returns when its API server answers. */
  void start() throws IOException, InterruptedException;

  /** The administrator's configuration. */
  String kubeconfig() throws IOException, InterruptedException;

  /** Puts an image into the node's store, under the name that its archive says. */
  void load(Path archive) throws IOException, InterruptedException;

  /** Puts a file on the node, into a folder that is there. */
  void copy(Path file, String onNode) throws IOException, InterruptedException;

  /**
   * What a program prints on the node.
   *
   * @throws IOException if it does not end well, with what it said
   */
  String onNode(String... command) throws IOException, InterruptedException;

  /** Takes it away, with all that is in it; also one that did not start. */
  void remove() throws IOException, InterruptedException;
}
