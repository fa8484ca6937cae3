package io.capsock;

/** The system; a class of its own, since a child of the tests has none of their properties. */
final class Os {
  /** Processes cannot be forked there, and loaded files cannot be deleted. */
  static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

  private Os() {}
}
