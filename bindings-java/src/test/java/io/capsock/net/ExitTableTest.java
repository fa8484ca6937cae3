package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capsock.Child;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A program that ends in the middle of its calls ends as it says: with its exit status, soon, and
 * without a word. Each Java that ends is in the middle of every {@link Call} at once.
 */
class ExitTableTest {
  /** So many Javas end. */
  private static final int EXITS = 40;

  /** How a program ends. */
  enum End {
    EXIT(7) {
      @Override
      void end() {
        System.exit(7);
      }
    },
    HALT(9) {
      @Override
      void end() {
        Runtime.getRuntime().halt(9);
      }
    },
    EXIT_IN_A_HANDLER(5) {
      @Override
      void end() throws Exception {
        Call.inHandler(() -> System.exit(5));
      }
    },
    HALT_IN_A_HANDLER(6) {
      @Override
      void end() throws Exception {
        Call.inHandler(() -> Runtime.getRuntime().halt(6));
      }
    },
    CLOSE_IN_A_HOOK(8) {
      @Override
      void end() throws Exception {
        Call.closeAtExit();
        System.exit(8);
      }
    },
    RETURN(0) {
      @Override
      void end() {}
    },
    THROW(1) {
      @Override
      void end() {
        throw new IllegalStateException("thrown on purpose");
      }
    };

    private final int status;

    End(int status) {
      this.status = status;
    }

    abstract void end() throws Exception;

    /** Java waits for threads that are no daemons, unless it is told to exit. */
    boolean comesWith(On on) {
      return on != On.USER || (this != RETURN && this != THROW);
    }
  }

  /** The threads that make the calls. */
  enum On {
    USER {
      @Override
      void start(Runnable call) {
        new Thread(call).start();
      }
    },
    DAEMON {
      @Override
      void start(Runnable call) {
        Threads.SYSTEM.start(call);
      }
    },
    VIRTUAL {
      @Override
      void start(Runnable call) {
        Threads.VIRTUAL.start(call);
      }
    };

    abstract void start(Runnable call);

    boolean runsHere() {
      return this != VIRTUAL || Runtime.version().feature() >= 21;
    }
  }

  /** Makes every call, and ends when all have begun, or at once. */
  static final class Main {
    public static void main(String[] arguments) throws Exception {
      On on = On.valueOf(arguments[1]);
      CountDownLatch begun = new CountDownLatch(Call.values().length);
      for (Call call : Call.values()) {
        on.start(
            () -> {
              try {
                call.make(begun::countDown);
                System.err.println(call + " has returned");
              } catch (Throwable failed) {
                System.err.println(call + " has failed: " + failed);
              }
            });
      }
      if (arguments[2].equals("begun")) {
        if (!begun.await(60, TimeUnit.SECONDS)) {
          System.err.println(begun.getCount() + " calls have not begun");
        }
      }
      End.valueOf(arguments[0]).end();
    }
  }

  private record Exit(End end, On on, String when, boolean checked) {
    /** Every way to end with every kind of threads, and from the beginning again. */
    static List<Exit> table() {
      List<Exit> table = new ArrayList<>();
      while (table.size() < EXITS) {
        for (End end : End.values()) {
          for (On on : On.values()) {
            if (on.runsHere() && end.comesWith(on)) {
              int number = table.size();
              table.add(
                  new Exit(end, on, number % 4 == 3 ? "soon" : "begun", number / 10 % 2 == 1));
            }
          }
        }
      }
      return table;
    }

    /** What is wrong with it; nothing most of the time. */
    List<String> run(Path folder) throws Exception {
      List<String> options = new ArrayList<>();
      options.add("-XX:ErrorFile=" + folder.resolve("crash-%p.log"));
      options.add("-XX:TieredStopAtLevel=1");
      // What is logged is logged to nobody.
      options.add("-Djava.util.logging.config.file=" + folder.resolve(LOGGING));
      // A call of a client keeps its carrier: each has one.
      options.add("-Djdk.virtualThreadScheduler.parallelism=32");
      if (checked) {
        options.add("-Xcheck:jni");
      }
      Child.Ended ended =
          Child.run(Child.command(options, Main.class, end.name(), on.name(), when));
      List<String> wrong = new ArrayList<>();
      if (ended.code() != end.status) {
        wrong.add(this + " ended with " + ended.code());
      }
      ended
          .output()
          .lines()
          .filter(line -> end != End.THROW || !line.startsWith("\tat io.capsock.net.ExitTableTest"))
          .filter(line -> !line.equals(THROWN))
          .forEach(line -> wrong.add(this + ": " + line));
      return wrong;
    }
  }

  private static final String LOGGING = "logging.properties";

  private static final String THROWN =
      "Exception in thread \"main\" java.lang.IllegalStateException: thrown on purpose";

  @TempDir Path folder;

  @Test
  @Timeout(300)
  void everyExit() throws Exception {
    Files.writeString(folder.resolve(LOGGING), "handlers=\n");
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      List<Callable<List<String>>> exits = new ArrayList<>();
      for (Exit exit : Exit.table()) {
        exits.add(() -> exit.run(folder));
      }
      List<String> wrong = new ArrayList<>();
      for (Future<List<String>> exit : two.invokeAll(exits)) {
        wrong.addAll(exit.get());
      }
      assertEquals(List.of(), wrong);
      assertTrue(exits.size() >= EXITS);
      try (Stream<Path> crashes = Files.list(folder)) {
        assertEquals(List.of(folder.resolve(LOGGING)), crashes.toList());
      }
    } finally {
      two.shutdownNow();
    }
  }
}
