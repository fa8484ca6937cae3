// The textbook's TCPClient in Java, on capsock.
//
// The line that differs from the textbook: import io.capsock.net.Socket;
//
// Usage: java -cp capsock.jar TCPClient.java [HOST [PORT]]        (default localhost 6789)
import io.capsock.net.Socket;
import java.io.*;

class TCPClient {
  public static void main(String[] args) throws Exception {
    String serverName = args.length > 0 ? args[0] : "localhost";
    int serverPort = args.length > 1 ? Integer.parseInt(args[1]) : 6789;
    BufferedReader keyboard = new BufferedReader(new InputStreamReader(System.in));
    Socket clientSocket = new Socket(serverName, serverPort);
    DataOutputStream toServer = new DataOutputStream(clientSocket.getOutputStream());
    BufferedReader fromServer =
        new BufferedReader(new InputStreamReader(clientSocket.getInputStream()));
    System.out.print("Input lowercase sentence: ");
    String sentence = keyboard.readLine();
    toServer.writeBytes(sentence + '\n');
    String modifiedSentence = fromServer.readLine();
    System.out.println("FROM SERVER: " + modifiedSentence);
    clientSocket.close();
  }
}
