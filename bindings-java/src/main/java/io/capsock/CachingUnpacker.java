package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Unpacks into a folder of this user, where the file stays for later starts. For Windows, where the
 * file of a loaded library can be neither deleted nor replaced.
 *
 * <p>The file's name contains the hash of its content, so that each version has its own. Several
 * processes may start at the same time: a file gets its name when it is complete, by an atomic
 * move, and a process whose move fails uses the file that is there. A file is loaded only if this
 * user owns it and its content is that of the jar.
 *
 * <p>A start then deletes the files of other versions, and those of interrupted starts. The system
 * refuses to delete those that are in use.
 */
final class CachingUnpacker implements Unpacker {
  /** The age from which a file may be deleted: a younger one may be about to be loaded. */
  static final Duration UNUSED = Duration.ofHours(1);

  private final Path parent;
  private final Consumer<Path> loader;

  /**
   * Makes an unpacker.
   *
   * @param parent where the user's folder is, or is created
   * @param loader loads a file
   */
  CachingUnpacker(Path parent, Consumer<Path> loader) {
    this.parent = parent;
    this.loader = loader;
  }

  @Override
  public void load(String name, byte[] library) throws IOException {
    UserPrincipal user = user();
    Path folder = folder(user);
    int dot = name.lastIndexOf('.');
    String prefix = name.substring(0, dot) + "-";
    String suffix = name.substring(dot);
    Path shared = folder.resolve(prefix + hash(library) + suffix);
    try {
      publish(shared, library, user);
      loader.accept(shared);
      deleteUnused(folder, prefix, Set.of(shared));
    } catch (IOException | UnsatisfiedLinkError first) {
      // It cannot be replaced if it is damaged and in use, cannot be loaded if another class
      // loader has loaded it, and may be gone if another version's start has just deleted it.
      Path own = create(folder, prefix, suffix);
      try {
        Files.write(own, library);
        loader.accept(own);
      } catch (IOException | UnsatisfiedLinkError second) {
        delete(own);
        second.addSuppressed(first);
        throw second;
      }
      deleteUnused(folder, prefix, Set.of(shared, own));
    }
  }

  /**
   * Returns the owner of the files that this process creates; an administrator's may be a group.
   */
  private UserPrincipal user() throws IOException {
    Path probe = create(parent, "capsock-", ".tmp");
    try {
      return Files.getOwner(probe);
    } finally {
      delete(probe);
    }
  }

  /**
   * Creates a file with a new name. The names of {@link Files#createTempFile} are secure random
   * numbers, whose generator asks all network interfaces on Windows when it starts.
   */
  private static Path create(Path folder, String prefix, String suffix) throws IOException {
    String process = prefix + ProcessHandle.current().pid() + "-";
    while (true) {
      Path file = folder.resolve(process + Long.toHexString(System.nanoTime()) + suffix);
      try {
        return Files.createFile(file);
      } catch (FileAlreadyExistsException another) {
        // Another thread has created it.
      }
    }
  }

  /** Returns the user's folder. Its name is ASCII, which System.load can open in any locale. */
  private Path folder(UserPrincipal user) throws IOException {
    String name = "capsock-" + hash(user.getName().getBytes(UTF_8)).substring(0, 8);
    Path folder = parent.resolve(name);
    FileAttribute<?>[] ownerOnly = OwnerOnly.attributes(parent, user);
    try {
      Files.createDirectory(folder, ownerOnly);
    } catch (FileAlreadyExistsException exists) {
      if (!Files.isDirectory(folder, NOFOLLOW_LINKS)) {
        throw exists;
      }
    }
    if (!user.equals(Files.getOwner(folder, NOFOLLOW_LINKS))) {
      throw new AccessDeniedException(folder.toString(), null, "the folder is another user's");
    }
    for (FileAttribute<?> attribute : ownerOnly) {
      Files.setAttribute(folder, attribute.name(), attribute.value(), NOFOLLOW_LINKS);
    }
    return folder;
  }

  /** Returns when the file is there with this content. */
  private static void publish(Path file, byte[] library, UserPrincipal user) throws IOException {
    if (isIntact(file, library, user)) {
      return;
    }
    Path complete = create(file.getParent(), file.getFileName() + "-", ".tmp");
    try {
      Files.write(complete, library);
      Files.move(complete, file, ATOMIC_MOVE);
    } catch (IOException failed) {
      delete(complete);
      if (!isIntact(file, library, user)) {
        throw failed;
      }
    }
  }

  private static boolean isIntact(Path file, byte[] library, UserPrincipal user) {
    try {
      return Files.isRegularFile(file, NOFOLLOW_LINKS)
          && user.equals(Files.getOwner(file, NOFOLLOW_LINKS))
          && Files.size(file) == library.length
          && Arrays.equals(Files.readAllBytes(file), library);
    } catch (IOException unreadable) {
      return false;
    }
  }

  private static void deleteUnused(Path folder, String prefix, Set<Path> used) {
    Instant oldest = Instant.now().minus(UNUSED);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, prefix + "*")) {
      for (Path file : files) {
        if (!used.contains(file) && modified(file).isBefore(oldest)) {
          delete(file);
        }
      }
    } catch (IOException | DirectoryIteratorException unreadable) {
      // A later start tries again.
    }
  }

  private static Instant modified(Path file) {
    try {
      return Files.getLastModifiedTime(file, NOFOLLOW_LINKS).toInstant();
    } catch (IOException gone) {
      return Instant.MAX;
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException inUse) {
      // A later start tries again.
    }
  }

  private static String hash(byte[] content) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
      return HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}
