package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where the native library comes from, each time in a Java of its own. */
class LoaderTest {
  private static final String PATH = "capsock.library.path";
  private static final String FOLDER = "capsock.unpack.folder";
  private static final String FILE = System.mapLibraryName("capsock_jni");

  @TempDir Path folder;

  /** Tries twice, since an error has to be the same again; then with other properties. */
  static final class Main {
    public static void main(String[] arguments) {
      for (int i = 0; i < 2; i++) {
        attempt();
      }
      System.clearProperty(PATH);
      System.clearProperty(FOLDER);
      attempt();
    }

    private static void attempt() {
      try {
        System.out.println(Capsock.uppercase("loaded"));
      } catch (UnsatisfiedLinkError error) {
        System.out.println("refused: " + error.getMessage() + " # " + error.getCause());
      }
    }
  }

  private static List<String> load(String property, Object value) throws Exception {
    Child.Ended ended =
        Child.run(Child.command(List.of("-D" + property + "=" + value), Main.class));
    assertEquals(0, ended.code(), ended.output());
    // The machine itself has to say something about files that are no library.
    List<String> lines =
        ended.output().lines().filter(line -> line.matches("(LOADED|refused: ).*")).toList();
    assertEquals(3, lines.size(), ended.output());
    assertEquals("LOADED", lines.get(2), "without the property: " + ended.output());
    return lines;
  }

  private static void loads(String property, Object value) throws Exception {
    assertEquals(List.of("LOADED", "LOADED", "LOADED"), load(property, value));
  }

  private static void refuses(String property, Object value, String cause) throws Exception {
    List<String> lines = load(property, value);
    for (String line : lines.subList(0, 2)) {
      assertTrue(line.startsWith("refused: "), line);
      for (String part : List.of(PATH, FOLDER, value.toString(), cause)) {
        assertTrue(line.contains(part), line);
      }
      assertFalse(line.endsWith("# null"), line);
    }
  }

  /** The library of the jar for this platform, as a file in the folder. */
  static Path library(Path folder) throws Exception {
    String resource = Platform.here().get(0).resource();
    try (InputStream content = Library.class.getResourceAsStream(resource)) {
      Path library = folder.resolve(FILE);
      Files.copy(content, library);
      return library;
    }
  }

  @Test
  void theLibraryThatThePathNames() throws Exception {
    loads(PATH, library(folder));
  }

  @Test
  void theFolderThatThePathNames() throws Exception {
    loads(PATH, library(folder).getParent());
  }

  @Test
  void aPathToNothing() throws Exception {
    refuses(PATH, folder.resolve("nothing.so"), "nothing.so");
    refuses(PATH, folder, FILE);
    refuses(PATH, "", FILE);
  }

  @Test
  void aPathToAnotherFile() throws Exception {
    refuses(PATH, Files.writeString(folder.resolve("text.so"), "no library"), "text.so");
  }

