package io.capsock;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * The native methods. They are not static, so that whoever calls one has got the instance from
 * {@link #api()}, and so the library has been loaded.
 */
final class Native {
  /** The value of a number that is not set, for which the native core's default applies. */
  static final long UNSET = Long.MIN_VALUE;

  /** The value of a timeout that is not set. */
  static final double UNSET_SECONDS = Double.NaN;

  private static final Native API = new Native();
  private static volatile boolean loaded;

  private Native() {}

  /**
   * The native methods.
   *
   * @throws UnsatisfiedLinkError if the library cannot be loaded; the next call tries again
   */
  static Native api() {
    if (!loaded) {
      load();
    }
    return API;
  }

  private static synchronized void load() {
    if (!loaded) {
      Library.load(API::version);
      API.introduce(Trace.program());
      loaded = true;
    }
  }

  native byte[] version();

  native void introduce(byte[] program);

  native void traceStart(byte[] file, boolean payload) throws IOException;

  native void traceStop();

  native int defaultPort();

  native byte[] uppercase(byte[] input);

  native boolean uppercaseAscii(byte[] bytes, int length);

  native long streamOpen();

  native byte[] streamPush(long handle, byte[] input);

  native byte[] streamFinish(long handle);

  native void streamClose(long handle);

  native long serverStart(int transport, ServerOptions options) throws IOException;

  native byte[] serverAddresses(long handle);

  native long[] serverStats(long handle);

  native byte[] serverOpenMetrics(long handle);

  native long[] serverStop(long handle, double timeout);

  native void serverRequestStop(long handle);

  native void serverPause(long handle);

  native void serverResume(long handle);

  native boolean serverIsPaused(long handle);

  native long[] serverDrain(long handle, double timeout);

  native boolean serverWait(long handle, double timeout);

  native void serverClose(long handle);

  native void replyComplete(long reply, byte[] bytes);

  native void replyFail(long reply);

  native long tcpConnect(byte[] host, long port, TcpClientOptions options) throws IOException;

  native byte[] tcpRequestText(long handle, byte[] line) throws IOException;

  native byte[] tcpRequestBytes(long handle, byte[] line) throws IOException;

  native byte[] tcpRequestMany(long handle, byte[] requests, int[] lengths, boolean text)
      throws IOException;

  native long[] tcpCopy(long handle, InputStream input, OutputStream output) throws IOException;

  native byte[] tcpLocalAddress(long handle) throws IOException;

  native byte[] tcpPeerAddress(long handle) throws IOException;

  native void tcpClose(long handle);

  native long udpConnect(byte[] host, long port, UdpClientOptions options) throws IOException;

  native byte[] udpRequestText(long handle, byte[] text) throws IOException;

  native byte[] udpRequestBytes(long handle, byte[] request) throws IOException;

  native byte[] udpRequestMany(long handle, byte[] requests, int[] lengths, boolean text)
      throws IOException;

  native byte[] udpLocalAddress(long handle) throws IOException;

  native byte[] udpPeerAddress(long handle) throws IOException;

  native void udpClose(long handle);
}
