/* capsock's server, started from C. Usage: capsock_server tcp|udp */
#include <capsock.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  capsock_server_options *options = capsock_server_options_new();
  capsock_server *server = NULL;
  capsock_server_options_set_port(options, 0);
  capsock_server_options_set_workers(options, 1);
  const int udp = argc > 1 && strcmp(argv[1], "udp") == 0;
  if (capsock_server_start(udp ? CAPSOCK_TRANSPORT_UDP : CAPSOCK_TRANSPORT_TCP, options, &server) !=
      CAPSOCK_OK) {
    fprintf(stderr, "%s\n", capsock_last_error());
    return 1;
  }
  capsock_server_options_free(options);
  printf("%d\n", capsock_server_port(server));
  fflush(stdout);
  for (;;)
    pause();
}
