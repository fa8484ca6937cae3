import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Takes the {@code throws} clauses of constructors out of a class file: {@code Unchecked FILE
 * DESCRIPTOR...}.
 *
 * <p>{@code new java.net.Socket()} throws no checked exception, and a program that says {@code new
 * Socket()} has to compile with {@code io.capsock.net.Socket} as well. But the constructor of
 * {@code java.net.Socket} that takes a SocketImpl declares a SocketException, which it never
 * throws, and the language makes every constructor that calls it declare it too. The clause means
 * nothing to the Java machine; it is an attribute that compilers read (JVMS 4.7.5).
 */
class Unchecked {
  private static final int METHOD_HEAD = 6;
  private static final int ATTRIBUTE_HEAD = 6;

  private final ByteBuffer input;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final String[] texts;
  private int copied;

  private Unchecked(byte[] file) {
    input = ByteBuffer.wrap(file);
    input.position(8);
    texts = new String[Short.toUnsignedInt(input.getShort())];
  }

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    List<String> constructors = Arrays.asList(arguments).subList(1, arguments.length);
    Files.write(file, new Unchecked(Files.readAllBytes(file)).without(constructors));
  }

  private int number() {
    return Short.toUnsignedInt(input.getShort());
  }

  private void skip(int bytes) {
    input.position(input.position() + bytes);
  }

  private byte[] without(List<String> constructors) {
    readTexts();
    skip(6);
    skip(2 * number());
    for (int fields = number(); fields > 0; fields--) {
      skip(METHOD_HEAD);
      skipAttributes();
    }
    for (int methods = number(); methods > 0; methods--) {
      skip(2);
      boolean isConstructor = texts[number()].equals("<init>");
      if (constructors.contains(texts[number()]) && isConstructor) {
        dropExceptions();
      } else {
        skipAttributes();
      }
    }
    copyTo(input.limit());
    return output.toByteArray();
  }

  /** The constants (JVMS 4.4), of which only texts matter. */
  private void readTexts() {
    for (int place = 1; place < texts.length; place++) {
      int tag = input.get();
      switch (tag) {
        case 1 -> {
          byte[] text = new byte[number()];
          input.get(text);
          texts[place] = new String(text, UTF_8);
        }
        case 5, 6 -> {
          // A long or a double takes two places.
          skip(8);
          place++;
        }
        case 7, 8, 16, 19, 20 -> skip(2);
        case 15 -> skip(3);
        default -> skip(4);
      }
    }
  }

  private void skipAttributes() {
    for (int attributes = number(); attributes > 0; attributes--) {
      skip(2);
      skip(input.getInt());
    }
  }

  private void dropExceptions() {
    int counted = input.position();
    int count = number();
    for (int attributes = count; attributes > 0; attributes--) {
      int start = input.position();
      boolean drops = texts[number()].equals("Exceptions");
      int length = input.getInt();
      if (drops) {
        copyTo(counted);
        output.write((count - 1) >>> 8);
        output.write(count - 1);
        copied = counted + 2;
        copyTo(start);
        copied = start + ATTRIBUTE_HEAD + length;
      }
      skip(length);
    }
  }

  private void copyTo(int end) {
    output.write(input.array(), copied, end - copied);
    copied = end;
  }
}
