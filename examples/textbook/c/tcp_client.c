/* TCPClient: connects, sends a line, prints the reply.
   Usage: tcp_client [HOST [PORT]]
   Unlike the BSD calls, these take a capsock_socket * and return a status, connect_to takes a name
   instead of a sockaddr, send sends everything (NULL), and free replaces close. */
#include <capsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(void) {
  fprintf(stderr, "%s\n", capsock_last_error());
  return 1;
}

int main(int argc, char **argv) {
  const char *host = argc > 1 ? argv[1] : "localhost";
  int port = argc > 2 ? atoi(argv[2]) : CAPSOCK_DEFAULT_PORT;
  capsock_socket *client_socket = NULL;
  char sentence[1024];
  size_t length, received = 1;

  if (capsock_socket_new(AF_INET, SOCK_STREAM, 0, &client_socket) != CAPSOCK_OK ||
      capsock_socket_connect_to(client_socket, host, port) != CAPSOCK_OK)
    return fail();
  printf("Input lowercase sentence: ");
  fflush(stdout);
  if (fgets(sentence, sizeof sentence, stdin) == NULL)
    return 1;
  /* A newline ends the line and the reply, which several calls of recv may return in parts. */
  if (capsock_socket_send(client_socket, sentence, strlen(sentence), 0, NULL) != CAPSOCK_OK)
    return fail();
  for (length = 0; received > 0 && memchr(sentence, '\n', length) == NULL; length += received)
    if (capsock_socket_recv(client_socket, sentence + length, sizeof sentence - length, 0,
                            &received) != CAPSOCK_OK)
      return fail();
  printf("From Server: %.*s", (int)length, sentence);
  capsock_socket_free(client_socket);
  return 0;
}
