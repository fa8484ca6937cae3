/* Requests with a length before them and with a delimiter after them: the options reach the core,
   of servers and of clients. */
#define _XOPEN_SOURCE 700
#include "peers.h"

typedef struct {
  int32_t framing;
  uint32_t length_bytes;
  int32_t endian;
  bool includes_itself;
  /* The delimiter, which may contain a NUL. */
  const char *delimiter;
  size_t delimiter_length;
  /* What is sent for the request "ab", and received for it. */
  const char *request, *reply;
  size_t length;
} format;

#define BYTES(literal) literal, sizeof literal - 1

static const format formats[] = {
    {CAPSOCK_FRAMING_LENGTH, 1, CAPSOCK_ENDIAN_BIG, false, BYTES("x"), "\2ab", BYTES("\2AB")},
    {CAPSOCK_FRAMING_LENGTH, 2, CAPSOCK_ENDIAN_BIG, false, BYTES("x"), "\0\2ab", BYTES("\0\2AB")},
    {CAPSOCK_FRAMING_LENGTH, 4, CAPSOCK_ENDIAN_LITTLE, true, BYTES("x"), "\6\0\0\0ab",
     BYTES("\6\0\0\0AB")},
    {CAPSOCK_FRAMING_DELIMITER, 4, CAPSOCK_ENDIAN_BIG, false, BYTES("\0end"), "ab\0end",
     BYTES("AB\0end")},
};

#define FORMATS (sizeof formats / sizeof formats[0])

static capsock_server_options *server_options(const format *wanted) {
  capsock_server_options *options = local_options();
  CHECK_OK(capsock_server_options_set_framing(options, wanted->framing));
  CHECK_OK(capsock_server_options_set_length_bytes(options, wanted->length_bytes));
  CHECK_OK(capsock_server_options_set_length_endian(options, wanted->endian));
  CHECK_OK(capsock_server_options_set_length_includes_itself(options, wanted->includes_itself));
  CHECK_OK(
      capsock_server_options_set_delimiter(options, wanted->delimiter, wanted->delimiter_length));
  return options;
}

static capsock_tcp_client_options *client_options(const format *wanted) {
  capsock_tcp_client_options *options = capsock_tcp_client_options_new();
  CHECK_OK(capsock_tcp_client_options_set_timeout(options, CALL_TIMEOUT_MS));
  CHECK_OK(capsock_tcp_client_options_set_framing(options, wanted->framing));
  CHECK_OK(capsock_tcp_client_options_set_length_bytes(options, wanted->length_bytes));
  CHECK_OK(capsock_tcp_client_options_set_length_endian(options, wanted->endian));
  CHECK_OK(capsock_tcp_client_options_set_length_includes_itself(options, wanted->includes_itself));
  CHECK_OK(capsock_tcp_client_options_set_delimiter(options, wanted->delimiter,
                                                    wanted->delimiter_length));
  return options;
}

static void each_format(void) {
  for (size_t i = 0; i < FORMATS; i++) {
    const format *one = &formats[i];
    capsock_server_options *options = server_options(one);
    capsock_tcp_client_options *asking = client_options(one);
    capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
    capsock_tcp_client *client = NULL;
    capsock_socket *plain = NULL;
    char received[16] = "";
    size_t count = 0, sent = 0;
    CHECK_OK(capsock_tcp_client_connect("127.0.0.1", capsock_server_port(server), asking, &client));
    check_tcp_reply(client, "ab", "AB");
    check_tcp_reply(client, "", "");
    check_tcp_reply(client, "a\nb", "A\nB");
    capsock_tcp_client_free(client);

    CHECK_OK(capsock_socket_new(AF_INET, SOCK_STREAM, 0, &plain));
    CHECK_OK(capsock_socket_set_timeout(plain, CALL_TIMEOUT_MS));
    CHECK_OK(capsock_socket_connect_to(plain, "127.0.0.1", capsock_server_port(server)));
    CHECK_OK(capsock_socket_send(plain, one->request, one->length, 0, &sent));
    while (count < one->length) {
      size_t got = 0;
      if (capsock_socket_recv(plain, received + count, sizeof received - count, 0, &got) !=
              CAPSOCK_OK ||
          got == 0)
        break;
      count += got;
    }
    CHECK(sent == one->length && count == one->length);
    CHECK(memcmp(received, one->reply, count) == 0);
    capsock_socket_free(plain);
    capsock_server_free(server);
    capsock_tcp_client_options_free(asking);
    capsock_server_options_free(options);
  }
}

/* A handler gets and gives what is between. */
static int echo_twice(const uint8_t *request, size_t length, capsock_reply *reply,
                      void *user_data) {
  (void)user_data;
  for (int i = 0; i < 2; i++) {
    if (capsock_reply_write(reply, request, length) != CAPSOCK_OK)
      return 1;
  }
  return 0;
}

static void handlers(void) {
  for (size_t i = 0; i < FORMATS; i++) {
    capsock_server_options *options = server_options(&formats[i]);
    capsock_tcp_client_options *asking = client_options(&formats[i]);
    capsock_tcp_client *client = NULL;
    capsock_server *server;
    CHECK_OK(capsock_server_options_set_handler(options, echo_twice, NULL));
    server = start(CAPSOCK_TRANSPORT_TCP, options);
    CHECK_OK(capsock_tcp_client_connect("127.0.0.1", capsock_server_port(server), asking, &client));
    check_tcp_reply(client, "ab", "abab");
    check_tcp_reply(client, "", "");
    capsock_tcp_client_free(client);
    capsock_server_free(server);
    capsock_tcp_client_options_free(asking);
    capsock_server_options_free(options);
  }
}

static void refused(void) {
  capsock_server_options *options = server_options(&formats[0]);
  capsock_tcp_client_options *asking = client_options(&formats[0]);
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options), *none = NULL;
  capsock_tcp_client *client = NULL;
  int32_t port = capsock_server_port(server);
  char text[257] = "", *reply = NULL;
  memset(text, 'a', sizeof text - 1);

  CHECK_OK(capsock_tcp_client_connect("127.0.0.1", port, asking, &client));
  CHECK_STATUS(capsock_tcp_client_request(client, text, &reply), CAPSOCK_TOO_LARGE);
  CHECK(strstr(capsock_last_error(), "255 are the most") != NULL && reply == NULL);
  capsock_tcp_client_free(client);
  client = NULL;

  CHECK_STATUS(capsock_tcp_client_options_set_length_endian(asking, 2), CAPSOCK_INVALID_ARGUMENT);
  CHECK_OK(capsock_tcp_client_options_set_length_bytes(asking, 3));
  CHECK_STATUS(capsock_tcp_client_connect("127.0.0.1", port, asking, &client),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "length_bytes is 3") != NULL);
  CHECK_OK(capsock_tcp_client_options_set_length_bytes(asking, 4));
  CHECK_OK(capsock_tcp_client_options_set_framing(asking, CAPSOCK_FRAMING_ONCE));
  CHECK_STATUS(capsock_tcp_client_connect("127.0.0.1", port, asking, &client),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(client == NULL);

  CHECK_OK(capsock_server_options_set_delimiter(options, NULL, 0));
  CHECK_STATUS(capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &none),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "the delimiter is empty") != NULL && none == NULL);
  capsock_server_free(server);
  capsock_tcp_client_options_free(asking);
  capsock_server_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"each format", each_format},
      {"handlers", handlers},
      {"what is refused", refused},
  };
  return RUN(tests);
}
