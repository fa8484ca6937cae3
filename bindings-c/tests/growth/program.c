/* A program of an earlier header: it sets options, serves, asks, and reads totals and a report. */
#include "capsock.h"

#include <stdio.h>
#include <string.h>

#define NEED(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition,                  \
              capsock_last_error());                                                               \
      return 1;                                                                                    \
    }                                                                                              \
  } while (0)

int main(void) {
  capsock_server_options *options = capsock_server_options_new();
  capsock_tcp_client_options *client_options = capsock_tcp_client_options_new();
  capsock_server *server = NULL;
  capsock_tcp_client *client = NULL;
  capsock_stats *stats = NULL;
  capsock_stop_report *report = NULL;
  char *reply = NULL;
  NEED(capsock_server_options_set_host(options, "127.0.0.1") == CAPSOCK_OK);
  NEED(capsock_server_options_set_port(options, 0) == CAPSOCK_OK);
  NEED(capsock_server_options_set_concurrency(options, CAPSOCK_CONCURRENCY_THREADS) == CAPSOCK_OK);
  NEED(capsock_server_options_set_max_request(options, 100) == CAPSOCK_OK);
  NEED(capsock_server_options_set_busy_poll(options, -1) == CAPSOCK_INVALID_ARGUMENT);
  NEED(capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &server) == CAPSOCK_OK);
  NEED(capsock_tcp_client_options_set_timeout(client_options, 20000) == CAPSOCK_OK);
  NEED(capsock_tcp_client_connect("127.0.0.1", capsock_server_port(server), client_options,
                                  &client) == CAPSOCK_OK);
  NEED(capsock_tcp_client_request(client, "hello", &reply) == CAPSOCK_OK);
  NEED(strcmp(reply, "HELLO") == 0);
  capsock_string_free(reply);
  capsock_tcp_client_free(client);
  NEED(capsock_server_stop(server, 20000, &report) == CAPSOCK_OK);
  NEED(capsock_server_stats(server, &stats) == CAPSOCK_OK);
  NEED(capsock_stats_connections_accepted(stats) == 1 && capsock_stats_requests(stats) == 1);
  NEED(capsock_stats_bytes_received(stats) == 6 && capsock_stats_descriptor_shortages(stats) == 0);
  NEED(capsock_stop_report_completed(report) == 1 && capsock_stop_report_cut(report) == 0);
  capsock_stop_report_free(report);
  capsock_stats_free(stats);
  capsock_server_free(server);
  capsock_tcp_client_options_free(client_options);
  capsock_server_options_free(options);
  return 0;
}
