/* UDPClient: sends a sentence in a datagram and prints the reply.
   Usage: udp_client [HOST [PORT]] */
#define _POSIX_C_SOURCE 200809L
#include <capsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include "getline.h"
#endif

static int fail(const char *why) {
  fprintf(stderr, "%s\n", why);
  return 1;
}

int main(int argc, char **argv) {
  const char *host = argc > 1 ? argv[1] : "localhost";
  int port = argc > 2 ? atoi(argv[2]) : CAPSOCK_DEFAULT_PORT;
  capsock_udp_client *client = NULL;
  char *sentence = NULL, *reply = NULL;
  size_t size = 0;

  if (capsock_udp_client_connect(host, port, NULL, &client) != CAPSOCK_OK)
    return fail(capsock_last_error());
  printf("Input lowercase sentence: ");
  fflush(stdout);
  if (getline(&sentence, &size, stdin) < 0)
    return fail("there is no sentence");
  sentence[strcspn(sentence, "\n")] = '\0';
  if (capsock_udp_client_request(client, sentence, &reply) != CAPSOCK_OK)
    return fail(capsock_last_error());
  printf("From Server: %s\n", reply);
  capsock_string_free(reply);
  capsock_udp_client_free(client);
  free(sentence);
  return 0;
}
