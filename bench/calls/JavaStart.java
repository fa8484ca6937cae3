import io.capsock.Capsock;
import java.net.Socket;

/** Opens and closes a socket: the JDK's, or one of capsock. Usage: JavaStart jdk|capsock */
class JavaStart {
  private JavaStart() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("capsock")) {
      Capsock.install();
    }
    new Socket().close();
  }
}
