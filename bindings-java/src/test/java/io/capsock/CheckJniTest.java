package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.capsock.net.CloseRaceTest;
import io.capsock.net.ScenariosTest;
import java.io.PrintWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/**
 * All tests that run in one Java, once more under {@code -Xcheck:jni}, without a warning. Capsock's
 * own methods are compiled at their first call: the collector then sees a local variable no longer
 * than it is needed.
 */
class CheckJniTest {
  private static final List<Class<?>> TESTS =
      List.of(
          CapsockTest.class,
          ClientTest.class,
          CloseTest.class,
          CopyTest.class,
          ErrorsTest.class,
          HandlerTest.class,
          ManyTest.class,
          ServerTest.class,
          SlowHandlerTest.class,
          CloseRaceTest.class,
          ScenariosTest.class);

  static final class Main {
    public static void main(String[] arguments) {
      LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request();
      TESTS.forEach(test -> request.selectors(DiscoverySelectors.selectClass(test)));
      Launcher launcher = LauncherFactory.create();
      SummaryGeneratingListener summary = new SummaryGeneratingListener();
      launcher.execute(request.build(), summary);
      summary.getSummary().printTo(new PrintWriter(System.out, true));
      summary.getSummary().printFailuresTo(new PrintWriter(System.out, true));
      long failed = summary.getSummary().getTotalFailureCount();
      System.exit(failed == 0 && summary.getSummary().getTestsSucceededCount() > 100 ? 0 : 1);
    }
  }

  @Test
  @Timeout(300)
  void noWarning() throws Exception {
    List<String> options =
        List.of("-Xcheck:jni", "-Xcomp", "-XX:CompileCommand=compileonly,io/capsock/*.*");
    Child.Ended ended = Child.run(Child.command(options, Main.class), 290);
    assertEquals(0, ended.code(), ended.output());
    // Both kinds of finding, "WARNING in native method" and "FATAL ERROR in native method", and a
    // frame with too many references.
    assertFalse(ended.output().contains("in native method"), ended.output());
    assertFalse(ended.output().contains("WARNING: JNI"), ended.output());
  }
}
