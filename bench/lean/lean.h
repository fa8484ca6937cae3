/* What the lean servers share: they bind a free port of 127.0.0.1, print it, and upper-case ASCII.
 */
#ifndef LEAN_H
#define LEAN_H
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static inline void upper(char *to, const char *from, size_t size) {
  for (size_t i = 0; i < size; i++) {
    const unsigned char byte = (unsigned char)from[i];
    to[i] = (char)(byte ^ ((unsigned char)(byte - 'a') < 26 ? 0x20 : 0));
  }
}

static inline int need(int result, const char *what) {
  if (result < 0) {
    perror(what);
    exit(1);
  }
  return result;
}

static inline int bound(int type) {
  const int fd = need(socket(AF_INET, type, 0), "socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  need(bind(fd, (struct sockaddr *)&address, length), "bind");
  need(getsockname(fd, (struct sockaddr *)&address, &length), "getsockname");
  if (type & SOCK_STREAM)
    need(listen(fd, 4096), "listen");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static inline void no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
#endif
