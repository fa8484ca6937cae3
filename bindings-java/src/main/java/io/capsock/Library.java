package io.capsock;

import io.capsock.spi.NativeLibraries;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds and loads the native library. */
final class Library {
  private static final String PATH = "capsock.library.path";
  private static final String FOLDER = "capsock.unpack.folder";

  private Library() {}

  /**
   * Loads the library that the property {@code capsock.library.path} names, or else the one for
   * this platform in the jar, or in a jar of {@link NativeLibraries}.
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
        String file = System.mapLibraryName("capsock_jni");
        loadFile(Files.isDirectory(given) ? given.resolve(file) : given);
      }
      check.run();
    } catch (IOException
        | RuntimeException
        | UnsatisfiedLinkError
        | ServiceConfigurationError cause) {
      throw (UnsatisfiedLinkError) new UnsatisfiedLinkError(explain(path, cause)).initCause(cause);
    }
  }

  private static void loadFile(Path file) {
    System.load(file.toString());
  }

  /** Loads the first library for this platform that can be loaded. */
  private static void loadFromJar() throws IOException {
    UnsatisfiedLinkError failed = null;
    List<Platform> here = Platform.here();
    for (Platform platform : here) {
      try (InputStream library = resource(platform)) {
        if (library != null) {
          unpacker(platform).load(platform.file, library.readAllBytes());
          return;
        }
      } catch (UnsatisfiedLinkError error) {
        if (failed == null) {
          failed = error;
        } else {
          failed.addSuppressed(error);
        }
      }
    }
    throw failed != null
        ? failed
        : new UnsatisfiedLinkError(
            "none is for " + named("os.name") + ", " + named("os.arch") + jarsFor(here));
  }

  /** Where the libraries for these platforms are published. */
  private static String jarsFor(List<Platform> platforms) {
    return platforms.isEmpty()
        ? ""
        : ", for which there is a jar with the classifier "
            + platforms.stream().map(one -> one.folder).collect(Collectors.joining(" or "));
  }

  private static String named(String property) {
    return property + "=" + System.getProperty(property);
  }

  /** The library for a platform; null if there is none. */
  private static InputStream resource(Platform platform) {
    return jars()
        .map(type -> type.getResourceAsStream(path(platform)))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private static boolean has(Platform platform) {
    return jars().anyMatch(type -> type.getResource(path(platform)) != null);
  }

  /**
   * A class of each jar that may have libraries, this one first: on the module path, a class finds
   * what its own jar has.
   */
  private static Stream<? extends Class<?>> jars() {
    ClassLoader loader = Library.class.getClassLoader();
    return Stream.concat(
        Stream.of(Library.class),
        ServiceLoader.load(NativeLibraries.class, loader).stream()
            .map(ServiceLoader.Provider::type));
  }

  private static String path(Platform platform) {
    String folder = Library.class.getPackageName().replace('.', '/');
    return "/" + folder + "/" + platform.resource();
  }

  private static Unpacker unpacker(Platform platform) {
    String given = System.getProperty(FOLDER);
    if (platform.locksLoadedFiles()) {
      // Each user has this folder. That of temporary files may be all users', or is emptied.
      String folder = given != null ? given : System.getenv("LOCALAPPDATA");
      return new CachingUnpacker(absoluteOrTemporary(folder), Library::loadFile);
    }
    return new TemporaryUnpacker(absoluteOrTemporary(given), Library::loadFile);
  }

  private static Path absoluteOrTemporary(String folder) {
    return Path.of(folder != null ? folder : System.getProperty("java.io.tmpdir")).toAbsolutePath();
  }

  private static String explain(String path, Throwable cause) {
    return "could not load the native library of io.capsock from "
        + (path != null ? PATH + "=" + path : explainJar())
        + ": "
        + cause
        + "; set the system property "
        + PATH
        + " to the library or its folder, or "
        + FOLDER
        + " to a folder that exists, is writable and allows execution";
  }

  private static String explainJar() {
    String platforms =
        Arrays.stream(Platform.values())
            .filter(Library::has)
            .map(platform -> platform.folder)
            .collect(Collectors.joining(", "));
    String folder = System.getProperty(FOLDER);
    return "the jar, which has libraries for "
        + (platforms.isEmpty() ? "no platform" : platforms)
        + (folder != null ? ", unpacked in " + folder : "");
  }
}
