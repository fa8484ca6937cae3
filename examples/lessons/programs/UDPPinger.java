// The textbook's UDP pinger in Java: ten pings, each with a time limit of a second.
//
// Usage: capsock run UDPPinger.java HOST PORT
import java.net.*;

class UDPPinger {
  public static void main(String[] args) throws Exception {
    InetAddress server = InetAddress.getByName(args[0]);
    int port = Integer.parseInt(args[1]);
    DatagramSocket clientSocket = new DatagramSocket();
    clientSocket.setSoTimeout(1000);
    for (int number = 1; number <= 10; number++) {
      byte[] message = ("Ping " + number).getBytes();
      DatagramPacket reply = new DatagramPacket(new byte[1024], 1024);
      long begin = System.nanoTime();
      clientSocket.send(new DatagramPacket(message, message.length, server, port));
      try {
        clientSocket.receive(reply);
        double seconds = (System.nanoTime() - begin) / 1e9;
        String text = new String(reply.getData(), 0, reply.getLength());
        System.out.println(text + " RTT " + seconds + " s");
      } catch (SocketTimeoutException error) {
        System.out.println("Request timed out");
      }
    }
    clientSocket.close();
  }
}
