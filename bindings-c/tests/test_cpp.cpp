// The header in C++: a handler that is a lambda, handles that free themselves.
#include "harness.h"

#include <memory>
#include <string>

namespace {

void a_round_trip() {
  capsock_server_options *options = capsock_server_options_new();
  CHECK_OK(capsock_server_options_set_port(options, 0));
  CHECK_OK(capsock_server_options_set_concurrency(options, CAPSOCK_CONCURRENCY_THREADS));
  CHECK_OK(capsock_server_options_set_framing(options, CAPSOCK_FRAMING_LINE));
  const auto handler = [](const uint8_t *request, size_t length, capsock_reply *reply, void *) {
    const std::string text = "[" + std::string(request, request + length - 1) + "]";
    return capsock_reply_write(reply, text.data(), text.size()) == CAPSOCK_OK ? 0 : 1;
  };
  CHECK_OK(capsock_server_options_set_handler(options, handler, nullptr));

  capsock_server *started = nullptr;
  const capsock_status status = capsock_server_start(CAPSOCK_TRANSPORT_TCP, options, &started);
  CHECK_STATUS(status, CAPSOCK_OK);
  const std::unique_ptr<capsock_server, decltype(&capsock_server_free)> server(started,
                                                                               capsock_server_free);

  capsock_tcp_client *connected = nullptr;
  CHECK_OK(capsock_tcp_client_connect("localhost", capsock_server_port(server.get()), nullptr,
                                      &connected));
  const std::unique_ptr<capsock_tcp_client, decltype(&capsock_tcp_client_free)> client(
      connected, capsock_tcp_client_free);

  char *reply = nullptr;
  CHECK_OK(capsock_tcp_client_request(client.get(), "hello", &reply));
  CHECK(reply != nullptr && std::string(reply) == "[hello]");
  capsock_string_free(reply);
  capsock_server_options_free(options);
}

void sockets() {
  const auto make = [](int type) {
    capsock_socket *made = nullptr;
    CHECK_OK(capsock_socket_new(AF_INET, type, 0, &made));
    return std::unique_ptr<capsock_socket, decltype(&capsock_socket_free)>(made,
                                                                           capsock_socket_free);
  };
  const auto server = make(SOCK_DGRAM);
  const auto client = make(SOCK_DGRAM);
  CHECK_OK(capsock_socket_bind_to(server.get(), "localhost", 0));

  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  CHECK_OK(
      capsock_socket_getsockname(server.get(), reinterpret_cast<sockaddr *>(&address), &length));
  CHECK_OK(capsock_socket_sendto(client.get(), "hello", 5, 0,
                                 reinterpret_cast<const sockaddr *>(&address), length, nullptr));
  std::string message(64, ' ');
  std::size_t received = 0;
  CHECK_OK(capsock_socket_recv(server.get(), &message[0], message.size(), 0, &received));
  message.resize(received);
  CHECK(message == "hello");
}

} // namespace

int main() {
  const test tests[] = {{"C++ round trip", a_round_trip}, {"C++ sockets", sockets}};
  return RUN(tests);
}
