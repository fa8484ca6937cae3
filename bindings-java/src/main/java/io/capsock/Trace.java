package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A record of what every socket call did, from which pictures are drawn: of this process's sockets
 * on the native core, its servers and clients. Each call is a line of JSON.
 *
 * <pre>{@code
 * try (Trace trace = Trace.start(Path.of("udp.trace"))) {
 *   // what is recorded
 * }
 * }</pre>
 *
 * <p>The environment variable {@code CAPSOCK_TRACE=FILE} does the same from a program's first call
 * on ({@code CAPSOCK_TRACE_PAYLOAD=0} records no payload), and so does the agent, {@code
 * -javaagent:capsock.jar=trace=FILE}. A recording that the environment asked for gives way to one
 * that is started here.
 *
 * <p>Where a line cannot be written, the recording ends, standard error says so, and the program
 * goes on.
 */
public final class Trace implements AutoCloseable {
  private Trace() {}

  /**
   * Records from now on, with the first 32 bytes of what is sent and received.
   *
   * @param file what the lines are appended to; several processes may record to one file
   * @return the recording; closing it is {@link #stop()}
   * @throws IOException if the file cannot be opened, or a recording is running
   */
  public static Trace start(Path file) throws IOException {
    return start(file, true);
  }

  /**
   * Records from now on.
   *
   * @param file what the lines are appended to; several processes may record to one file
   * @param payload whether the first 32 bytes of what is sent and received are recorded
   * @return the recording; closing it is {@link #stop()}
   * @throws IOException if the file cannot be opened, or a recording is running
   */
  public static Trace start(Path file, boolean payload) throws IOException {
    Native.api().traceStart(file.toString().getBytes(UTF_8), payload);
    return new Trace();
  }

  /** Ends the recording, if there is one. */
  public static void stop() {
    Native.api().traceStop();
  }

  /** Ends the recording, as {@link #stop()} does. */
  @Override
  public void close() {
    stop();
  }

  /** The name of the class, source file or jar that was started; empty if nobody knows. */
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
    String last = program.substring(program.lastIndexOf('/') + 1);
    boolean file = last.endsWith(".java") || last.endsWith(".jar");
    return file ? last : last.substring(last.lastIndexOf('.') + 1);
  }
}
