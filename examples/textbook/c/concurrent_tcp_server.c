/* ConcurrentTCPServer: accepts connections and serves each to its end in a thread of its own.
   Usage: concurrent_tcp_server [PORT]
   Unlike the BSD calls, these take a capsock_socket * and return a status, bind_to takes a name
   instead of a sockaddr, send sends everything (NULL), and free replaces close. */
#include <capsock.h>
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void *serve(void *connection_socket) {
  char sentence[1024];
  size_t length;
  while (capsock_socket_recv(connection_socket, sentence, sizeof sentence, 0, &length) ==
             CAPSOCK_OK &&
         length > 0) {
    for (size_t i = 0; i < length; i++)
      sentence[i] = (char)toupper((unsigned char)sentence[i]);
    if (capsock_socket_send(connection_socket, sentence, length, 0, NULL) != CAPSOCK_OK)
      break;
  }
  capsock_socket_free(connection_socket);
  return NULL;
}

int main(int argc, char **argv) {
  int port = argc > 1 ? atoi(argv[1]) : CAPSOCK_DEFAULT_PORT;
  capsock_socket *server_socket = NULL, *connection_socket = NULL;
  pthread_t thread;

  if (capsock_socket_new(AF_INET, SOCK_STREAM, 0, &server_socket) == CAPSOCK_OK &&
      capsock_socket_bind_to(server_socket, "", port) == CAPSOCK_OK &&
      capsock_socket_listen(server_socket, 16) == CAPSOCK_OK) {
    printf("The server is ready to receive on port %d\n", capsock_socket_port(server_socket));
    fflush(stdout);
    while (capsock_socket_accept(server_socket, NULL, NULL, &connection_socket) == CAPSOCK_OK)
      if (pthread_create(&thread, NULL, serve, connection_socket) == 0)
        pthread_detach(thread);
      else
        capsock_socket_free(connection_socket);
  }
  fprintf(stderr, "%s\n", capsock_last_error());
  return 1;
}
