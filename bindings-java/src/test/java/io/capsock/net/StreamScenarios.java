package io.capsock.net;

import io.capsock.net.Scenario.Run;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.zip.CRC32;

/** Bytes over TCP. */
final class StreamScenarios {
  private static final int SHORT = 60;

  static final List<Scenario> ALL =
      List.of(
          new Scenario("streams before a connection", StreamScenarios::beforeConnection),
          new Scenario("there and back", StreamScenarios::thereAndBack),
          new Scenario("single bytes", StreamScenarios::singleBytes),
          new Scenario("a read that times out", StreamScenarios::readTimeout),
          new Scenario("a read after a timeout", StreamScenarios::readAfterTimeout),
          new Scenario("timeouts out of range", StreamScenarios::timeoutRange),
          new Scenario("a timeout set while a read waits", StreamScenarios::timeoutMeanwhile),
          new Scenario("reads and writes of nothing", StreamScenarios::nothing),
          new Scenario("arguments that are none", StreamScenarios::arguments),
          new Scenario("what can be read at once", StreamScenarios::available),
          new Scenario("the end of the input", StreamScenarios::end),
          new Scenario("half-close", StreamScenarios::halfClose),
          new Scenario("writing after the output was shut", StreamScenarios::writeAfterShutdown),
          new Scenario("reading after the input was shut", StreamScenarios::readAfterShutdown),
          new Scenario("shutting what cannot be shut", StreamScenarios::impossibleShutdowns),
          new Scenario("shutting the input of a blocked read", StreamScenarios::shutMeanwhile),
          new Scenario("a connection that was reset", StreamScenarios::reset),
          new Scenario("writing to a peer that is gone", StreamScenarios::writeToNobody),
          new Scenario("urgent data", StreamScenarios::urgent),
          new Scenario("urgent data among the other", StreamScenarios::urgentInline),
          new Scenario("many tiny writes", run -> integrity(run, 20_000, 1)),
          new Scenario("large writes", run -> integrity(run, 4, 3_000_000)),
          new Scenario("writes of the buffer's length", run -> integrity(run, 3, 128 * 1024)),
          new Scenario("both directions at once", StreamScenarios::bothDirections),
          new Scenario("the streams' other methods", StreamScenarios::otherMethods));

  private StreamScenarios() {}

  private static void beforeConnection(Run run) throws Exception {
    Socket socket = run.socket();
    run.note("input", socket::getInputStream);
    run.note("output", socket::getOutputStream);
    run.note("shut input", socket::shutdownInput);
    run.note("shut output", socket::shutdownOutput);
    run.note("urgent", () -> socket.sendUrgentData(1));
    run.note("closed", socket::isClosed);
  }

