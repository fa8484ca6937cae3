/* The C peer of the demo: eight servers, or a client of all of them.

   Usage: peer serve                 prints a line "tcp threads 40123" for each server, then
   "ready"; stops when its standard input ends peer ask TEXTS EXPECTED    reads such lines; prints
   for each whether every text of the one file came back as that line of the other */
#define _POSIX_C_SOURCE 200809L
#include <capsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include "../c/getline.h"
#endif

#define TIMEOUT_MS 20000
#define MAX_DATAGRAM 65507

static const char *const transports[] = {"tcp", "udp"};
static const char *const concurrencies[] = {"iterative", "threads", "processes", "events"};

static int serve(void) {
  capsock_server *servers[2][4];
  for (int32_t transport = 0; transport < 2; transport++) {
    for (int32_t concurrency = 0; concurrency < 4; concurrency++) {
      capsock_server_options *options = capsock_server_options_new();
      capsock_server **server = &servers[transport][concurrency];
      capsock_server_options_set_host(options, "127.0.0.1");
      capsock_server_options_set_port(options, 0);
      capsock_server_options_set_concurrency(options, concurrency);
      capsock_status status = capsock_server_start(transport, options, server);
      capsock_server_options_free(options);
      printf("%s %s ", transports[transport], concurrencies[concurrency]);
      if (status == CAPSOCK_OK) {
        printf("%d\n", capsock_server_port(*server));
      } else if (status == CAPSOCK_UNSUPPORTED) {
        /* Not every system has processes. */
        printf("unsupported\n");
        *server = NULL;
      } else {
        fprintf(stderr, "%s\n", capsock_last_error());
        return 1;
      }
    }
  }
  printf("ready\n");
  fflush(stdout);
  while (getchar() != EOF)
    continue;
  for (int transport = 0; transport < 2; transport++)
    for (int concurrency = 0; concurrency < 4; concurrency++)
      capsock_server_free(servers[transport][concurrency]);
  return 0;
}

typedef struct {
  char **text;
  size_t count;
} lines;

/* Reads a file's lines, without their newlines. */
static lines read_lines(const char *path) {
  lines all = {NULL, 0};
  char *line = NULL;
  size_t size = 0;
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  while (getline(&line, &size, file) >= 0) {
    line[strcspn(line, "\n")] = '\0';
    all.text = realloc(all.text, (all.count + 1) * sizeof *all.text);
    if (all.text == NULL) {
      perror(path);
      exit(1);
    }
    all.text[all.count++] = line;
    line = NULL;
    size = 0;
  }
  free(line);
  fclose(file);
  return all;
}

/* Sends one text and checks the reply; writes a difference to `detail`. */
static int ask(const capsock_tcp_client *tcp, const capsock_udp_client *udp, const char *text,
               const char *expected, char *detail, size_t size) {
  char *reply = NULL;
  capsock_status status = tcp != NULL ? capsock_tcp_client_request(tcp, text, &reply)
                                      : capsock_udp_client_request(udp, text, &reply);
  int too_large = udp != NULL && strlen(text) > MAX_DATAGRAM;
  int as_expected = too_large ? status == CAPSOCK_TOO_LARGE
                              : status == CAPSOCK_OK && strcmp(reply, expected) == 0;
  if (status != CAPSOCK_OK)
    snprintf(detail, size, "%s", capsock_last_error());
  else if (!as_expected)
    snprintf(detail, size, "the reply to a text of %zu bytes is not as expected", strlen(text));
  capsock_string_free(reply);
  return as_expected;
}

static int ask_all(const char *transport, int port, lines texts, lines expected, char *detail,
                   size_t size) {
  capsock_tcp_client *tcp = NULL;
  capsock_udp_client *udp = NULL;
  capsock_status status;
  int ok;
  if (strcmp(transport, "tcp") == 0) {
    capsock_tcp_client_options *options = capsock_tcp_client_options_new();
    capsock_tcp_client_options_set_timeout(options, TIMEOUT_MS);
    status = capsock_tcp_client_connect("127.0.0.1", port, options, &tcp);
    capsock_tcp_client_options_free(options);
  } else {
    capsock_udp_client_options *options = capsock_udp_client_options_new();
    capsock_udp_client_options_set_timeout(options, TIMEOUT_MS);
    status = capsock_udp_client_connect("127.0.0.1", port, options, &udp);
    capsock_udp_client_options_free(options);
  }
  if (status == CAPSOCK_OK)
    snprintf(detail, size, "%zu replies", texts.count);
  else
    snprintf(detail, size, "%s", capsock_last_error());
  ok = status == CAPSOCK_OK;
  for (size_t i = 0; ok && i < texts.count; i++)
    ok = ask(tcp, udp, texts.text[i], expected.text[i], detail, size);
  capsock_tcp_client_free(tcp);
  capsock_udp_client_free(udp);
  return ok;
}

static int ask_servers(const char *texts_path, const char *expected_path) {
  lines texts = read_lines(texts_path), expected = read_lines(expected_path);
  char line[256], transport[16], concurrency[16], detail[1024];
  int port;
  if (texts.count != expected.count) {
    fprintf(stderr, "%s and %s have not the same number of lines\n", texts_path, expected_path);
    return 1;
  }
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%15s %15s %d", transport, concurrency, &port) != 3)
      continue;
    int ok = ask_all(transport, port, texts, expected, detail, sizeof detail);
    printf("%s %s %d\t%s\t%s\n", transport, concurrency, port, ok ? "ok" : "failed", detail);
    fflush(stdout);
  }
  for (size_t i = 0; i < texts.count; i++) {
    free(texts.text[i]);
    free(expected.text[i]);
  }
  free(texts.text);
  free(expected.text);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "serve") == 0)
    return serve();
  if (argc == 4 && strcmp(argv[1], "ask") == 0)
    return ask_servers(argv[2], argv[3]);
  fprintf(stderr, "usage: peer serve | peer ask TEXTS EXPECTED\n");
  return 2;
}
