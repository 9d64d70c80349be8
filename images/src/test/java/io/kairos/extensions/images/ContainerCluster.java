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

  /** Runs a program on the node. */
  void onNode(String... command) throws IOException, InterruptedException;

  /** Takes it away, with all that is in it; also one that did not start. */
  void remove() throws IOException, InterruptedException;
}
