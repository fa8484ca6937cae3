import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Java NIO: a selector on one thread; over UDP a blocking channel. Arguments: tcp|udp BUFFER. */
class NioServer {
  static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  static ByteBuffer buffer;

  public static void main(String[] args) throws IOException {
    buffer = ByteBuffer.allocateDirect(Integer.parseInt(args[1]));
    if (args[0].equals("udp")) {
      udp();
    } else {
      tcp();
    }
  }

  static void tcp() throws IOException {
    Selector selector = Selector.open();
    ServerSocketChannel listener = ServerSocketChannel.open().bind(ANY, 4096);
    listener.configureBlocking(false);
    listener.register(selector, SelectionKey.OP_ACCEPT);
    System.out.println(listener.socket().getLocalPort());
    while (true) {
      selector.select(
          key -> {
            try {
              if (key.isAcceptable()) {
                accept(listener, selector);
              } else if (!serve(key)) {
                key.channel().close();
              }
            } catch (IOException ended) {
              close(key);
            }
          });
    }
  }

  static void accept(ServerSocketChannel listener, Selector selector) throws IOException {
    for (SocketChannel one; (one = listener.accept()) != null; ) {
      one.configureBlocking(false);
      one.setOption(StandardSocketOptions.TCP_NODELAY, true);
      one.register(selector, SelectionKey.OP_READ);
    }
  }

  /** What the client does not take yet is kept with the key, and nothing is read until it has. */
  static boolean serve(SelectionKey key) throws IOException {
    SocketChannel channel = (SocketChannel) key.channel();
    if (key.attachment() instanceof ByteBuffer owed) {
      channel.write(owed);
      if (owed.hasRemaining()) {
        return true;
      }
      key.attach(null);
      key.interestOps(SelectionKey.OP_READ);
    }
    buffer.clear();
    if (channel.read(buffer) < 0) {
      return false;
    }
    Upper.apply(buffer.flip());
    channel.write(buffer);
    if (buffer.hasRemaining()) {
      key.attach(ByteBuffer.allocate(buffer.remaining()).put(buffer).flip());
      key.interestOps(SelectionKey.OP_WRITE);
    }
    return true;
  }

  static void close(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException closed) {
      // It is.
    }
  }

  static void udp() throws IOException {
    try (DatagramChannel channel = DatagramChannel.open().bind(ANY)) {
      System.out.println(channel.socket().getLocalPort());
      while (true) {
        buffer.clear();
        var source = channel.receive(buffer);
        Upper.apply(buffer.flip());
        channel.send(buffer, source);
      }
    }
  }
}
