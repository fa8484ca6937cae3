package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each of the core's numbers becomes. That none is missing is a test of the Rust half. */
class ErrorsTest {
  static Stream<Arguments> table() {
    return Stream.of(
        Arguments.of(0, IllegalStateException.class),
        Arguments.of(1, IllegalArgumentException.class),
        Arguments.of(2, SocketTimeoutException.class),
        Arguments.of(3, InterruptedIOException.class),
        Arguments.of(4, SocketException.class),
        Arguments.of(5, ConnectException.class),
        Arguments.of(6, SocketException.class),
        Arguments.of(7, EOFException.class),
        Arguments.of(8, BindException.class),
        Arguments.of(9, BindException.class),
        Arguments.of(10, UnknownHostException.class),
        Arguments.of(11, NoRouteToHostException.class),
        Arguments.of(12, SocketException.class),
        Arguments.of(13, SocketException.class),
        Arguments.of(14, UnsupportedOperationException.class),
        Arguments.of(15, SocketException.class),
        Arguments.of(17, IOException.class),
        Arguments.of(18, SocketException.class),
        Arguments.of(19, RuntimeException.class),
        Arguments.of(1000, SocketException.class));
  }

  @ParameterizedTest
  @MethodSource("table")
  void eachKindIsItsException(int number, Class<? extends Throwable> expected) {
    Throwable exception = Errors.exception(number, "could not: straße".getBytes(UTF_8));
    assertSame(expected, exception.getClass());
    assertEquals("could not: straße", exception.getMessage());
  }

  @Test
  void textThatIsNotUtf8IsACharacterCodingException() {
    Throwable exception = Errors.exception(16, "could not".getBytes(UTF_8));
    assertInstanceOf(CharacterCodingException.class, exception);
    assertEquals("could not", exception.getMessage());
  }
}
