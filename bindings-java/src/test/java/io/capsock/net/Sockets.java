package io.capsock.net;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.DatagramSocketImpl;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketImpl;

/** How sockets are made: the one thing in which the two sides of a scenario differ. */
interface Sockets {
  Sockets JDK = new OfTheJdk();
  Sockets CAPSOCK = new OfCapsock();

  Socket socket() throws IOException;

  Socket socket(Proxy proxy) throws IOException;

  Socket socket(String host, int port) throws IOException;

  Socket socket(InetAddress host, int port) throws IOException;

  Socket socket(String host, int port, InetAddress from, int fromPort) throws IOException;

  Socket socket(InetAddress host, int port, InetAddress from, int fromPort) throws IOException;

  Socket socket(String host, int port, boolean stream) throws IOException;

  Socket socket(InetAddress host, int port, boolean stream) throws IOException;

  /** Of a subclass. */
  Socket socket(SocketImpl impl) throws IOException;

  ServerSocket server() throws IOException;

  /** Of a subclass. */
  ServerSocket server(SocketImpl impl) throws IOException;

  ServerSocket server(int port) throws IOException;

  ServerSocket server(int port, int backlog) throws IOException;

  ServerSocket server(int port, int backlog, InetAddress host) throws IOException;

  DatagramSocket datagrams() throws IOException;

  /** Of a subclass. */
  DatagramSocket datagrams(DatagramSocketImpl impl) throws IOException;

  DatagramSocket datagrams(int port) throws IOException;

  DatagramSocket datagrams(int port, InetAddress host) throws IOException;

  DatagramSocket datagrams(SocketAddress address) throws IOException;

  final class OfTheJdk implements Sockets {
    @Override
    public Socket socket() {
      return new Socket();
    }

    @Override
    public Socket socket(Proxy proxy) {
      return new Socket(proxy);
    }

    @Override
    public Socket socket(String host, int port) throws IOException {
      return new Socket(host, port);
    }

    @Override
    public Socket socket(InetAddress host, int port) throws IOException {
      return new Socket(host, port);
    }

    @Override
    public Socket socket(String host, int port, InetAddress from, int fromPort) throws IOException {
      return new Socket(host, port, from, fromPort);
    }

    @Override
    public Socket socket(InetAddress host, int port, InetAddress from, int fromPort)
        throws IOException {
      return new Socket(host, port, from, fromPort);
    }

    @Override
    @SuppressWarnings("deprecation") // what old programs call
    public Socket socket(String host, int port, boolean stream) throws IOException {
      return new Socket(host, port, stream);
    }

    @Override
    @SuppressWarnings("deprecation") // what old programs call
    public Socket socket(InetAddress host, int port, boolean stream) throws IOException {
      return new Socket(host, port, stream);
    }

    @Override
    public Socket socket(SocketImpl impl) throws IOException {
      return new Socket(impl) {};
    }

    @Override
    public ServerSocket server(SocketImpl impl) {
      return new ServerSocket(impl) {};
    }

    @Override
    public DatagramSocket datagrams(DatagramSocketImpl impl) {
      return new DatagramSocket(impl) {};
    }

    @Override
    public ServerSocket server() throws IOException {
      return new ServerSocket();
    }

    @Override
    public ServerSocket server(int port) throws IOException {
      return new ServerSocket(port);
    }

    @Override
    public ServerSocket server(int port, int backlog) throws IOException {
      return new ServerSocket(port, backlog);
    }

    @Override
    public ServerSocket server(int port, int backlog, InetAddress host) throws IOException {
      return new ServerSocket(port, backlog, host);
    }

    @Override
    public DatagramSocket datagrams() throws IOException {
      return new DatagramSocket();
    }

    @Override
    public DatagramSocket datagrams(int port) throws IOException {
      return new DatagramSocket(port);
    }

    @Override
    public DatagramSocket datagrams(int port, InetAddress host) throws IOException {
      return new DatagramSocket(port, host);
    }

    @Override
    public DatagramSocket datagrams(SocketAddress address) throws IOException {
      return new DatagramSocket(address);
    }
  }

  final class OfCapsock implements Sockets {
    @Override
    public Socket socket() {
      return new io.capsock.net.Socket();
    }

    @Override
    public Socket socket(Proxy proxy) {
      return new io.capsock.net.Socket(proxy);
    }

    @Override
    public Socket socket(String host, int port) throws IOException {
      return new io.capsock.net.Socket(host, port);
    }

    @Override
    public Socket socket(InetAddress host, int port) throws IOException {
      return new io.capsock.net.Socket(host, port);
    }

    @Override
    public Socket socket(String host, int port, InetAddress from, int fromPort) throws IOException {
      return new io.capsock.net.Socket(host, port, from, fromPort);
    }

    @Override
    public Socket socket(InetAddress host, int port, InetAddress from, int fromPort)
        throws IOException {
      return new io.capsock.net.Socket(host, port, from, fromPort);
    }

    @Override
    @SuppressWarnings("deprecation") // what old programs call
    public Socket socket(String host, int port, boolean stream) throws IOException {
      return new io.capsock.net.Socket(host, port, stream);
    }

    @Override
    @SuppressWarnings("deprecation") // what old programs call
    public Socket socket(InetAddress host, int port, boolean stream) throws IOException {
      return new io.capsock.net.Socket(host, port, stream);
    }

    @Override
    public Socket socket(SocketImpl impl) throws IOException {
      return new io.capsock.net.Socket(impl) {};
    }

    @Override
    public ServerSocket server(SocketImpl impl) {
      return new io.capsock.net.ServerSocket(impl) {};
    }

    @Override
    public DatagramSocket datagrams(DatagramSocketImpl impl) {
      return new io.capsock.net.DatagramSocket(impl) {};
    }

    @Override
    public ServerSocket server() throws IOException {
      return new io.capsock.net.ServerSocket();
    }

    @Override
    public ServerSocket server(int port) throws IOException {
      return new io.capsock.net.ServerSocket(port);
    }

    @Override
    public ServerSocket server(int port, int backlog) throws IOException {
      return new io.capsock.net.ServerSocket(port, backlog);
    }

    @Override
    public ServerSocket server(int port, int backlog, InetAddress host) throws IOException {
      return new io.capsock.net.ServerSocket(port, backlog, host);
    }

    @Override
    public DatagramSocket datagrams() throws IOException {
      return new io.capsock.net.DatagramSocket();
    }

    @Override
    public DatagramSocket datagrams(int port) throws IOException {
      return new io.capsock.net.DatagramSocket(port);
    }

    @Override
    public DatagramSocket datagrams(int port, InetAddress host) throws IOException {
      return new io.capsock.net.DatagramSocket(port, host);
    }

    @Override
    public DatagramSocket datagrams(SocketAddress address) throws IOException {
      return new io.capsock.net.DatagramSocket(address);
    }
  }
}
