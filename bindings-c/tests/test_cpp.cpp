// The header in C++: a handler that is a lambda, handles that free themselves.
#include "harness.h"

#include <memory>
#include <string>

namespace {

void a_round_trip() {
  capsock_server_options options = capsock_server_options_default();
  options.port = 0;
  options.concurrency = CAPSOCK_CONCURRENCY_THREADS;
  options.framing = CAPSOCK_FRAMING_LINE;
  options.handler = [](const uint8_t *request, size_t length, capsock_reply *reply, void *) {
    const std::string text = "[" + std::string(request, request + length - 1) + "]";
    return capsock_reply_write(reply, text.data(), text.size()) == CAPSOCK_OK ? 0 : 1;
  };

  capsock_server *started = nullptr;
  const capsock_status status = capsock_server_start(CAPSOCK_TRANSPORT_TCP, &options, &started);
  CHECK_STATUS(status, CAPSOCK_OK);
  const std::unique_ptr<capsock_server, decltype(&capsock_server_free)> server(started,
                                                                               capsock_server_free);

  const capsock_tcp_client_options defaults = capsock_tcp_client_options_default();
  capsock_tcp_client *connected = nullptr;
  CHECK_OK(capsock_tcp_client_connect(options.host, capsock_server_port(server.get()), &defaults,
                                      &connected));
  const std::unique_ptr<capsock_tcp_client, decltype(&capsock_tcp_client_free)> client(
      connected, capsock_tcp_client_free);

  char *reply = nullptr;
  CHECK_OK(capsock_tcp_client_request(client.get(), "hello", &reply));
  CHECK(reply != nullptr && std::string(reply) == "[hello]");
  capsock_string_free(reply);
}

} // namespace

int main() {
  const test tests[] = {{"C++ round trip", a_round_trip}};
  return RUN(tests);
}