  @Test
  void aPathToAnotherLibrary() throws Exception {
    String folder = Os.WINDOWS ? "bin" : "lib";
    Path other = Path.of(System.getProperty("java.home"), folder, System.mapLibraryName("prefs"));
    refuses(PATH, other, "Native.version");
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a loaded file cannot be deleted")
  void whatIsUnpackedIsGoneWhenItIsLoaded() throws Exception {
    loads(FOLDER, folder);
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void aFolderThatIsNone() throws Exception {
    refuses(FOLDER, folder.resolve("missing"), "NoSuchFileException");
    refuses(FOLDER, Files.writeString(folder.resolve("file"), ""), "file");
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has no /proc")
  void aFolderThatCannotBeWrittenTo() throws Exception {
    refuses(FOLDER, "/proc", "/proc");
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has no such file systems")
  void aFileSystemWithoutExecution() throws Exception {
    Path shared = Path.of("/dev/shm");
    assumeTrue(
        Files.readAllLines(Path.of("/proc/mounts")).stream()
            .anyMatch(line -> line.contains(" " + shared + " ") && line.contains("noexec")),
        "no file system here is mounted noexec");
    refuses(FOLDER, shared, "UnsatisfiedLinkError");
  }

  /** Runs {@link Main} where a new file system of these options is mounted on the folder. */
  private static Child.Ended runOn(Path mounted, String options, List<String> command)
      throws Exception {
    String script = "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && shift 2 && exec \"$@\"";
    List<String> all =
        new ArrayList<>(List.of("unshare", "--map-root-user", "--mount", "sh", "-c"));
    all.addAll(List.of(script, "sh", options, mounted.toString()));
    List<String> probe = new ArrayList<>(all);
    probe.add("true");
    assumeTrue(ends(probe), "this user may not mount a file system, or there is no unshare(1)");
    all.addAll(Child.java(command).command());
    return Child.run(new ProcessBuilder(all));
  }

  private static boolean ends(List<String> command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).start();
      return process.waitFor(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException missing) {
      return false;
    }
  }

  /** Some machines mount /tmp so. */
  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "the others have no mount namespaces")
  void aTemporaryFolderWithoutExecution() throws Exception {
    Path mounted = Files.createDirectory(folder.resolve("mounted"));
    String option = "-Djava.io.tmpdir=" + mounted;
    Child.Ended refused = runOn(mounted, "noexec", Child.command(List.of(option), Main.class));
    List<String> lines = refused.output().lines().filter(line -> line.contains("refused")).toList();
    assertEquals(3, lines.size(), refused.output());
    for (String line : lines) {
      for (String part : List.of(PATH, FOLDER, mounted.toString(), "allows execution")) {
        assertTrue(line.contains(part), line);
      }
    }
    // The property helps, as the message says; the last attempt of the three is without it.
    Path other = Files.createDirectory(folder.resolve("other"));
    List<String> options = List.of(option, "-D" + FOLDER + "=" + other);
    Child.Ended loaded = runOn(mounted, "noexec", Child.command(options, Main.class));
    assertTrue(loaded.output().startsWith("LOADED\nLOADED\n"), loaded.output());
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "the others have no mount namespaces")
  void aHomeThatIsReadOnly() throws Exception {
    Path home = Files.createDirectory(folder.resolve("home"));
    List<String> command = Child.command(List.of("-Duser.home=" + home), Main.class);
    Child.Ended ended = runOn(home, "ro", command);
    assertEquals(new Child.Ended(0, "LOADED\n".repeat(3)), ended);
  }

  /** Neither the properties nor all systems tell which C library a process has. */
  @Test
  void theLibraryForTheOtherCLibrary() throws Exception {
    List<Platform> here = Platform.here();
    assumeTrue(here.size() > 1, "this system has one C library");
    Path resources = folder.resolve("io").resolve("capsock");
    for (Platform platform : here) {
      Files.createDirectories(resources.resolve("native").resolve(platform.folder));
    }
    Files.writeString(resources.resolve(here.get(0).resource()), "no library");
    library(resources.resolve(here.get(1).resource()).getParent());
    String path = folder + File.pathSeparator + System.getProperty("java.class.path");
    List<String> command = List.of("-cp", path, Main.class.getName());
    assertTrue(Child.run(command).output().endsWith("LOADED\n".repeat(3)));

    Files.writeString(resources.resolve(here.get(1).resource()), "no library either");
    String output = Child.run(command).output();
    assertTrue(output.contains("refused: "), output);
    assertTrue(output.contains(here.get(0).folder + ", "), output);
    assertTrue(output.contains(here.get(1).folder), output);
  }

  /** What a Java prints whose properties say that it runs there. */
  private static String loadOn(String osName, String osArch) throws Exception {
    List<String> options = List.of("-Dos.name=" + osName, "-Dos.arch=" + osArch);
    Child.Ended ended = Child.run(Child.command(options, Main.class));
    assertEquals(0, ended.code(), ended.output());
    return ended.output();
  }

  @Test
  void aPlatformByAnotherName() throws Exception {
    String osArch = System.getProperty("os.arch");
    String osName = Os.WINDOWS ? "WINDOWS" : "LINUX";
    String output = loadOn(osName, osArch.equals("amd64") ? "x64" : "arm64");
    assertEquals(List.of("LOADED", "LOADED", "LOADED"), output.lines().toList());
  }

  @Test
  void aPlatformThatTheJarHasNot() throws Exception {
    String here = Platform.here().get(0).folder;
    for (String osArch : List.of("mips", "")) {
      String output = loadOn("Plan 9", osArch);
      assertTrue(output.contains("none is for os.name=Plan 9, os.arch=" + osArch + ";"), output);
      assertTrue(output.contains("which has libraries for "), output);
      assertTrue(output.contains(here), output);
    }
  }
}
