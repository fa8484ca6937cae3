/* UDPServer: replies to each datagram with its text in upper case.
   Usage: udp_server [PORT] */
#include <capsock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static capsock_server *server = NULL;

static void on_interrupt(int signal_number) {
  (void)signal_number;
  capsock_server_request_stop(server);
}

int main(int argc, char **argv) {
  capsock_server_options *options = capsock_server_options_new();
  capsock_server_options_set_concurrency(options, CAPSOCK_CONCURRENCY_ITERATIVE);
  if ((argc > 1 && capsock_server_options_set_port(options, atoi(argv[1])) != CAPSOCK_OK) ||
      capsock_server_start(CAPSOCK_TRANSPORT_UDP, options, &server) != CAPSOCK_OK) {
    fprintf(stderr, "%s\n", capsock_last_error());
    return 1;
  }
  capsock_server_options_free(options);
  signal(SIGINT, on_interrupt);
  printf("The server is ready to receive on port %d\n", capsock_server_port(server));
  fflush(stdout);
  while (capsock_server_wait(server, CAPSOCK_NO_LIMIT) == CAPSOCK_INTERRUPTED)
    continue;
  capsock_server_free(server);
  return 0;
}
