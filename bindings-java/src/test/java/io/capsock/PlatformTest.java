package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of platforms, beside what Java, the build and the system call them. */
class PlatformTest {
  private static final String FOLDER = "io/capsock/native/";

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, false, linux-x86_64 linux-musl-x86_64",
    "Linux, amd64, true, linux-musl-x86_64 linux-x86_64",
    "LINUX, x86_64, false, linux-x86_64 linux-musl-x86_64",
    "Linux, aarch64, false, linux-aarch64 linux-musl-aarch64",
    "Linux, aarch_64, true, linux-musl-aarch64 linux-aarch64",
    "Mac OS X, x86_64, false, macos-x86_64",
    "Mac OS X, aarch64, false, macos-aarch64",
    "macOS, arm64, false, macos-aarch64",
    "Darwin, arm64, false, macos-aarch64",
    "Windows 10, amd64, false, windows-x86_64",
    "Windows 11, x64, false, windows-x86_64",
    "Windows 11, aarch64, false, windows-aarch64",
    "Windows Server 2022, amd64, false, windows-x86_64",
    "FreeBSD, amd64, false, freebsd-x86_64",
    "FreeBSD, aarch64, false, ''",
    "Linux, i386, false, ''",
    "Linux, arm, true, ''",
    "Windows 10, x86, false, ''",
    "AIX, ppc64, false, ''",
    "'', '', false, ''",
  })
  void whatJavaCallsThem(String osName, String osArch, boolean musl, String expected) {
    String found =
        Platform.candidates(osName, osArch, musl).stream()
            .map(platform -> platform.folder)
            .collect(Collectors.joining(" "));
    assertEquals(expected, found);
  }

  @ParameterizedTest
  @CsvSource({
    "/lib/ld-musl-x86_64.so.1, true",
    "/lib/ld-musl-aarch64.so.1, true",
    "/usr/lib/x86_64-linux-musl/libc.so, true",
    "/usr/lib/x86_64-linux-gnu/libc.so.6, false",
    "/lib/x86_64-linux-gnu/libc-2.31.so, false",
    "/lib64/ld-linux-x86-64.so.2, false",
    "/home/ld-musl-fan/java, false",
    "[heap], false",
    "'', false",
  })
  void whoseLibraryIsMapped(String path, boolean musl) {
    String other = "7f0000000000-7f0000001000 r--p 00000000 fe:00 1234      /usr/bin/java";
    String line = "7f1000000000-7f1000001000 r-xp 00001000 fe:00 5678      " + path;
    assertEquals(musl, Platform.mapsMusl(List.of(other, line)));
  }

  /** The names of the build, in native-library.sh, are those of the table. */
  @Test
  void whatTheBuildCallsThem() throws Exception {
    Map<String, Platform> targets =
        Map.of(
            "x86_64-unknown-linux-gnu", Platform.LINUX_X86_64,
            "aarch64-unknown-linux-gnu", Platform.LINUX_AARCH64,
            "x86_64-unknown-linux-musl", Platform.LINUX_MUSL_X86_64,
            "aarch64-unknown-linux-musl", Platform.LINUX_MUSL_AARCH64,
            "x86_64-apple-darwin", Platform.MACOS_X86_64,
            "aarch64-apple-darwin", Platform.MACOS_AARCH64,
            "x86_64-pc-windows-gnu", Platform.WINDOWS_X86_64,
            "aarch64-pc-windows-msvc", Platform.WINDOWS_AARCH64,
            "x86_64-unknown-freebsd", Platform.FREEBSD_X86_64);
    assertEquals(Set.of(Platform.values()), Set.copyOf(targets.values()));
    Path script = Path.of(System.getProperty("capsock.api")).resolveSibling("native-library.sh");
    for (Map.Entry<String, Platform> target : targets.entrySet()) {
      Process process = new ProcessBuilder(script.toString(), target.getKey()).start();
      String printed = new String(process.getInputStream().readAllBytes());
      assertTrue(process.waitFor(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS));
      Platform platform = target.getValue();
      assertEquals(platform.folder + "/" + platform.file + "\n", printed);
      assertEquals("native/" + printed.strip(), platform.resource());
    }
  }

  @Test
  void whatTheJarHas() throws Exception {
    Set<String> known =
        Arrays.stream(Platform.values())
            .map(platform -> "io/capsock/" + platform.resource())
            .collect(Collectors.toSet());
    try (JarFile jar = new JarFile(Child.JAR.toFile())) {
      Set<String> there =
          jar.stream()
              .filter(entry -> !entry.isDirectory() && entry.getName().startsWith(FOLDER))
              .map(entry -> entry.getName())
              .collect(Collectors.toCollection(TreeSet::new));
      assertTrue(known.containsAll(there), there.toString());
      List<Platform> here = Platform.here();
      assertTrue(
          here.stream().anyMatch(one -> there.contains("io/capsock/" + one.resource())),
          there.toString());
      assertEquals(System.mapLibraryName("capsock_jni"), here.get(0).file);
    }
  }
}
