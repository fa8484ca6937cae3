/* capsock's server, started from C. Usage: capsock_server tcp|udp|tcp-handler|udp-handler: with a
 * handler, that makes the same reply. */
#include <capsock.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int upper(const uint8_t *request, size_t length, capsock_reply *reply, void *user_data) {
  uint8_t chunk[4096];
  (void)user_data;
  while (length > 0) {
    const size_t count = length < sizeof chunk ? length : sizeof chunk;
    for (size_t i = 0; i < count; i++)
      chunk[i] = (uint8_t)(request[i] ^ ((uint8_t)(request[i] - 'a') < 26 ? 0x20 : 0));
    if (capsock_reply_write(reply, chunk, count) != CAPSOCK_OK)
      return 1;
    request += count;
    length -= count;
  }
  return 0;
}

int main(int argc, char **argv) {
  capsock_server_options *options = capsock_server_options_new();
  capsock_server *server = NULL;
  const char *mode = argc > 1 ? argv[1] : "tcp";
  const int udp = strncmp(mode, "udp", 3) == 0;
  capsock_server_options_set_port(options, 0);
  capsock_server_options_set_workers(options, 1);
  if (strstr(mode, "-handler") != NULL)
    capsock_server_options_set_handler(options, upper, NULL);
  if (strcmp(mode, "tcp-handler") == 0)
    capsock_server_options_set_framing(options, CAPSOCK_FRAMING_LINE);
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
