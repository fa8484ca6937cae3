/* One connection after another, each to its end, by accept, recv and send. The argument is the size
 * of a receive. */
#include "lean.h"

int main(int argc, char **argv) {
  const size_t size = argc > 1 ? (size_t)atol(argv[1]) : 65536;
  char *bytes = malloc(size);
  const int listener = bound(SOCK_STREAM);
  for (;;) {
    const int fd = need(accept(listener, NULL, NULL), "accept");
    ssize_t count;
    no_delay(fd);
    while ((count = recv(fd, bytes, size, 0)) > 0) {
      upper(bytes, bytes, (size_t)count);
      for (ssize_t sent = 0, now; sent < count; sent += now)
        if ((now = send(fd, bytes + sent, (size_t)(count - sent), MSG_NOSIGNAL)) <= 0)
          break;
    }
    close(fd);
  }
}
