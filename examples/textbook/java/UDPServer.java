// The textbook's UDPServer in Java, on capsock.
//
// The line that differs from the textbook: import io.capsock.net.DatagramSocket;
// (and the sentence ends where the datagram ends, not where the buffer does)
//
// Usage: java -cp capsock.jar UDPServer.java [PORT]        (default port 9876; Ctrl-C stops it)
import io.capsock.net.DatagramSocket;
import java.net.*;

class UDPServer {
  public static void main(String[] args) throws Exception {
    int serverPort = args.length > 0 ? Integer.parseInt(args[0]) : 9876;
    DatagramSocket serverSocket = new DatagramSocket(serverPort);
    byte[] receiveData = new byte[1024];
    byte[] sendData;
    System.out.println("The server is ready to receive on port " + serverSocket.getLocalPort());
    while (true) {
      DatagramPacket receivePacket = new DatagramPacket(receiveData, receiveData.length);
      serverSocket.receive(receivePacket);
      String sentence = new String(receivePacket.getData(), 0, receivePacket.getLength());
      InetAddress clientAddress = receivePacket.getAddress();
      int clientPort = receivePacket.getPort();
      sendData = sentence.toUpperCase().getBytes();
      DatagramPacket sendPacket =
          new DatagramPacket(sendData, sendData.length, clientAddress, clientPort);
      serverSocket.send(sendPacket);
    }
  }
}
