package io.capsock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Unpacks into a new folder, and deletes it when the library has been loaded. For systems where a
 * loaded library stays loaded when its file is deleted.
 */
final class TemporaryUnpacker implements Unpacker {
  private final Path parent;
  private final Consumer<Path> loader;

  /**
   * Makes an unpacker.
   *
   * @param parent where the folder is created
   * @param loader loads a file
   */
  TemporaryUnpacker(Path parent, Consumer<Path> loader) {
    this.parent = parent;
    this.loader = loader;
  }

  @Override
  public void load(String name, byte[] library) throws IOException {
    // A folder of a random name that no other user can enter: nobody can put a file of theirs
    // where the library is loaded from.
    Path folder = Files.createTempDirectory(parent, "capsock-", OwnerOnly.permissions(parent));
    Path file = folder.resolve(name);
    try {
      Files.write(file, library);
      loader.accept(file);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }
}
