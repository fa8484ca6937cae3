package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar alone: on the module path, on the class path, for a program in one source file. */
class ModuleTest {
  private static final String PROGRAM =
      """
      package app;

      import io.capsock.*;
      import java.io.*;

      public class Main {
        public static void main(String[] arguments) throws IOException {
          Handler handler = Handler.ofText(text -> text.strip() + "!");
          try (Server server = Server.tcp().port(0).framing(Framing.LINE).handler(handler).start();
              TcpClient client = new TcpClient("localhost", server.port())) {
            System.out.println(client.request("hello"));
            var output = new ByteArrayOutputStream();
            client.copy(new ByteArrayInputStream("copied\\n".getBytes()), output);
            System.out.print(output);
          }
          try {
            new TcpClient("localhost", -1);
          } catch (IllegalArgumentException error) {
            System.out.println("refused");
          }
          try (var server = new io.capsock.net.ServerSocket(0);
              var client = new io.capsock.net.Socket("localhost", server.getLocalPort());
              var theirs = new java.net.Socket()) {
            // The module jdk.net has some of the options, and need not be there.
            System.out.println(client.supportedOptions().equals(theirs.supportedOptions()));
          }
        }
      }
      """;
  private static final String OUTPUT = "hello!\ncopied!\nrefused\ntrue\n";

  @TempDir Path folder;

  private void compile(String... options) throws Exception {
    List<String> command = new ArrayList<>(List.of(options));
    command.addAll(List.of("-d", folder.resolve("out").toString()));
    command.add(source().toString());
    if (command.contains("--module-path")) {
      Path module = folder.resolve("module-info.java");
      command.add(Files.writeString(module, "module app { requires io.capsock; }").toString());
    }
    int result =
        ToolProvider.getSystemJavaCompiler().run(null, null, null, command.toArray(String[]::new));
    assertEquals(0, result);
  }

  private Path source() throws Exception {
    Path source = Files.createDirectories(folder.resolve("app")).resolve("Main.java");
    return Files.writeString(source, PROGRAM);
  }

  /** Runs it so that native code which was not allowed is an error, where Java knows that. */
  private static void run(String allowed, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("--enable-native-access=" + allowed));
    if (Runtime.version().feature() >= 24) {
      all.add("--illegal-native-access=deny");
    }
    all.addAll(List.of(command));
    assertEquals(new Child.Ended(0, OUTPUT), Child.run(all));
  }

  @Test
  void onTheModulePath() throws Exception {
    compile("--module-path", Child.JAR.toString());
    String path = Child.JAR + File.pathSeparator + folder.resolve("out");
    run("io.capsock", "--module-path", path, "-m", "app/app.Main");
  }

  @Test
  void onTheClassPath() throws Exception {
    compile("-cp", Child.JAR.toString());
    String path = Child.JAR + File.pathSeparator + folder.resolve("out");
    run("ALL-UNNAMED", "-cp", path, "app.Main");
  }

  @Test
  void fromOneSourceFile() throws Exception {
    run("ALL-UNNAMED", "-cp", Child.JAR.toString(), source().toString());
  }
}
