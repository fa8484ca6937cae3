// The lecture's concurrent server in Java, on capsock: it serves each client in a thread.
//
// The lines that differ from the lecture: import io.capsock.net.ServerSocket;
//                                         import io.capsock.net.Socket;
//
// Usage: java -cp capsock.jar ConcurrentTCPServer.java [PORT]        (default port 6789; Ctrl-C
// stops it)
import io.capsock.net.ServerSocket;
import io.capsock.net.Socket;
import java.io.*;

class ConcurrentTCPServer {
  public static void main(String[] args) throws Exception {
    int serverPort = args.length > 0 ? Integer.parseInt(args[0]) : 6789;
    ServerSocket welcomeSocket = new ServerSocket(serverPort);
    System.out.println("The server is ready to receive on port " + welcomeSocket.getLocalPort());
    while (true) {
      Socket connectionSocket = welcomeSocket.accept();
      new Thread(() -> serve(connectionSocket)).start();
    }
  }

  private static void serve(Socket connectionSocket) {
    try (connectionSocket) {
      BufferedReader fromClient =
          new BufferedReader(new InputStreamReader(connectionSocket.getInputStream()));
      DataOutputStream toClient = new DataOutputStream(connectionSocket.getOutputStream());
      String sentence = fromClient.readLine();
      if (sentence != null) {
        toClient.writeBytes(sentence.toUpperCase() + '\n');
      }
    } catch (IOException error) {
      System.err.println("a client is gone: " + error.getMessage());
    }
  }
}