  private static void thereAndBack(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].getOutputStream().write("hello".getBytes());
    run.note("there", () -> new String(ends[1].getInputStream().readNBytes(5)));
    ends[1].getOutputStream().write("HELLO".getBytes());
    run.note("back", () -> new String(ends[0].getInputStream().readNBytes(5)));
    run.note("same stream", () -> ends[0].getInputStream() == ends[0].getInputStream());
    run.note("same output", () -> ends[0].getOutputStream() == ends[0].getOutputStream());
  }

  private static void singleBytes(Run run) throws Exception {
    Socket[] ends = run.connection();
    for (int one : new int[] {0, 127, 128, 255, 256, -1}) {
      ends[0].getOutputStream().write(one);
      run.note("byte", () -> ends[1].getInputStream().read());
    }
  }

  private static void readTimeout(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].setSoTimeout(SHORT);
    run.noteTimed("read", SHORT, () -> ends[0].getInputStream().read());
    run.noteTimed("read bytes", SHORT, () -> ends[0].getInputStream().read(new byte[10]));
    run.note("closed", ends[0]::isClosed);
    run.note("timeout", ends[0]::getSoTimeout);
  }

  private static void readAfterTimeout(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].setSoTimeout(SHORT);
    run.noteTimed("read", SHORT, () -> ends[0].getInputStream().read());
    ends[1].getOutputStream().write(7);
    run.note("then", () -> ends[0].getInputStream().read());
    ends[0].getOutputStream().write(8);
    run.note("and there", () -> ends[1].getInputStream().read());
    ends[0].setSoTimeout(0);
    FutureTask<Integer> later = run.start(() -> ends[0].getInputStream().read());
    ends[1].getOutputStream().write(9);
    run.note("without a limit", () -> later.get());
  }

  private static void timeoutRange(Run run) throws Exception {
    Socket socket = run.socket();
    run.note("default", socket::getSoTimeout);
    run.note("negative", () -> socket.setSoTimeout(-1));
    run.note("longest", () -> socket.setSoTimeout(Integer.MAX_VALUE));
    run.note("is", socket::getSoTimeout);
    Socket[] ends = run.connection();
    ends[0].setSoTimeout(Integer.MAX_VALUE);
    ends[1].getOutputStream().write(3);
    run.note("read", () -> ends[0].getInputStream().read());
  }

  private static void timeoutMeanwhile(Run run) throws Exception {
    Socket[] ends = run.connection();
    run.noteWhileBlocked(
        "read",
        () -> ends[0].getInputStream().read(),
        blocked -> {
          ends[0].setSoTimeout(1);
          run.note("is", ends[0]::getSoTimeout);
          ends[1].getOutputStream().write(5);
        });
  }

  private static void nothing(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[0].getInputStream();
    OutputStream output = ends[0].getOutputStream();
    run.note("read nothing", () -> input.read(new byte[0]));
    run.note("read 0 of 3", () -> input.read(new byte[3], 3, 0));
    run.note("write nothing", () -> output.write(new byte[0]));
    run.note("write 0 of 3", () -> output.write(new byte[3], 1, 0));
    run.note("flush", output::flush);
    ends[0].close();
    run.note("read nothing of the closed", () -> input.read(new byte[0]));
    run.note("write nothing to the closed", () -> output.write(new byte[0]));
  }

  private static void arguments(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[0].getInputStream();
    OutputStream output = ends[0].getOutputStream();
    run.note("read null", () -> input.read(null));
    run.note("write null", () -> output.write(null));
    int[][] ranges = {{-1, 1}, {0, -1}, {0, 4}, {4, 0}, {3, 1}, {Integer.MAX_VALUE, 1}};
    for (int[] range : ranges) {
      run.note("read", () -> input.read(new byte[3], range[0], range[1]));
      run.note("write", () -> output.write(new byte[3], range[0], range[1]));
    }
  }

  private static void available(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[1].getInputStream();
    run.note("nothing", input::available);
    ends[0].getOutputStream().write(new byte[100]);
    run.note("first", () -> input.read());
    run.note("rest", input::available);
    run.note("skip", () -> input.skip(9));
    run.note("less", input::available);
    ends[1].shutdownInput();
    run.note("shut", input::available);
    ends[1].close();
    run.note("closed", input::available);
  }

  private static void end(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[0].getInputStream();
    ends[1].getOutputStream().write(1);
    ends[1].close();
    run.note("the byte", () -> input.read());
    run.note("the end", () -> input.read());
    run.note("again", () -> input.read());
    run.note("bytes", () -> input.read(new byte[3]));
    run.note("available", input::available);
    run.note("open", ends[0]::isClosed);
    ends[0].close();
    run.note("closed", () -> input.read());
  }

  private static void halfClose(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].getOutputStream().write("hello".getBytes());
    run.note("shut", ends[0]::shutdownOutput);
    run.note("is shut", ends[0]::isOutputShutdown);
    run.note("input is open", ends[0]::isInputShutdown);
    run.note("all", () -> new String(ends[1].getInputStream().readAllBytes()));
    ends[1].getOutputStream().write("HELLO".getBytes());
    ends[1].close();
    run.note("back", () -> new String(ends[0].getInputStream().readAllBytes()));
    run.note("open", ends[0]::isClosed);
  }

  private static void writeAfterShutdown(Run run) throws Exception {
    Socket[] ends = run.connection();
    OutputStream output = ends[0].getOutputStream();
    ends[0].shutdownOutput();
    run.note("write", () -> output.write(1));
    run.note("again", () -> output.write(new byte[10]));
    run.note("output", ends[0]::getOutputStream);
    run.note("shut again", ends[0]::shutdownOutput);
    run.note("urgent", () -> ends[0].sendUrgentData(1));
    run.note("connected", ends[0]::isConnected);
  }

  private static void readAfterShutdown(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[0].getInputStream();
    run.note("shut", ends[0]::shutdownInput);
    run.note("read", () -> input.read());
    run.note("bytes", () -> input.read(new byte[4]));
    run.note("input", ends[0]::getInputStream);
    run.note("shut again", ends[0]::shutdownInput);
    run.note("is shut", ends[0]::isInputShutdown);
    ends[0].getOutputStream().write(4);
    run.note("the other way", () -> ends[1].getInputStream().read());
  }

  private static void impossibleShutdowns(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].close();
    run.note("input of the closed", ends[0]::shutdownInput);
    run.note("output of the closed", ends[0]::shutdownOutput);
    run.note("input shut", ends[0]::isInputShutdown);
    run.note("output shut", ends[0]::isOutputShutdown);
  }

  private static void shutMeanwhile(Run run) throws Exception {
    Socket[] ends = run.connection();
    run.noteWhileBlocked(
        "read", () -> ends[0].getInputStream().read(), blocked -> ends[0].shutdownInput());
    run.note("closed", ends[0]::isClosed);
  }

  private static void reset(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[0].getInputStream();
    ends[1].setSoLinger(true, 0);
    ends[1].close();
    run.note("read", () -> input.read());
    run.note("again", () -> input.read());
    run.note("available", input::available);
    run.note("write", () -> ends[0].getOutputStream().write(1));
    run.note("connected", ends[0]::isConnected);
    run.note("closed", ends[0]::isClosed);
    ends[0].close();
    run.note("closed, read", () -> input.read());
  }

  /** The first write is answered by a reset, and some later one learns of it. */
  private static void writeToNobody(Run run) throws Exception {
    Socket[] ends = run.connection();
    OutputStream output = ends[0].getOutputStream();
    ends[1].close();
    run.note("end", () -> ends[0].getInputStream().read());
    output.write(1);
    run.note(
        "at last",
        () -> {
          long limit = System.nanoTime() + Scenario.LIMIT.toNanos();
          while (System.nanoTime() < limit) {
            output.write(1);
          }
          return "never";
        });
    run.note("again", () -> output.write(1));
    run.note("closed", ends[0]::isClosed);
  }

  private static void urgent(Run run) throws Exception {
    Socket[] ends = run.connection();
    run.note("default", ends[0]::getOOBInline);
    ends[0].getOutputStream().write(1);
    run.note("urgent", () -> ends[0].sendUrgentData(2));
    ends[0].getOutputStream().write(3);
    ends[0].close();
    run.note("read", () -> HexFormat.of().formatHex(ends[1].getInputStream().readAllBytes()));
    run.note("closed", () -> ends[0].sendUrgentData(1));
  }

  private static void urgentInline(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[1].setOOBInline(true);
    run.note("set", ends[1]::getOOBInline);
    ends[0].getOutputStream().write(1);
    ends[0].sendUrgentData(0x102);
    ends[0].getOutputStream().write(3);
    ends[0].close();
    run.note("read", () -> HexFormat.of().formatHex(ends[1].getInputStream().readAllBytes()));
  }

  /** Bytes that differ from place to place, made and compared without a loop of Java's. */
  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    byte[] block = new byte[1009];
    new Random(length).nextBytes(block);
    for (int start = 0; start < length; start += block.length) {
      System.arraycopy(block, 0, bytes, start, Math.min(block.length, length - start));
    }
    return bytes;
  }

  private static String digest(InputStream input) throws Exception {
    CRC32 digest = new CRC32();
    byte[] bytes = new byte[200_000];
    long total = 0;
    for (int count = input.read(bytes); count >= 0; count = input.read(bytes)) {
      digest.update(bytes, 0, count);
      total += count;
    }
    return total + " " + Long.toHexString(digest.getValue());
  }

  private static void send(Socket socket, int times, byte[] bytes) throws IOException {
    for (int time = 0; time < times; time++) {
      socket.getOutputStream().write(bytes);
    }
    socket.shutdownOutput();
  }

  private static void integrity(Run run, int times, int length) throws Exception {
    Socket[] ends = run.connection();
    FutureTask<String> read = run.start(() -> digest(ends[1].getInputStream()));
    send(ends[0], times, random(length));
    run.note("received", () -> read.get());
  }

  private static void bothDirections(Run run) throws Exception {
    Socket[] ends = run.connection();
    FutureTask<String> one = run.start(() -> digest(ends[1].getInputStream()));
    FutureTask<String> other = run.start(() -> digest(ends[0].getInputStream()));
    FutureTask<Void> sent =
        run.start(
            () -> {
              send(ends[1], 3, random(1_000_000));
              return null;
            });
    send(ends[0], 2, random(2_000_001));
    run.note("one way", () -> one.get());
    run.note("the other", () -> other.get());
    run.note("sent", () -> sent.get());
  }

  private static void otherMethods(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[1].getInputStream();
    run.note("mark", input::markSupported);
    run.note("reset", input::reset);
    ends[0].getOutputStream().write(random(1000));
    ends[0].shutdownOutput();
    run.note("skip", () -> input.skip(10));
    run.note("skip none", () -> input.skip(-1));
    run.note("n bytes", () -> input.readNBytes(new byte[20], 5, 10));
    run.note("rest", () -> input.transferTo(OutputStream.nullOutputStream()));
    run.note("closing it", input::close);
    run.note("closes", ends[1]::isClosed);
    run.note("and the output", () -> ends[1].getOutputStream());
  }
}
