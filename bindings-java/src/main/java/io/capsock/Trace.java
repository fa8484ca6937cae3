package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A recording of this process's socket calls on the native core, including those of servers and
 * clients. Each call is one line of JSON; the {@code capsock} command draws figures from it.
 *
 * <pre>{@code
 * try (Trace trace = Trace.start(Path.of("udp.trace"))) {
 *   // what is recorded
 * }
 * }</pre>
 *
 * <p>The environment variable {@code CAPSOCK_TRACE=FILE} starts a recording with the program's
 * first call ({@code CAPSOCK_TRACE_PAYLOAD=0}: without payload), and so does the agent, with {@code
 * -javaagent:capsock.jar=trace=FILE}. {@link #start} replaces a recording that the environment
 * started.
 *
 * <p>If a line cannot be written, the recording stops with a message on standard error, and the
 * program continues.
 */
public final class Trace implements AutoCloseable {
  private Trace() {}

  /**
   * Starts a recording, with the first 32 bytes of sent and received data.
   *
   * @param file the file that the lines are appended to; several processes may record to one file
   * @return the recording; closing it calls {@link #stop()}
   * @throws IOException if the file cannot be opened, or a recording is running
   */
  public static Trace start(Path file) throws IOException {
    return start(file, true);
  }

  /**
   * Starts a recording.
   *
   * @param file the file that the lines are appended to; several processes may record to one file
   * @param payload whether the first 32 bytes of sent and received data are recorded
   * @return the recording; closing it calls {@link #stop()}
   * @throws IOException if the file cannot be opened, or a recording is running
   */
  public static Trace start(Path file, boolean payload) throws IOException {
    Native.api().traceStart(file.toString().getBytes(UTF_8), payload);
    return new Trace();
  }

  /** Stops the recording, if there is one. */
  public static void stop() {
    Native.api().traceStop();
  }

  /** Stops the recording, as {@link #stop()} does. */
  @Override
  public void close() {
    stop();
  }

  /** The name of the class, source file or jar that was started; empty if unknown. */
  static byte[] program() {
    return name(System.getProperty("sun.java.command", "")).getBytes(UTF_8);
  }

  /**
   * The program's name in what the launcher says that it runs.
   *
   * @param command the main class, module and main class, or jar, and the arguments
   */
  static String name(String command) {
    String[] words = command.split(" ", 3);
    // The launcher of source files is a program whose first argument is the file.
    boolean source = words[0].startsWith("jdk.compiler/") && words.length > 1;
    String program = source ? words[1] : words[0];
    int separator = Math.max(program.lastIndexOf('/'), program.lastIndexOf(File.separatorChar));
    String last = program.substring(separator + 1);
    boolean file = last.endsWith(".java") || last.endsWith(".jar");
    return file ? last : last.substring(last.lastIndexOf('.') + 1);
  }
}
