package io.capsock;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The platforms that a native library is built for. This is the one table of their names: of the
 * folders in the jar, and of what the properties {@code os.name} and {@code os.arch} call them.
 */
enum Platform {
  LINUX_X86_64("linux-x86_64", "libcapsock_jni.so"),
  LINUX_AARCH64("linux-aarch64", "libcapsock_jni.so"),
  LINUX_MUSL_X86_64("linux-musl-x86_64", "libcapsock_jni.so"),
  LINUX_MUSL_AARCH64("linux-musl-aarch64", "libcapsock_jni.so"),
  MACOS_X86_64("macos-x86_64", "libcapsock_jni.dylib"),
  MACOS_AARCH64("macos-aarch64", "libcapsock_jni.dylib"),
  WINDOWS_X86_64("windows-x86_64", "capsock_jni.dll"),
  WINDOWS_AARCH64("windows-aarch64", "capsock_jni.dll"),
  FREEBSD_X86_64("freebsd-x86_64", "libcapsock_jni.so");

  /** The name of the platform: a folder of the jar. */
  final String folder;

  /** The name of the library's file, as {@link System#mapLibraryName} has it on the platform. */
  final String file;

  Platform(String folder, String file) {
    this.folder = folder;
    this.file = file;
  }

  /** The library in the jar, as a resource of this package. */
  String resource() {
    return "native/" + folder + "/" + file;
  }

  /** Whether the platform locks the file of a loaded library: it cannot be deleted or replaced. */
  boolean locksLoadedFiles() {
    return folder.startsWith("windows-");
  }

  /** The platforms whose library can run in this process, the most likely first. */
  static List<Platform> here() {
    return candidates(System.getProperty("os.name"), System.getProperty("os.arch"), usesMusl());
  }

  /**
   * The platforms whose library can run in a process, the most likely first; empty if there is
   * none. Linux has two, one for each C library: without {@code /proc}, nothing tells which.
   *
   * @param osName the property {@code os.name}
   * @param osArch the property {@code os.arch}
   * @param musl whether the process has mapped musl
   */
  static List<Platform> candidates(String osName, String osArch, boolean musl) {
    String architecture = architecture(osArch);
    String system = system(osName);
    List<String> systems = new ArrayList<>(List.of(system));
    if (system.equals("linux")) {
      systems.add(musl ? 0 : 1, "linux-musl");
    }
    return systems.stream()
        .map(one -> one + "-" + architecture)
        .flatMap(name -> Arrays.stream(values()).filter(one -> one.folder.equals(name)))
        .toList();
  }

  private static String system(String osName) {
    String name = osName.toLowerCase(Locale.ROOT);
    if (name.startsWith("windows")) {
      return "windows";
    }
    return name.startsWith("mac") || name.startsWith("darwin") ? "macos" : name;
  }

  private static String architecture(String osArch) {
    String name = osArch.toLowerCase(Locale.ROOT);
    return switch (name) {
      case "amd64", "x64", "x86-64" -> "x86_64";
      case "arm64", "aarch_64" -> "aarch64";
      default -> name;
    };
  }

  private static boolean usesMusl() {
    try {
      // The paths in it have any bytes, of which ASCII matters.
      return mapsMusl(Files.readAllLines(Path.of("/proc/self/maps"), ISO_8859_1));
    } catch (IOException absent) {
      return false;
    }
  }

  /**
   * Whether a process has mapped musl, and not glibc. The distribution does not tell: a program of
   * either C library may run on any.
   *
   * @param maps the lines of {@code /proc/self/maps} (proc(5))
   */
  static boolean mapsMusl(List<String> maps) {
    // musl's loader is its C library, libc.so, of which glibc's name has a version.
    return maps.stream()
        .map(line -> line.substring(line.lastIndexOf('/') + 1))
        .anyMatch(name -> name.startsWith("ld-musl-") || name.equals("libc.so"));
  }
}
