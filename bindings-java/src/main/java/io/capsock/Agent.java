package io.capsock;

import io.capsock.net.Hints;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The agent that {@code java -javaagent:capsock.jar} starts before the program: it installs the
 * sockets as {@link Capsock#install()} does.
 *
 * <p>{@code -javaagent:capsock.jar=trace=FILE} also records their calls, as {@link Trace} does;
 * {@code trace=FILE,no-payload} leaves out the data. If the name of the file contains a comma, use
 * the environment variable instead.
 *
 * <p>The agent prints hints about common mistakes on standard error ({@link io.capsock.net.Hints});
 * {@code -javaagent:capsock.jar=hints=off} disables them.
 */
public final class Agent {
  private Agent() {}

  /**
   * Called before {@code main}. An option that it does not know, and a file that cannot be opened,
   * end the program with a line on standard error and exit status 1: an exception of an agent makes
   * the JVM abort, with a dump of its own frames.
   *
   * @param options null or empty, or {@code trace=FILE}, {@code no-payload} and {@code hints=off},
   *     separated by commas
   */
  public static void premain(String options) {
    try {
      start(options);
    } catch (IOException | IllegalArgumentException wrong) {
      System.err.println("capsock: " + wrong.getMessage());
      System.exit(1);
    }
  }

  /**
   * Called when the agent is loaded into a running program.
   *
   * @param options as for {@link #premain(String)}
   * @throws IOException as {@link Capsock#install()}, and if the file cannot be opened
   * @throws IllegalArgumentException for an option that it does not know
   */
  public static void agentmain(String options) throws IOException {
    start(options);
  }

  private static void start(String options) throws IOException {
    String file = null;
    boolean payload = true;
    boolean hints = true;
    for (String option : options == null ? new String[0] : options.split(",")) {
      if (option.startsWith("trace=") && option.length() > "trace=".length()) {
        file = option.substring("trace=".length());
      } else if (option.equals("no-payload")) {
        payload = false;
      } else if (option.equals("hints=off")) {
        hints = false;
      } else if (!option.isEmpty()) {
        throw new IllegalArgumentException(
            "capsock.jar knows no agent option '"
                + option
                + "': there are trace=FILE, no-payload and hints=off");
      }
    }
    install(hints);
    if (file != null) {
      Trace.start(Path.of(file), payload);
    }
  }

  private static void install(boolean hints) throws IOException {
    try {
      Capsock.install();
      if (hints) {
        Hints.start();
      }
    } catch (SecurityException denied) {
      throw new SecurityException(
          "the agent of capsock.jar needs a grant in the policy of the security manager:"
              + " grant codeBase \"file:/path/to/capsock.jar\" { permission"
              + " java.security.AllPermission; };",
          denied);
    }
  }
}
