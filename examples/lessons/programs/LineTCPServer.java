// The textbook's TCP server in Java, but it replies to each line, however the lines arrive.
//
// Usage: capsock run LineTCPServer.java PORT
import java.io.*;
import java.net.*;

class LineTCPServer {
  public static void main(String[] args) throws Exception {
    ServerSocket welcomeSocket = new ServerSocket(Integer.parseInt(args[0]));
    while (true) {
      Socket connectionSocket = welcomeSocket.accept();
      BufferedReader fromClient =
          new BufferedReader(new InputStreamReader(connectionSocket.getInputStream()));
      OutputStream toClient = connectionSocket.getOutputStream();
      String sentence;
      while ((sentence = fromClient.readLine()) != null) {
        toClient.write((sentence.toUpperCase() + '\n').getBytes());
      }
      connectionSocket.close();
    }
  }
}
