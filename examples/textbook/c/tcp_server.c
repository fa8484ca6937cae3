/* TCPServer: accepts a connection, replies in upper case until its end, accepts the
   next.
   Usage: tcp_server [PORT]
   Unlike the BSD calls, these take a capsock_socket * and return a status, bind_to takes a name
   instead of a sockaddr, send sends everything (NULL), and free replaces close. */
#include <capsock.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(void) {
  fprintf(stderr, "%s\n", capsock_last_error());
  return 1;
}

int main(int argc, char **argv) {
  int port = argc > 1 ? atoi(argv[1]) : CAPSOCK_DEFAULT_PORT;
  capsock_socket *server_socket = NULL, *connection_socket = NULL;
  char sentence[1024];
  size_t length;

  if (capsock_socket_new(AF_INET, SOCK_STREAM, 0, &server_socket) != CAPSOCK_OK ||
      capsock_socket_bind_to(server_socket, "", port) != CAPSOCK_OK ||
      capsock_socket_listen(server_socket, 1) != CAPSOCK_OK)
    return fail();
  printf("The server is ready to receive on port %d\n", capsock_socket_port(server_socket));
  fflush(stdout);
  while (capsock_socket_accept(server_socket, NULL, NULL, &connection_socket) == CAPSOCK_OK) {
    while (capsock_socket_recv(connection_socket, sentence, sizeof sentence, 0, &length) ==
               CAPSOCK_OK &&
           length > 0) {
      for (size_t i = 0; i < length; i++)
        sentence[i] = (char)toupper((unsigned char)sentence[i]);
      if (capsock_socket_send(connection_socket, sentence, length, 0, NULL) != CAPSOCK_OK)
        break;
    }
    capsock_socket_free(connection_socket);
  }
  return fail();
}
