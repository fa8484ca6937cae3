import io.capsock.Server;
import io.capsock.ServerOptions;

/** capsock's server, started from Java. Arguments: tcp|udp. */
class CapsockServer {
  public static void main(String[] args) throws Exception {
    ServerOptions options = args[0].equals("udp") ? Server.udp() : Server.tcp();
    try (Server server = options.port(0).workers(1).start()) {
      System.out.println(server.port());
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
