package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The metadata for GraalVM's native-image names what the library and the classes look up by name.
 * An agent records what the library looks up in the tests of {@link CheckJniTest}. With
 * CAPSOCK_BLESS=1 the test writes the file.
 */
class NativeImageTest {
  private static final Path PROJECT = Path.of(System.getProperty("capsock.api")).getParent();
  private static final String FILE =
      "META-INF/native-image/io.capsock/capsock/reachability-metadata.json";

  /** What is looked up only when a jar and a library of different versions meet. */
  private static final List<String> MISMATCH =
      List.of(
          "class\tjava/lang/UnsatisfiedLinkError",
          "method\tLjava/lang/UnsatisfiedLinkError;\t<init>\t(Ljava/lang/String;)V");

  @TempDir Path folder;

  /** What is looked up of a class. */
  private static final class Entry {
    final TreeSet<String> fields = new TreeSet<>();
    final TreeSet<String> methods = new TreeSet<>();
    boolean fromNative;
    boolean everyPublicField;
  }

  private final Map<String, Entry> entries = new TreeMap<>();

  private Entry entry(String type) {
    return entries.computeIfAbsent(type, name -> new Entry());
  }

  @Test
  @Timeout(300)
  @EnabledOnOs(value = OS.LINUX, disabledReason = "the agent asks the dynamic linker")
  void namesWhatIsLookedUp() throws Exception {
    for (String line : recorded()) {
      add(line.split("\t", -1));
    }
    MISMATCH.forEach(line -> add(line.split("\t", -1)));
    // What the classes look up themselves.
    entry("java.lang.Thread").methods.add(method("isVirtual", "()Z"));
    entry("jdk.net.ExtendedSocketOptions").everyPublicField = true;
    String needed = json();
    if (System.getenv("CAPSOCK_BLESS") != null) {
      Path file = PROJECT.resolve("src/main/resources").resolve(FILE);
      Files.createDirectories(file.getParent());
      Files.writeString(file, needed);
      return;
    }
    try (InputStream packed = Capsock.class.getResourceAsStream("/" + FILE)) {
      assertTrue(packed != null, "the jar has no " + FILE);
      String text = new String(packed.readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(needed, text, "CAPSOCK_BLESS=1 writes " + FILE);
    }
  }

  /** The look-ups of the library while the tests run. */
  private List<String> recorded() throws Exception {
    Path agent = compile(PROJECT.resolve("src/test/native/lookups.c"));
    Path record = folder.resolve("record");
    String option = "-agentpath:%s=%s=%s".formatted(agent, "capsock_jni", record);
    List<String> command = Child.command(List.of(option), CheckJniTest.Main.class);
    Child.Ended ended = Child.run(command, 280);
    assertEquals(0, ended.code(), ended.output());
    List<String> lines = Files.readAllLines(record).stream().distinct().toList();
    assertTrue(lines.size() > 40, lines.toString());
    return lines;
  }

  private Path compile(Path source) throws Exception {
    Path include = Path.of(System.getProperty("java.home"), "include");
    assumeTrue(Files.exists(include.resolve("jvmti.h")), "this Java has no jvmti.h");
    Path agent = folder.resolve("liblookups.so");
    List<String> command = new ArrayList<>(List.of("cc", "-std=c99", "-Wall", "-Wextra"));
    command.addAll(List.of("-Werror", "-shared", "-fPIC", "-I" + include));
    command.add("-I" + include.resolve("linux"));
    command.addAll(List.of("-o", agent.toString(), source.toString(), "-ldl"));
    Process compiler;
    try {
      compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException missing) {
      assumeTrue(false, "there is no C compiler: " + missing.getMessage());
      throw missing;
    }
    String output = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(compiler.waitFor(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertEquals(0, compiler.exitValue(), output);
    return agent;
  }

  private void add(String[] line) {
    Entry entry = entry(typeName(line[1]));
    entry.fromNative = true;
    switch (line[0]) {
      case "field" -> entry.fields.add("{\"name\": \"%s\"}".formatted(line[2]));
      case "method" -> entry.methods.add(method(line[2], line[3]));
      case "class", "loaded" -> {}
      default -> throw new AssertionError(String.join(" ", line));
    }
  }

  /** The name of a class as Java's source has it, of one in any of JNI's forms. */
  private static String typeName(String name) {
    String descriptor = name.matches("\\[.*|L.*;") ? name : "L" + name + ";";
    return types("(" + descriptor.replace('.', '/') + ")V").get(0);
  }

  private static List<String> types(String descriptor) {
    ClassLoader loader = NativeImageTest.class.getClassLoader();
    return MethodType.fromMethodDescriptorString(descriptor, loader).parameterList().stream()
        .map(Class::getTypeName)
        .toList();
  }

  private static String method(String name, String descriptor) {
    String types =
        types(descriptor).stream().map(type -> '"' + type + '"').collect(Collectors.joining(", "));
    return "{\"name\": \"%s\", \"parameterTypes\": [%s]}".formatted(name, types);
  }

  private String json() {
    String reflection =
        entries.entrySet().stream()
            .map(entry -> entryJson(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining(",\n"));
    return """
        {
          "reflection": [
        %s
          ],
          "resources": [
            {"glob": "io/capsock/native/**"},
            {"module": "io.capsock", "glob": "io/capsock/native/**"}
          ]
        }
        """
        .formatted(reflection);
  }

  private static String entryJson(String type, Entry entry) {
    List<String> members = new ArrayList<>();
    members.add("      \"type\": \"%s\"".formatted(type));
    if (entry.fromNative) {
      members.add("      \"jniAccessible\": true");
    }
    if (entry.everyPublicField) {
      members.add("      \"allPublicFields\": true");
    }
    addList(members, "fields", entry.fields);
    addList(members, "methods", entry.methods);
    return "    {\n" + String.join(",\n", members) + "\n    }";
  }

  private static void addList(List<String> members, String name, TreeSet<String> values) {
    if (!values.isEmpty()) {
      String list = values.stream().map(one -> "        " + one).collect(Collectors.joining(",\n"));
      members.add("      \"%s\": [\n%s\n      ]".formatted(name, list));
    }
  }
}
