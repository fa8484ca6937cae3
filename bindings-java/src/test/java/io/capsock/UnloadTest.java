package io.capsock;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.capsock.net.Program;
import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A class loader that has used capsock is collected, and the library is unmapped: what a server of
 * applications does when it takes one away. Each time in a Java of its own.
 */
class UnloadTest {
  /** What each Java does, by its name. */
  enum Act {
    /** One loader for each program, one after the other. */
    EACH {
      @Override
      void run() throws Exception {
        for (Program program : Program.values()) {
          if (program.runsHere() && program != Program.USES_VIRTUAL_THREADS) {
            untilCollected(program.toString(), used(program));
            untilMapped(0);
            Wait.until("no recording is open", () -> recordings() == 0);
          }
        }
      }
    },
    /** Two loaders at once, of which one goes before the other. */
    TWO {
      @Override
      void run() throws Exception {
        URLClassLoader stays = loader();
        use(stays, Program.USES_EVERYTHING);
        untilCollected("the first", used(Program.USES_EVERYTHING));
        untilMapped(1);
        use(stays, Program.HANDLES);
        WeakReference<ClassLoader> second = new WeakReference<>(stays);
        stays.close();
        stays = null;
        untilCollected("the second", second);
        untilMapped(0);
      }
    },
    /** Two versions at once, as two applications of one server may bring along. */
    VERSIONS {
      @Override
      void run() throws Exception {
        URLClassLoader now = loader();
        URLClassLoader later = loader(System.getProperty(LATER));
        String version = version(now);
        assertEquals(later(version), version(later));
        use(now, Program.USES_EVERYTHING);
        use(later, Program.USES_EVERYTHING);
        assertEquals(version, version(now));
        WeakReference<ClassLoader> first = new WeakReference<>(now);
        now.close();
        now = null;
        untilCollected("the first version", first);
        use(later, Program.HANDLES);
        WeakReference<ClassLoader> second = new WeakReference<>(later);
        later.close();
        later = null;
        untilCollected("the second version", second);
        untilMapped(0);
      }
    },
    /** A thread has buffers in the library until it ends. */
    THREAD {
      @Override
      void run() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        AtomicReference<WeakReference<ClassLoader>> loader = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        Thread thread =
            new Thread(
                () -> {
                  loader.set(usedHere(Program.USES_EVERYTHING));
                  done.countDown();
                  try {
                    end.await();
                  } catch (InterruptedException impossible) {
                    throw new IllegalStateException(impossible);
                  }
                });
        thread.setDaemon(true);
        thread.start();
        assertTrue(done.await(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS));
        untilCollected("the loader", loader.get());
        untilMapped(1);
        end.countDown();
        thread.join();
        untilMapped(0);
      }
    },
    /** A file that is no copy is loaded by one loader at a time. */
    AGAIN {
      @Override
      void run() throws Exception {
        for (int time = 0; time < 3; time++) {
          // On this thread, which stays: what is loaded next is the library that is still mapped.
          untilCollected("loader " + time, untilUsed(Program.USES_EVERYTHING));
          assertEquals(1, mapped());
        }
      }
    },
    /** Carriers of virtual threads end a while after the last of these. */
    VIRTUAL {
      @Override
      void run() throws Exception {
        for (int time = 0; time < 2; time++) {
          untilCollected("loader " + time, used(Program.USES_VIRTUAL_THREADS));
        }
      }
    };

    abstract void run() throws Exception;

