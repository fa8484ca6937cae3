package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The public classes and members of the jar are those that {@code api.txt} records. A recorded line
 * is removed or changed only when the major version moves. With CAPSOCK_BLESS=1 the test writes new
 * lines.
 */
class ApiTest {
  private static final Path RECORD = Path.of(System.getProperty("capsock.api"));
  private static final String ABOUT =
      "The Java API: the public classes and members of the jar. Written by ApiTest.";

  @Test
  void thePublicNamesAreTheRecordedOnes() throws Exception {
    List<String> exported = List.copyOf(publicNames());
    assertTrue(exported.size() > 100, exported.toString());
    String version = Capsock.version().replaceFirst("\\..*", "");
    String current = rendered(version, exported);
    String recorded = Files.exists(RECORD) ? Files.readString(RECORD) : "";
    if (recorded.equals(current)) {
      return;
    }
    List<String> lost = lost(recorded, version, exported);
    if (!lost.isEmpty()) {
      fail(
          "%d lines of %s have been removed or changed, and programs that use them break; "
                  .formatted(lost.size(), RECORD)
              + "the major version %s has to move first:\n".formatted(version)
              + String.join("\n", lost));
    }
    if (System.getenv("CAPSOCK_BLESS") != null) {
      Files.writeString(RECORD, current);
      return;
    }
    List<String> old = recorded.lines().toList();
    fail(
        "%s does not record what is exported; CAPSOCK_BLESS=1 writes it. New:\n".formatted(RECORD)
            + current
                .lines()
                .filter(line -> !old.contains(line))
                .collect(Collectors.joining("\n")));
  }

  @Test
  void aLineIsRemovedWithTheMajorVersionAlone() {
    String recorded = rendered("1", List.of("a", "b"));
    assertEquals(List.of("# version: 1", "a", "b"), recorded.lines().skip(1).toList());
    assertEquals(List.of(), lost(recorded, "1", List.of("a", "b", "new")));
    assertEquals(List.of("a"), lost(recorded, "1", List.of("b")));
    assertEquals(List.of(), lost(recorded, "2", List.of("b")));
  }

  private static String rendered(String version, List<String> exported) {
    Stream<String> head = Stream.of("# " + ABOUT, "# version: " + version);
    return Stream.concat(head, exported.stream())
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  /** The recorded lines that are exported no more, if the version is the same. */
  private static List<String> lost(String recorded, String version, List<String> exported) {
    List<String> lines = recorded.lines().toList();
    if (!lines.contains("# version: " + version)) {
      return List.of();
    }
    return lines.stream()
        .filter(line -> !line.startsWith("#") && !exported.contains(line))
        .toList();
  }

  private static TreeSet<String> publicNames() throws IOException, ClassNotFoundException {
    TreeSet<String> lines = new TreeSet<>();
    try (JarFile jar = new JarFile(Child.JAR.toFile())) {
      List<String> names = new ArrayList<>();
      jar.stream()
          .map(entry -> entry.getName())
          .filter(name -> name.endsWith(".class"))
          .forEach(names::add);
      for (String name : names) {
        if (name.equals("module-info.class")) {
          continue;
        }
        String className = name.replace('/', '.').substring(0, name.length() - ".class".length());
        Class<?> type = Class.forName(className, false, ApiTest.class.getClassLoader());
        if (isPublic(type)) {
          addClass(type, lines::add);
        }
      }
    }
    return lines;
  }

  private static boolean isPublic(Class<?> type) {
    for (Class<?> outer = type; outer != null; outer = outer.getDeclaringClass()) {
      if (!isVisible(outer.getModifiers()) || outer.isAnonymousClass() || outer.isLocalClass()) {
        return false;
      }
    }
    return true;
  }

  /** Visible to programs: public, or protected, which is visible to derived classes. */
  private static boolean isVisible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static void addClass(Class<?> type, Consumer<String> lines) {
    lines.accept(head(type));
    // A member of a class that is not public is one of each public class that inherits it.
    for (Class<?> from = type; from == type || isHidden(from); from = from.getSuperclass()) {
      addMembers(type, from, lines);
    }
  }

  private static boolean isHidden(Class<?> type) {
    return type != null && type.getName().startsWith("io.capsock.") && !isPublic(type);
  }

  private static void addMembers(Class<?> type, Class<?> from, Consumer<String> lines) {
    Stream<Member> methods = Arrays.stream(from.getDeclaredMethods());
    Stream<Member> constructors =
        Arrays.stream(type == from ? from.getDeclaredConstructors() : new Member[0]);
    Stream<Member> fields = Arrays.stream(from.getDeclaredFields());
    Stream.of(methods, constructors, fields)
        .flatMap(members -> members)
        .filter(member -> isVisible(member.getModifiers()) && !member.isSynthetic())
        // Programs are given records, and a later version may add a component.
        .filter(member -> !(type.isRecord() && member instanceof Constructor))
        .forEach(member -> lines.accept(line(type, from, member)));
  }

  /** The member as its declaration has it, under the name of the public class. */
  private static String line(Class<?> type, Class<?> from, Member member) {
    String text =
        member instanceof Executable executable
            ? executable.toGenericString()
            : ((Field) member).toGenericString();
    // How a method does its work is no part of what it promises.
    text = text.replace("native ", "").replace("synchronized ", "");
    text = text.replace(" " + from.getName() + ".", " " + type.getName() + ".");
    return type.getName() + ": " + text.replace(type.getName() + ".", "") + constant(member);
  }

  /** The value of a constant, which is compiled into programs. */
  private static String constant(Member member) {
    if (!(member instanceof Field field) || field.isEnumConstant()) {
      return "";
    }
    boolean isSimple = field.getType().isPrimitive() || field.getType() == String.class;
    int modifiers = field.getModifiers();
    if (!isSimple || !Modifier.isStatic(modifiers) || !Modifier.isFinal(modifiers)) {
      return "";
    }
    try {
      return " = " + field.get(null);
    } catch (IllegalAccessException error) {
      return "";
    }
  }

  /** What the class is. A further abstract method breaks those that implement it. */
  private static String head(Class<?> type) {
    String text = type.toGenericString();
    StringBuilder head = new StringBuilder(type.getName()).append(": ");
    head.append(text, 0, text.indexOf(type.getName()) - 1);
    Type superclass = type.getGenericSuperclass();
    if (superclass != null && superclass != Object.class && !isHidden(type.getSuperclass())) {
      head.append(" extends ").append(superclass.getTypeName());
    }
    head.append(
        listed(" implements ", Arrays.stream(type.getGenericInterfaces()).map(Type::getTypeName)));
    Stream<Method> methods = Arrays.stream(type.getDeclaredMethods());
    methods = methods.filter(method -> Modifier.isAbstract(method.getModifiers()));
    return head.append(listed(" with the abstract ", methods.map(Method::getName))).toString();
  }

  private static String listed(String before, Stream<String> names) {
    String all = names.sorted().collect(Collectors.joining(", "));
    return all.isEmpty() ? "" : before + all;
  }
}
