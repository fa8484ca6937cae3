// The lecture's UDP client: it sends a line as a datagram, prints the reply.
//
// Usage: java -cp capsock.jar UDPClient.java [HOST [PORT]]        (default localhost 12000)
import io.capsock.Capsock;
import io.capsock.UdpClient;
import java.io.IOException;
import java.util.NoSuchElementException;
import java.util.Scanner;

class UDPClient {
  public static void main(String[] args) {
    try {
      String host = args.length > 0 ? args[0] : "localhost";
      int port = args.length > 1 ? Integer.parseInt(args[1]) : Capsock.defaultPort();
      try (UdpClient client = new UdpClient(host, port)) {
        System.out.print("Input lowercase sentence: ");
        String sentence = new Scanner(System.in, "UTF-8").nextLine();
        System.out.println("From Server: " + client.request(sentence));
      }
    } catch (IOException | IllegalArgumentException | NoSuchElementException error) {
      System.err.println("UDPClient: " + error.getMessage());
      System.exit(1);
    }
  }
}
