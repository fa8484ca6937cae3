package io.capsock;

import java.io.IOException;

/**
 * What {@code java -javaagent:capsock.jar} starts before the program: the sockets of {@code
 * java.net} run on the native core from then on.
 */
public final class Agent {
  private Agent() {}

  /**
   * Called before the program's {@code main}.
   *
   * @param options not looked at
   * @throws IOException as {@link Capsock#install()}
   */
  public static void premain(String options) throws IOException {
    Capsock.install();
  }

  /**
   * Called when the agent is loaded into a program that runs.
   *
   * @param options not looked at
   * @throws IOException as {@link Capsock#install()}
   */
  public static void agentmain(String options) throws IOException {
    Capsock.install();
  }
}
