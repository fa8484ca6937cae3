package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The library in a folder of this user, as it is unpacked on Windows. */
class CachingUnpackerTest {
  private static final String NAME = "capsock_jni.dll";
  private static final byte[] LIBRARY = "a library".getBytes(UTF_8);

  @TempDir Path parent;

  /** What the loader does with each file, before it counts as loaded. */
  private volatile Consumer<Path> refusal = file -> {};

  private Path load() throws IOException {
    return load(LIBRARY);
  }

  private Path load(byte[] library) throws IOException {
    List<Path> loaded = new ArrayList<>();
    new CachingUnpacker(
            parent,
            file -> {
              refusal.accept(file);
              try {
                assertArrayEquals(library, Files.readAllBytes(file));
              } catch (IOException gone) {
                throw new UnsatisfiedLinkError(gone.toString());
              }
              loaded.add(file);
            })
        .load(NAME, library);
    assertEquals(1, loaded.size(), loaded.toString());
    return loaded.get(0);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> folders = Files.list(parent)) {
      List<Path> all = folders.toList();
      assertEquals(1, all.size(), all.toString());
      try (Stream<Path> files = Files.list(all.get(0))) {
        return files.sorted().toList();
      }
    }
  }

  private static void age(Path file) throws IOException {
    Instant then = Instant.now().minus(CachingUnpacker.UNUSED).minusSeconds(60);
    Files.setLastModifiedTime(file, FileTime.from(then));
  }

  private static UserPrincipal nobody(Path file) throws IOException {
    return file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
  }

  private static void giveAway(Path file) {
    try {
      Files.setOwner(file, nobody(file));
    } catch (IOException notAllowed) {
      assumeTrue(false, "only root gives files to other users: " + notAllowed);
    }
  }

  @Test
  void aLaterStartUsesTheSameFile() throws Exception {
    Path first = load();
    FileTime written = Files.getLastModifiedTime(first);
    age(first);
    FileTime aged = Files.getLastModifiedTime(first);
    assertNotEquals(written, aged);
    assertEquals(first, load());
    assertEquals(aged, Files.getLastModifiedTime(first), "it was written again");
    assertEquals(List.of(first), files());
    assertTrue(
        first
            .toString()
            .matches(".*[/\\\\]capsock-\\p{XDigit}{8}[/\\\\]capsock_jni-\\p{XDigit}{32}.dll"));
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has no permissions of POSIX")
  void noOtherUserEntersTheFolder() throws Exception {
    Path folder = load().getParent();
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    load();
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
  }

  @Test
  @EnabledOnOs(value = OS.WINDOWS, disabledReason = "the permissions are those of POSIX")
  void noOtherUserIsInTheFoldersList() throws Exception {
    Path folder = load().getParent();
    AclFileAttributeView list =
        Files.getFileAttributeView(folder, AclFileAttributeView.class, NOFOLLOW_LINKS);
    assumeTrue(list != null, "the file store has no lists of users");
    for (AclEntry entry : list.getAcl()) {
      // Windows itself may be in the list.
      boolean known =
          entry.principal().equals(Files.getOwner(folder))
              || entry.principal().getName().equals("NT AUTHORITY\\SYSTEM");
      assertTrue(known, list.getAcl().toString());
    }
  }

  @Test
  void aDamagedFileIsReplaced() throws Exception {
    for (String damaged : List.of("a l1brary", "a lib", "")) {
      Path file = load();
      Files.writeString(file, damaged);
      assertEquals(file, load());
      assertEquals(List.of(file), files());
    }
  }

  @Test
  void aDamagedFileInUseIsPassedOver() throws Exception {
    Path file = load();
    Files.delete(file);
    // No file replaces a folder, as none replaces a file in use on Windows.
    Files.createDirectories(file.resolve("in use"));
    Path own = load();
    assertNotEquals(file, own);
    assertEquals(file.getParent(), own.getParent());
    assertTrue(files().containsAll(List.of(file, own)), files().toString());
    assertEquals(2, files().size(), files().toString());
  }

  @Test
  void aFileOfAnotherUserIsReplaced() throws Exception {
    Path file = load();
    giveAway(file);
    assertEquals(file, load());
    assertNotEquals(nobody(file), Files.getOwner(file));
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a link needs a privilege")
  void aLinkIsReplaced() throws Exception {
    Path file = load();
    Path elsewhere = Files.move(file, file.resolveSibling("elsewhere"));
    Files.createSymbolicLink(file, elsewhere);
    assertEquals(file, load());
    assertTrue(!Files.isSymbolicLink(file));
  }

  @Test
  void aFolderOfAnotherUserIsRefused() throws Exception {
    Path folder = load().getParent();
    giveAway(folder);
    Exception refused = assertThrows(AccessDeniedException.class, this::load);
    assertTrue(refused.getMessage().contains(folder.toString()), refused.getMessage());
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a link needs a privilege")
  void aLinkToAFolderIsRefused() throws Exception {
    Path folder = load().getParent();
    Path elsewhere = Files.move(folder, folder.resolveSibling("elsewhere"));
    Files.createSymbolicLink(folder, elsewhere);
    assertThrows(FileAlreadyExistsException.class, this::load);
  }

  @Test
  void filesOfOtherVersionsAreDeleted() throws Exception {
    Path old = load("an old library".getBytes(UTF_8));
    Path left = Files.createFile(old.resolveSibling("capsock_jni-0123.dll-4567.tmp"));
    Path young = Files.createFile(old.resolveSibling("capsock_jni-89.dll"));
    Path foreign = Files.createFile(old.resolveSibling("other.dll"));
    // What is in use cannot be deleted, nor can this.
    Path used = old.resolveSibling("capsock_jni-ab.dll");
    Files.createDirectories(used.resolve("in use"));
    for (Path file : List.of(old, left, foreign, used)) {
      age(file);
    }
    Path file = load();
    assertEquals(Stream.of(file, young, foreign, used).sorted().toList(), files());
    Files.delete(used.resolve("in use"));
    age(used);
    age(young);
    assertEquals(file, load());
    assertEquals(Stream.of(file, foreign).sorted().toList(), files());
  }

  /** As when another class loader has loaded it, or a start of another version has deleted it. */
  @Test
  void aFileThatCannotBeLoadedIsPassedOver() throws Exception {
    Path file = load();
    refusal =
        refused -> {
          if (refused.equals(file)) {
            throw new UnsatisfiedLinkError("already loaded in another classloader");
          }
        };
    assertNotEquals(file, load());
    assertNotEquals(file, load());
    assertEquals(3, files().size());
    for (Path own : files()) {
      age(own);
    }
    refusal = none -> {};
    assertEquals(file, load());
    assertEquals(List.of(file), files());
  }

  @Test
  void aLibraryThatCannotBeLoadedIsNotKeptTwice() throws Exception {
    refusal =
        refused -> {
          throw new UnsatisfiedLinkError("refused " + refused.getFileName());
        };
    UnsatisfiedLinkError error = assertThrows(UnsatisfiedLinkError.class, this::load);
    assertTrue(error.getMessage().startsWith("refused capsock_jni-"), error.getMessage());
    assertEquals(1, error.getSuppressed().length);
    assertEquals(1, files().size());
  }

  @Test
  void threadsThatStartAtTheSameTime() throws Exception {
    int count = 8;
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      for (int round = 0; round < 50; round++) {
        byte[] library = ("library " + round).repeat(10_000).getBytes(UTF_8);
        CyclicBarrier start = new CyclicBarrier(count);
        List<Future<Path>> loads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          loads.add(
              threads.submit(
                  () -> {
                    start.await();
                    return load(library);
                  }));
        }
        Path first = loads.get(0).get();
        for (Future<Path> load : loads) {
          assertEquals(first, load.get());
        }
        assertEquals(round + 1, files().size(), files().toString());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** Loads the library of the jar. */
  static final class Main {
    private static void load(Path file) {
      System.load(file.toString());
      if (Os.WINDOWS) {
        System.out.println("mapped " + file);
      }
    }

    public static void main(String[] arguments) throws Exception {
      Path library = Path.of(arguments[0]);
      System.in.read();
      new CachingUnpacker(Path.of(arguments[1]), file -> load(file))
          .load(NAME, Files.readAllBytes(library));
      if (Os.WINDOWS) {
        return;
      }
      Files.readAllLines(Path.of("/proc/self/maps")).stream()
          .filter(line -> line.contains(" r-xp ") && line.contains("capsock_jni-"))
          .forEach(line -> System.out.println("mapped " + line.substring(line.indexOf('/'))));
    }
  }

  @Test
  void processesThatStartAtTheSameTime(@TempDir Path elsewhere) throws Exception {
    Path library = LoaderTest.library(elsewhere);
    List<String> command =
        Child.command(List.of(), Main.class, library.toString(), parent.toString());
    List<Process> processes = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        processes.add(Child.java(command).start());
      }
      for (Process process : processes) {
        process.getOutputStream().close();
      }
      List<String> outputs = new ArrayList<>();
      for (Process process : processes) {
        outputs.add(new String(process.getInputStream().readAllBytes(), UTF_8));
        assertEquals(0, process.waitFor(), outputs.toString());
      }
      assertEquals(1, files().size(), files().toString());
      for (String output : outputs) {
        // It may have been replaced by a file of the same content after it was mapped.
        String mapped = "mapped " + files().get(0);
        assertTrue(output.strip().replace(" (deleted)", "").endsWith(mapped), output);
      }
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }
}
