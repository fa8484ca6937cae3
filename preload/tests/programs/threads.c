/* A UDP echo server of several threads, and their clients, in one process: threads N. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static struct sockaddr_in server_address;

static int bound(struct sockaddr_in *address) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  socklen_t length = sizeof *address;
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (fd < 0 || bind(fd, (struct sockaddr *)address, length) != 0)
    exit(1);
  getsockname(fd, (struct sockaddr *)address, &length);
  return fd;
}

static void *client(void *number) {
  struct sockaddr_in own;
  int fd = bound(&own);
  char text[32], reply[64];
  int length = snprintf(text, sizeof text, "from %ld", (long)number);
  struct iovec parts[2] = {{text, 3}, {text + 3, (size_t)length - 3}};
  struct msghdr message = {.msg_name = &server_address,
                           .msg_namelen = sizeof server_address,
                           .msg_iov = parts,
                           .msg_iovlen = 2};
  if (sendmsg(fd, &message, 0) != length)
    exit(2);
  if (recv(fd, reply, sizeof reply, 0) != length || memcmp(text, reply, (size_t)length) != 0)
    exit(3);
  close(fd);
  return NULL;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 4;
  pthread_t threads[64];
  int fd = bound(&server_address);
  for (long i = 0; i < count; i++)
    pthread_create(&threads[i], NULL, client, (void *)i);
  for (int i = 0; i < count; i++) {
    char text[64];
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    ssize_t got = recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&from, &length);
    if (got < 0 || sendto(fd, text, (size_t)got, 0, (struct sockaddr *)&from, length) != got)
      return 4;
  }
  for (int i = 0; i < count; i++)
    pthread_join(threads[i], NULL);
  close(fd);
  puts("ok");
  return 0;
}
