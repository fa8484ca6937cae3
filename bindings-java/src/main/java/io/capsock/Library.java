package io.capsock;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

/** Finds and loads the native library. */
final class Library {
  private static final String PATH = "capsock.library.path";
  private static final String FOLDER = "capsock.unpack.folder";
  private static final String FILE = System.mapLibraryName("capsock_jni");

  private Library() {}

  /**
   * Loads the library that the property {@code capsock.library.path} names, or else the one in the
   * jar.
   *
   * @param check calls a native method: some other library would have loaded, too
   * @throws UnsatisfiedLinkError with the cause, if it cannot be loaded
   */
  static void load(Runnable check) {
    String path = System.getProperty(PATH);
    try {
      if (path == null) {
        loadFromJar();
      } else {
        Path given = Path.of(path).toAbsolutePath();
        System.load((Files.isDirectory(given) ? given.resolve(FILE) : given).toString());
      }
      check.run();
    } catch (IOException | RuntimeException | UnsatisfiedLinkError cause) {
      throw (UnsatisfiedLinkError) new UnsatisfiedLinkError(explain(path, cause)).initCause(cause);
    }
  }

  private static void loadFromJar() throws IOException {
    String resource = "native/" + platform() + "/" + FILE;
    try (InputStream library = Library.class.getResourceAsStream(resource)) {
      if (library == null) {
        throw new NoSuchFileException(resource, null, "this jar has no library for this platform");
      }
      // A folder of a random name that no other user can enter: nobody can put a file of theirs
      // where the library is loaded from.
      Path folder =
          Files.createTempDirectory(
              unpackFolder(),
              "capsock-",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path file = folder.resolve(FILE);
      try {
        Files.copy(library, file);
        System.load(file.toString());
      } finally {
        // A loaded library stays loaded when its file is gone.
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    }
  }

  private static Path unpackFolder() {
    return Path.of(System.getProperty(FOLDER, System.getProperty("java.io.tmpdir")))
        .toAbsolutePath();
  }

  private static String platform() {
    String arch = System.getProperty("os.arch");
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    return system + "-" + (arch.equals("amd64") ? "x86_64" : arch);
  }

  private static String explain(String path, Throwable cause) {
    String tried =
        path != null
            ? PATH + "=" + path
            : "the jar, unpacked in " + System.getProperty(FOLDER, "java.io.tmpdir");
    return "could not load the native library of io.capsock from "
        + tried
        + ": "
        + cause
        + "; set the system property "
        + PATH
        + " to the library or its folder, or "
        + FOLDER
        + " to a folder that exists, is writable and allows execution";
  }
}
