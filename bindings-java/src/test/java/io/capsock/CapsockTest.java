package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.Locale;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CapsockTest {
  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "hello, HELLO",
    "straße, STRASSE",
    "ŉ, ʼN",
    "Ὀδυσσεύς, ὈΔΥΣΣΕΎΣ",
    "a\uD83D\uDE00b, A\uD83D\uDE00B",
    "\uD801\uDC28, \uD801\uDC00",
    "a\0b, A\0B",
    "'one\ntwo', 'ONE\nTWO'",
  })
  void upperCase(String text, String expected) {
    assertEquals(expected, Capsock.uppercase(text));
    assertArrayEquals(expected.getBytes(UTF_8), Capsock.uppercase(text.getBytes(UTF_8)));
  }

  @Test
  void bytesThatAreNotUtf8PassThrough() {
    byte[] input = {'a', (byte) 0xff, (byte) 0xc3, 'b', (byte) 0xf0, (byte) 0x9f};
    byte[] expected = {'A', (byte) 0xff, (byte) 0xc3, 'B', (byte) 0xf0, (byte) 0x9f};
    assertArrayEquals(expected, Capsock.uppercase(input));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\uD83D", "a\uDE00", "\uDE00\uD83D", "x\uD83Dx"})
  void halfOfASurrogatePairIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Capsock.uppercase(text));
  }

  @Test
  void nullIsRefused() {
    assertThrows(NullPointerException.class, () -> Capsock.uppercase((String) null));
    assertThrows(NullPointerException.class, () -> Capsock.uppercase((byte[]) null));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 254, 255, 256, 257, 1000})
  void aTextOfEachLength(int length) {
    for (String last : new String[] {"x", "?", "ß", "ÿ", "\uD83D\uDE00"}) {
      String text = "x".repeat(length) + last;
      String expected = text.toUpperCase(Locale.ROOT);
      byte[] utf8 = text.getBytes(UTF_8);
      assertEquals(expected, Capsock.uppercase(text));
      assertArrayEquals(expected.getBytes(UTF_8), Capsock.uppercase(utf8));
      assertArrayEquals(text.getBytes(UTF_8), utf8, "the input is not modified");
      assertThrows(IllegalArgumentException.class, () -> Capsock.uppercase(text + "\uD83D"));
    }
  }

  @Test
  void aLargeText() {
    assertEquals("X".repeat(20_000_000), Capsock.uppercase("x".repeat(20_000_000)));
  }

  @Test
  void theLibraryAndTheJarHaveOneVersion() throws Exception {
    Properties jar = new Properties();
    try (InputStream content =
        Capsock.class.getResourceAsStream("/META-INF/maven/io.capsock/capsock/pom.properties")) {
      jar.load(content);
    }
    assertEquals(jar.getProperty("version"), Capsock.version());
  }

  @Test
  void theTextbooksPort() {
    assertEquals(12000, Capsock.defaultPort());
  }

  @Test
  void anyCuttingGivesTheSameOutput() {
    String text = "aß\uD83D\uDE00Ὀŉ\0z";
    byte[] input = text.getBytes(UTF_8);
    for (int first = 0; first <= input.length; first++) {
      for (int second = first; second <= input.length; second++) {
        try (UppercaseStream stream = new UppercaseStream()) {
          ByteArrayOutputStream output = new ByteArrayOutputStream();
          output.writeBytes(stream.push(input, 0, first));
          output.writeBytes(stream.push(input, first, second - first));
          output.writeBytes(stream.push(input, second, input.length - second));
          output.writeBytes(stream.finish());
          assertEquals(Capsock.uppercase(text), output.toString(UTF_8), first + ", " + second);
        }
      }
    }
  }

  @Test
  void aStreamThatEndsInsideACharacterPassesItsBytesOn() {
    try (UppercaseStream stream = new UppercaseStream()) {
      byte[] half = {(byte) 0xf0, (byte) 0x9f, (byte) 0x98};
      assertEquals(0, stream.push(half).length);
      assertArrayEquals(half, stream.finish());
      assertArrayEquals(new byte[] {'A'}, stream.push(new byte[] {'a'}));
    }
  }

  @Test
  void aStreamRefusesBadInput() {
    try (UppercaseStream stream = new UppercaseStream()) {
      assertThrows(NullPointerException.class, () -> stream.push(null));
      assertThrows(IndexOutOfBoundsException.class, () -> stream.push(new byte[2], 1, 2));
      assertThrows(IndexOutOfBoundsException.class, () -> stream.push(new byte[2], -1, 1));
      assertThrows(
          IndexOutOfBoundsException.class, () -> stream.push(new byte[2], 1, Integer.MAX_VALUE));
    }
  }
}
