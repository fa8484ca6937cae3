import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.Executors;

/** java.net. Arguments: tcp|tcp-virtual|udp BUFFER; a thread for each connection. */
class NetServer {
  public static void main(String[] args) throws Exception {
    int size = Integer.parseInt(args[1]);
    if (args[0].equals("udp")) {
      udp();
      return;
    }
    var threads =
        args[0].equals("tcp-virtual")
            // By name: JDK 17, which compiles this, has none.
            ? (java.util.concurrent.ExecutorService)
                Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null)
            : Executors.newCachedThreadPool();
    try (ServerSocket listener = new ServerSocket(0, 4096, InetAddress.getLoopbackAddress())) {
      System.out.println(listener.getLocalPort());
      while (true) {
        Socket socket = listener.accept();
        threads.execute(() -> serve(socket, size));
      }
    }
  }

  static void serve(Socket socket, int size) {
    byte[] bytes = new byte[size];
    try (socket) {
      socket.setTcpNoDelay(true);
      var in = socket.getInputStream();
      var out = socket.getOutputStream();
      for (int count; (count = in.read(bytes)) > 0; ) {
        Upper.apply(bytes, 0, count);
        out.write(bytes, 0, count);
      }
    } catch (IOException ended) {
      // The client has gone.
    }
  }

  static void udp() throws IOException {
    byte[] bytes = new byte[65_536];
    var packet = new DatagramPacket(bytes, bytes.length);
    try (var socket =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      System.out.println(socket.getLocalPort());
      while (true) {
        packet.setLength(bytes.length);
        socket.receive(packet);
        Upper.apply(bytes, 0, packet.getLength());
        socket.send(packet);
      }
    }
  }
}
