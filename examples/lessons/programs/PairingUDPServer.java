// A UDP server in Java that receives a message from each of two clients before it replies to both.
//
// Usage: capsock run PairingUDPServer.java PORT
import java.net.*;

class PairingUDPServer {
  public static void main(String[] args) throws Exception {
    DatagramSocket serverSocket = new DatagramSocket(Integer.parseInt(args[0]));
    while (true) {
      DatagramPacket message1 = new DatagramPacket(new byte[2048], 2048);
      DatagramPacket message2 = new DatagramPacket(new byte[2048], 2048);
      serverSocket.receive(message1);
      serverSocket.receive(message2);
      reply(serverSocket, message1);
      reply(serverSocket, message2);
    }
  }

  private static void reply(DatagramSocket serverSocket, DatagramPacket message) throws Exception {
    byte[] text = new String(message.getData(), 0, message.getLength()).toUpperCase().getBytes();
    serverSocket.send(
        new DatagramPacket(text, text.length, message.getAddress(), message.getPort()));
  }
}
