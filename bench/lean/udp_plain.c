/* recvfrom and sendto, one datagram after the other. */
#include "lean.h"

int main(void) {
  static char bytes[65536];
  const int fd = bound(SOCK_DGRAM);
  for (;;) {
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    const ssize_t count = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
    if (count < 0)
      continue;
    upper(bytes, bytes, (size_t)count);
    sendto(fd, bytes, (size_t)count, 0, (struct sockaddr *)&from, length);
  }
}
