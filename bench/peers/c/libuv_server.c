/* libuv on one thread. Usage: libuv_server tcp|udp BUFFER */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static size_t size = 65536;
static char *bytes; /* one buffer for all: what is written at once needs no copy */

typedef struct {
  uv_write_t request;
  char bytes[];
} owed;

static void upper(char *at, size_t count) {
  for (size_t i = 0; i < count; i++)
    at[i] = (char)(at[i] ^ ((unsigned char)(at[i] - 'a') < 26 ? 0x20 : 0));
}

static void need(int result, const char *what) {
  if (result >= 0)
    return;
  fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
  exit(1);
}

static void ready(const struct sockaddr_storage *address) {
  printf("%d\n", ntohs(((const struct sockaddr_in *)address)->sin_port));
  fflush(stdout);
}

static void lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle, (void)suggested;
  *buffer = uv_buf_init(bytes, (unsigned)size);
}

static void gone(uv_handle_t *handle) { free(handle); }

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

static void written(uv_write_t *request, int status) {
  uv_stream_t *stream = request->handle;
  free(request);
  if (status == 0 && !uv_is_closing((uv_handle_t *)stream))
    uv_read_start(stream, lend, on_read);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
  if (count < 0) {
    uv_close((uv_handle_t *)stream, gone);
    return;
  }
  upper(buffer->base, (size_t)count);
  uv_buf_t reply = uv_buf_init(buffer->base, (unsigned)count);
  int sent = count > 0 ? uv_try_write(stream, &reply, 1) : 0;
  if (sent == UV_EAGAIN)
    sent = 0;
  if (sent < 0) {
    uv_close((uv_handle_t *)stream, gone);
    return;
  }
  if (sent == count)
    return;
  /* What the client does not take yet is kept, and nothing is read until it has. */
  const size_t rest = (size_t)(count - sent);
  owed *kept = malloc(sizeof *kept + rest);
  if (kept == NULL)
    abort();
  memcpy(kept->bytes, buffer->base + sent, rest);
  reply = uv_buf_init(kept->bytes, (unsigned)rest);
  uv_read_stop(stream);
  need(uv_write(&kept->request, stream, &reply, 1, written), "uv_write");
}

static void on_connection(uv_stream_t *listener, int status) {
  need(status, "listen");
  uv_tcp_t *one = malloc(sizeof *one);
  if (one == NULL)
    abort();
  need(uv_tcp_init(listener->loop, one), "uv_tcp_init");
  need(uv_accept(listener, (uv_stream_t *)one), "uv_accept");
  uv_tcp_nodelay(one, 1);
  uv_read_start((uv_stream_t *)one, lend, on_read);
}

static void on_datagram(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer,
                        const struct sockaddr *from, unsigned flags) {
  (void)flags;
  if (count <= 0 || from == NULL)
    return;
  upper(buffer->base, (size_t)count);
  const uv_buf_t reply = uv_buf_init(buffer->base, (unsigned)count);
  uv_udp_try_send(socket, &reply, 1, from);
}

int main(int argc, char **argv) {
  uv_loop_t *loop = uv_default_loop();
  struct sockaddr_in any;
  struct sockaddr_storage address;
  int length = sizeof address;
  if (argc > 2)
    size = (size_t)atol(argv[2]);
  bytes = malloc(size);
  uv_ip4_addr("127.0.0.1", 0, &any);
  if (argc > 1 && strcmp(argv[1], "udp") == 0) {
    static uv_udp_t socket;
    need(uv_udp_init(loop, &socket), "uv_udp_init");
    need(uv_udp_bind(&socket, (struct sockaddr *)&any, 0), "uv_udp_bind");
    need(uv_udp_getsockname(&socket, (struct sockaddr *)&address, &length), "uv_udp_getsockname");
    need(uv_udp_recv_start(&socket, lend, on_datagram), "uv_udp_recv_start");
  } else {
    static uv_tcp_t listener;
    need(uv_tcp_init(loop, &listener), "uv_tcp_init");
    need(uv_tcp_bind(&listener, (struct sockaddr *)&any, 0), "uv_tcp_bind");
    need(uv_listen((uv_stream_t *)&listener, 4096, on_connection), "uv_listen");
    need(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length), "uv_tcp_getsockname");
  }
  ready(&address);
  return uv_run(loop, UV_RUN_DEFAULT);
}
