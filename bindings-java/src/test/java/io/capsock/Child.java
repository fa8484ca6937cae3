package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Another Java, of the version that runs the tests. */
public final class Child {
  public static final Path JAR = Path.of(System.getProperty("capsock.jar"));

  /** How it ended: its exit code, and all that it wrote to standard output and error. */
  public record Ended(int code, String output) {}

  private Child() {}

  /** The options that spare the warning about native code, on the class path. */
  static List<String> classPath() {
    return List.of(
        "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"));
  }

  public static List<String> command(List<String> options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(classPath());
    command.addAll(0, options);
    command.add(main.getName());
    command.addAll(List.of(arguments));
    return command;
  }

  static ProcessBuilder java(List<String> command) {
    List<String> all = new ArrayList<>(command);
    if (Os.WINDOWS) {
      // Java warns of calls that wine lacks.
      all.add(0, "-XX:-PrintWarnings");
    }
    all.add(0, System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    return new ProcessBuilder(all).redirectErrorStream(true);
  }

  /** Runs it to its end, with a variable more in its environment. */
  public static Ended runWith(String variable, String value, List<String> command)
      throws Exception {
    ProcessBuilder builder = java(command);
    builder.environment().put(variable, value);
    return run(builder, Wait.LIMIT.toSeconds());
  }

  /** Runs it to its end. */
  public static Ended run(List<String> command, long seconds) throws Exception {
    return run(java(command), seconds);
  }

  /** Runs to its end what starts a Java in some environment. */
  static Ended run(ProcessBuilder command) throws Exception {
    return run(command.redirectErrorStream(true), Wait.LIMIT.toSeconds());
  }

  private static Ended run(ProcessBuilder command, long seconds) throws Exception {
    Path output = Files.createTempFile("capsock-test-", ".txt");
    Process process = command.redirectOutput(output.toFile()).start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        throw new TimeoutException(command.command() + " still runs: " + read(output));
      }
      return new Ended(process.exitValue(), read(output));
    } finally {
      process.destroyForcibly().waitFor();
      Files.delete(output);
    }
  }

  public static Ended run(List<String> command) throws Exception {
    return run(command, Wait.LIMIT.toSeconds());
  }

  private static String read(Path file) throws IOException {
    String output = new String(Files.readAllBytes(file), UTF_8);
    return output.replace(System.lineSeparator(), "\n");
  }
}
