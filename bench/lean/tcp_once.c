/* The textbook's server: accept, one receive, the reply, close. */
#include "lean.h"

int main(void) {
  static char bytes[65536];
  const int listener = bound(SOCK_STREAM);
  for (;;) {
    const int fd = need(accept(listener, NULL, NULL), "accept");
    const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
    if (count > 0) {
      upper(bytes, bytes, (size_t)count);
      if (send(fd, bytes, (size_t)count, MSG_NOSIGNAL) != count)
        perror("send");
    }
    close(fd);
  }
}