    boolean runsHere() {
      return this != VIRTUAL || Runtime.version().feature() >= 21;
    }
  }

  /** Does one act. */
  static final class Main {
    public static void main(String[] arguments) throws Exception {
      Act.valueOf(arguments[0]).run();
      System.out.println("collected");
    }
  }

  /** The property with the class path that has a later version. */
  private static final String LATER = "capsock.test.later";

  private static String later(String version) {
    return version.replaceFirst("[0-9]$", "x");
  }

  private static String version(ClassLoader loader) throws Exception {
    Class<?> type = Class.forName(Capsock.class.getName(), true, loader);
    return (String) type.getMethod("version").invoke(null);
  }

  /** The jar with a library that says that it is of another version. */
  private static Path laterJar(Path folder) throws Exception {
    String version = Capsock.version();
    Path later = folder.resolve("later.jar");
    String library = "io/capsock/" + Platform.here().get(0).resource();
    try (ZipFile jar = new ZipFile(Child.JAR.toFile());
        ZipOutputStream output = new ZipOutputStream(Files.newOutputStream(later))) {
      for (ZipEntry entry : Collections.list(jar.entries())) {
        byte[] content = jar.getInputStream(entry).readAllBytes();
        if (entry.getName().equals(library)) {
          String text = new String(content, ISO_8859_1);
          assertTrue(text.contains(version));
          content = text.replace(version, later(version)).getBytes(ISO_8859_1);
        }
        output.putNextEntry(new ZipEntry(entry.getName()));
        output.write(content);
      }
    }
    return later;
  }

  private static URLClassLoader loader() throws Exception {
    return loader(System.getProperty("java.class.path"));
  }

  /** Nothing of the tests' own loader is seen by what it loads. */
  private static URLClassLoader loader(String classPath) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String path : classPath.split(File.pathSeparator)) {
      urls.add(Path.of(path).toUri().toURL());
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  /** Runs a program in a loader of its own, on a thread that ends. */
  private static WeakReference<ClassLoader> used(Program program) throws Exception {
    try (URLClassLoader loader = loader()) {
      use(loader, program);
      return new WeakReference<>(loader);
    }
  }

  private static void use(URLClassLoader loader, Program program) throws Exception {
    AtomicReference<Throwable> failed = new AtomicReference<>();
    Thread thread = new Thread(null, () -> runIn(loader, program), "program", 0, false);
    thread.setContextClassLoader(loader);
    thread.setUncaughtExceptionHandler((one, failure) -> failed.set(failure));
    thread.start();
    thread.join();
    if (failed.get() != null) {
      throw new AssertionError(program.toString(), failed.get());
    }
  }

  private static WeakReference<ClassLoader> usedHere(Program program) {
    try (URLClassLoader loader = loader()) {
      runIn(loader, program);
      return new WeakReference<>(loader);
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** A moment after a loader is collected, Java still counts the file as loaded by it. */
  private static WeakReference<ClassLoader> untilUsed(Program program) throws Exception {
    AtomicReference<WeakReference<ClassLoader>> loader = new AtomicReference<>();
    Wait.until(
        "the library is loaded",
        () -> {
          try {
            loader.set(usedHere(program));
            return true;
          } catch (UnsatisfiedLinkError still) {
            assertTrue(still.getMessage().contains("already loaded"), still.getMessage());
            return false;
          }
        });
    return loader.get();
  }

  private static void runIn(URLClassLoader loader, Program program) {
    try {
      Class<?> type = Class.forName(Program.class.getName(), true, loader);
      assertEquals(loader, type.getClassLoader());
      Object there = type.getField(program.name()).get(null);
      ((Runnable) there).run();
    } catch (ReflectiveOperationException unexpected) {
      throw new AssertionError(unexpected);
    }
  }

  private static void untilCollected(String what, WeakReference<ClassLoader> loader)
      throws Exception {
    Wait.until(
        what + " is collected",
        () -> {
          System.gc();
          return loader.refersTo(null);
        });
  }

  /**
   * Until so many copies of the library are mapped. One of which a thread was just ending when its
   * loader was collected goes with the next library that is closed.
   */
  private static void untilMapped(int copies) throws Exception {
    Wait.until(
        copies + " copies of the library are mapped",
        () -> {
          if (mapped() == copies) {
            return true;
          }
          untilCollected("one more loader", used(Program.USES_THE_SERVICE));
          return false;
        });
  }

  /** How many files of forgotten recordings are open. */
  private static long recordings() {
    File[] open = new File("/proc/self/fd").listFiles();
    return Arrays.stream(open).filter(UnloadTest::isForgotten).count();
  }

  private static boolean isForgotten(File descriptor) {
    try {
      return Files.readSymbolicLink(descriptor.toPath()).toString().contains(".forgotten");
    } catch (IOException closed) {
      return false;
    }
  }

  /** How many copies of the library are mapped. */
  private static long mapped() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(
            line -> line.contains(System.mapLibraryName("capsock_jni")) && line.contains(" r-xp "))
        .count();
  }

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"EACH", "TWO", "THREAD", "VIRTUAL"})
  void isCollected(Act act) throws Exception {
    assumeTrue(act.runsHere(), "virtual threads are Java 21's");
    ends(act, List.of("-Xcheck:jni"));
  }

  @Test
  void twoVersionsAreCollected() throws Exception {
    String path = System.getProperty("java.class.path");
    assertTrue(path.contains(Child.JAR.toString()), path);
    String later = path.replace(Child.JAR.toString(), laterJar(folder).toString());
    ends(Act.VERSIONS, List.of("-Xcheck:jni", "-D" + LATER + "=" + later));
  }

  @Test
  void oneFileIsLoadedAgain() throws Exception {
    Path library = LoaderTest.library(folder);
    ends(Act.AGAIN, List.of("-Dcapsock.library.path=" + library));
  }

  private static void ends(Act act, List<String> options) throws Exception {
    Child.Ended ended = Child.run(Child.command(options, Main.class, act.name()), 120);
    assertEquals(0, ended.code(), ended.output());
    // Before it is what the loggers wrote.
    assertTrue(ended.output().endsWith("collected\n"), ended.output());
    assertFalse(ended.output().contains("in native method"), ended.output());
    assertFalse(ended.output().contains("WARNING: JNI"), ended.output());
  }
}
