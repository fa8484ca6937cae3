// The textbook's TCPServer in Java, on capsock: one client after another.
//
// The lines that differ from the textbook: import io.capsock.net.ServerSocket;
//                                          import io.capsock.net.Socket;
// (and it closes the connection after the reply; the textbook's leaves that to the collector)
//
// Usage: java -cp capsock.jar TCPServer.java [PORT]        (default port 6789; Ctrl-C stops it)
import io.capsock.net.ServerSocket;
import io.capsock.net.Socket;
import java.io.*;

class TCPServer {
  public static void main(String[] args) throws Exception {
    int serverPort = args.length > 0 ? Integer.parseInt(args[0]) : 6789;
    ServerSocket welcomeSocket = new ServerSocket(serverPort);
    System.out.println("The server is ready to receive on port " + welcomeSocket.getLocalPort());
    while (true) {
      Socket connectionSocket = welcomeSocket.accept();
      BufferedReader fromClient =
          new BufferedReader(new InputStreamReader(connectionSocket.getInputStream()));
      DataOutputStream toClient = new DataOutputStream(connectionSocket.getOutputStream());
      String sentence = fromClient.readLine();
      if (sentence != null) {
        toClient.writeBytes(sentence.toUpperCase() + '\n');
      }
      connectionSocket.close();
    }
  }
}
