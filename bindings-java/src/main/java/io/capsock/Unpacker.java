package io.capsock;

import java.io.IOException;

/** Makes a file of the library in the jar, and loads it. */
interface Unpacker {
  /**
   * Loads the library.
   *
   * @param name the name of its file
   * @param library its content
   * @throws IOException if the file cannot be made
   * @throws UnsatisfiedLinkError if the file cannot be loaded
   */
  void load(String name, byte[] library) throws IOException;
}
