/* UDPClient: sends a line in a datagram, prints the reply.
   Usage: udp_client [HOST [PORT]]
   Unlike the BSD calls, these take a capsock_socket * and return a status, capsock_address_resolve
   replaces getaddrinfo, and set_timeout ends the wait for a datagram that was lost. */
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
  struct sockaddr_storage server;
  socklen_t server_length = sizeof server;
  char message[2048];
  size_t length;

  if (capsock_socket_new(AF_INET, SOCK_DGRAM, 0, &client_socket) != CAPSOCK_OK ||
      capsock_socket_set_timeout(client_socket, 5000) != CAPSOCK_OK ||
      capsock_address_resolve(host, port, AF_INET, 5000, (struct sockaddr *)&server,
                              &server_length) != CAPSOCK_OK)
    return fail();
  printf("Input lowercase sentence: ");
  fflush(stdout);
  if (fgets(message, sizeof message, stdin) == NULL)
    return 1;
  if (capsock_socket_sendto(client_socket, message, strcspn(message, "\n"), 0,
                            (struct sockaddr *)&server, server_length, NULL) != CAPSOCK_OK ||
      capsock_socket_recvfrom(client_socket, message, sizeof message, 0, NULL, NULL, &length) !=
          CAPSOCK_OK)
    return fail();
  printf("%.*s\n", (int)length, message);
  capsock_socket_free(client_socket);
  return 0;
}
