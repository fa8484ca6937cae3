// The textbook's UDPClient in Java, on capsock.
//
// The line that differs from the textbook: import io.capsock.net.DatagramSocket;
// (and the sentence ends where the datagram ends, not where the buffer does)
//
// Usage: java -cp capsock.jar UDPClient.java [HOST [PORT]]        (default localhost 9876)
import io.capsock.net.DatagramSocket;
import java.io.*;
import java.net.*;

class UDPClient {
  public static void main(String[] args) throws Exception {
    String serverName = args.length > 0 ? args[0] : "localhost";
    int serverPort = args.length > 1 ? Integer.parseInt(args[1]) : 9876;
    BufferedReader keyboard = new BufferedReader(new InputStreamReader(System.in));
    DatagramSocket clientSocket = new DatagramSocket();
    InetAddress serverAddress = InetAddress.getByName(serverName);
    byte[] receiveData = new byte[1024];
    System.out.print("Input lowercase sentence: ");
    byte[] sendData = keyboard.readLine().getBytes();
    DatagramPacket sendPacket =
        new DatagramPacket(sendData, sendData.length, serverAddress, serverPort);
    clientSocket.send(sendPacket);
    DatagramPacket receivePacket = new DatagramPacket(receiveData, receiveData.length);
    clientSocket.receive(receivePacket);
    String modifiedSentence = new String(receivePacket.getData(), 0, receivePacket.getLength());
    System.out.println("FROM SERVER: " + modifiedSentence);
    clientSocket.close();
  }
}
