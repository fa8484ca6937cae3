/* UDPServer: receives a datagram, replies with its text in upper case, receives the next.
   Usage: udp_server [PORT]
   Unlike the BSD calls, these take a capsock_socket * and return a status, bind_to takes a name
   instead of a sockaddr, and a datagram that is longer than the buffer is an error. */
#include <capsock.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  int port = argc > 1 ? atoi(argv[1]) : CAPSOCK_DEFAULT_PORT;
  capsock_socket *server_socket = NULL;
  struct sockaddr_storage client;
  char message[2048];
  size_t length;

  if (capsock_socket_new(AF_INET, SOCK_DGRAM, 0, &server_socket) != CAPSOCK_OK ||
      capsock_socket_bind_to(server_socket, "", port) != CAPSOCK_OK) {
    fprintf(stderr, "%s\n", capsock_last_error());
    return 1;
  }
  printf("The server is ready to receive on port %d\n", capsock_socket_port(server_socket));
  fflush(stdout);
  for (;;) {
    socklen_t client_length = sizeof client;
    capsock_status status =
        capsock_socket_recvfrom(server_socket, message, sizeof message, 0,
                                (struct sockaddr *)&client, &client_length, &length);
    if (status == CAPSOCK_OK) {
      for (size_t i = 0; i < length; i++)
        message[i] = (char)toupper((unsigned char)message[i]);
      status = capsock_socket_sendto(server_socket, message, length, 0, (struct sockaddr *)&client,
                                     client_length, NULL);
    }
    if (status != CAPSOCK_OK)
      fprintf(stderr, "%s\n", capsock_last_error());
  }
}
