// A server on loopback and a client of it, with nothing but the installed library.
#include <capsock.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, capsock_last_error());
  return 1;
}

int main(void) {
  capsock_server_options *options = capsock_server_options_new();
  capsock_server *server = NULL;
  capsock_tcp_client *client = NULL;
  char *reply = NULL;

  if (capsock_server_options_set_port(options, 0) != CAPSOCK_OK)
    return fail("set_port");
  if (capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &server) != CAPSOCK_OK)
    return fail("server_start");
  if (capsock_tcp_client_connect("localhost", capsock_server_port(server), NULL, &client) != CAPSOCK_OK)
    return fail("tcp_client_connect");
  if (capsock_tcp_client_request(client, "hello", &reply) != CAPSOCK_OK)
    return fail("tcp_client_request");
  printf("%s %s\n", capsock_version(), reply);
  int differs = strcmp(reply, "HELLO");
  capsock_string_free(reply);
  capsock_tcp_client_free(client);
  capsock_server_options_free(options);
  capsock_server_free(server);
  return differs != 0;
}
