/* Prints the result and the errno of calls that succeed and that fail, in many ways: the output
   with the preload library is that without. results */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* closefrom(3) is glibc's, from 2.34 on. */
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
#define HAS_CLOSEFROM
#endif
#endif

#define SHOW(call)                                                                                 \
  do {                                                                                             \
    errno = 77;                                                                                    \
    long result_ = (long)(call);                                                                   \
    printf("%d %s = %ld, %d\n", __LINE__, #call, result_, errno);                                  \
  } while (0)

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((unsigned short)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A pointer to nothing and a count of nothing, which the compiler does not know. */
static void *volatile nowhere = (void *)8;
static volatile int none = -1;

static void on_alarm(int number) { (void)number; }

int main(void) {
  char text[64] = "hello", more[64];
  int zero = 0, one = 1;
  struct sockaddr_in any = loopback(0), bound;
  struct sockaddr *at = (struct sockaddr *)&any;
  socklen_t length = sizeof any;

  /* What is no socket. */
  int pipes[2];
  SHOW(pipe(pipes));
  SHOW(write(pipes[1], text, 5));
  SHOW(read(pipes[0], more, 64));
  SHOW(send(pipes[1], text, 5, 0));
  SHOW(bind(pipes[0], at, length));
  SHOW(listen(-1, 1));
  SHOW(read(-1, more, 1));
  SHOW(write(4000, text, 1));
  SHOW(recv(4000, more, 1, 0));
  SHOW(close(4000));
  SHOW(close(-1));
  SHOW(dup(4000));
  SHOW(dup2(4000, 5));
  SHOW(fcntl(4000, F_GETFL));
  SHOW(close(200));
  SHOW(fcntl(200, F_GETFD));
  SHOW(dup(200));
  SHOW(socket(AF_INET, 99, 0));
  SHOW(socket(12345, SOCK_STREAM, 0));

  /* Failures of sockets. */
  int tcp, udp, listener;
  SHOW(tcp = socket(AF_INET, SOCK_STREAM, 0));
  SHOW(udp = socket(AF_INET, SOCK_DGRAM, 0));
  SHOW(send(tcp, text, 5, MSG_NOSIGNAL));
  SHOW(recv(tcp, more, 5, 0));
  SHOW(send(udp, text, 5, 0));
  SHOW(listen(udp, 1));
  SHOW(accept(udp, NULL, NULL));
  SHOW(accept(tcp, NULL, NULL));
  SHOW(shutdown(tcp, SHUT_WR));
  SHOW(bind(tcp, at, 3));
  SHOW(bind(tcp, (struct sockaddr *)1, length));
  SHOW(getsockname(tcp, (struct sockaddr *)1, &length));
  SHOW(getsockname(tcp, at, nowhere));
  SHOW(connect(tcp, nowhere, length));
  SHOW(connect(udp, nowhere, length));
  SHOW(syscall(SYS_connect, udp, nowhere, length));
  SHOW(sendto(udp, text, 5, 0, nowhere, length));
  SHOW(poll(nowhere, 1, 20));
  SHOW(select(tcp + 1, nowhere, NULL, NULL, NULL));
  SHOW(getsockname(tcp, at, (socklen_t *)1));
  SHOW(connect(tcp, at, 3));
  SHOW(connect(tcp, NULL, length));
  SHOW(sendto(udp, text, 5, 0, NULL, 0));
  SHOW(sendto(udp, text, 5, 0, (struct sockaddr *)text, 16));
  SHOW(recv(udp, more, 5, MSG_DONTWAIT));
  SHOW(recvfrom(udp, nowhere, 5, MSG_DONTWAIT, NULL, NULL));
  SHOW(readv(udp, NULL, none));
  SHOW(writev(udp, nowhere, 3));
  SHOW(sendmsg(udp, NULL, 0));
  struct timeval limit = {0, 20000};
  SHOW(setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
  SHOW(bind(udp, at, length));
  SHOW(recv(udp, more, 5, 0));
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  limit.tv_usec = 0;
  SHOW(setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
  ualarm(20000, 0);
  SHOW(recv(udp, more, 5, 0));
  struct pollfd entry = {udp, POLLIN, 0};
  SHOW(poll(&entry, 1, 5));
  fd_set set;
  FD_ZERO(&set);
  FD_SET(udp, &set);
  struct timeval little = {0, 5000};
  SHOW(select(udp + 1, &set, NULL, NULL, &little));

  /* A connection. */
  SHOW(listener = socket(AF_INET, SOCK_STREAM, 0));
  SHOW(bind(listener, at, length));
  SHOW(bind(listener, at, length) * 0 + errno);
  SHOW(listen(listener, 5));
  length = sizeof bound;
  SHOW(getsockname(listener, (struct sockaddr *)&bound, &length));
  int refused;
  struct sockaddr_in nobody = loopback(1);
  SHOW(refused = socket(AF_INET, SOCK_STREAM, 0));
  SHOW(connect(refused, (struct sockaddr *)&nobody, sizeof nobody));
  SHOW(close(refused));
  int client, server;
  SHOW(client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  SHOW(connect(client, (struct sockaddr *)&bound, sizeof bound));
  entry = (struct pollfd){client, POLLOUT, 0};
  SHOW(poll(&entry, 1, 1000));
  int error = 99;
  length = sizeof error;
  SHOW(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length));
  SHOW(error);
  SHOW(connect(client, (struct sockaddr *)&bound, sizeof bound));
  SHOW(server = accept4(listener, NULL, NULL, SOCK_CLOEXEC));
  SHOW(recv(client, more, 5, 0));
  SHOW(write(server, text, 5));
  entry = (struct pollfd){client, POLLIN, 0};
  SHOW(poll(&entry, 1, 1000));
  SHOW(recv(client, more, 5, MSG_PEEK));
  SHOW(read(client, more, 2));
  SHOW(read(client, more, 64));
  SHOW(fcntl(client, F_SETFL, 0));
  struct iovec parts[2] = {{text, 2}, {text + 2, 3}};
  SHOW(writev(client, parts, 2));
  SHOW(readv(server, parts, 2));
  SHOW(syscall(SYS_write, client, text, 5L));
  SHOW(syscall(SYS_read, server, more, 64L));
  struct mmsghdr messages[2];
  memset(messages, 0, sizeof messages);
  messages[0].msg_hdr.msg_iov = &parts[0];
  messages[1].msg_hdr.msg_iov = &parts[1];
  messages[0].msg_hdr.msg_iovlen = messages[1].msg_hdr.msg_iovlen = 1;
  SHOW(sendmmsg(client, messages, 2, 0));
  SHOW(recv(server, more, 5, MSG_WAITALL));
  FILE *file = tmpfile();
  fputs("from a file", file);
  fflush(file);
  off_t offset = 0;
  SHOW(sendfile(server, fileno(file), &offset, 11));
  SHOW(offset);
  SHOW(recv(client, more, 11, MSG_WAITALL));
  SHOW(fclose(file));

  /* Duplicates, and what passes a descriptor. */
  int copy, again;
  SHOW(copy = dup(client));
  SHOW(close(client));
  SHOW(send(copy, text, 5, 0));
  SHOW(recv(server, more, 5, 0));
  SHOW(again = fcntl(copy, F_DUPFD_CLOEXEC, 50));
  SHOW(dup2(pipes[0], copy));
  SHOW(dup3(again, copy, O_CLOEXEC));
  SHOW(dup3(again, again, 0));
  SHOW(dup2(again, again));
  SHOW(shutdown(copy, SHUT_WR));
  SHOW(recv(server, more, 5, 0));
  SHOW(setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
  SHOW(close(server));
  SHOW(recv(copy, more, 5, 0));
  int pair[2];
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  char control[CMSG_SPACE(sizeof(int))];
  memset(control, 0, sizeof control);
  struct iovec byte = {text, 1};
  struct msghdr passing = {
      .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&passing);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &listener, sizeof listener);
  SHOW(sendmsg(pair[0], &passing, 0));
  SHOW(recvmsg(pair[1], &passing, 0));
  SHOW(close(again));
  SHOW(dup2(copy, 200));
  SHOW(close(200));
  SHOW(close(copy));
  SHOW(syscall(SYS_close, listener));
  SHOW(close(listener));

  /* What closes everything. */
  SHOW(syscall(SYS_close_range, 3U, ~0U, 0U));
  SHOW(tcp = socket(AF_INET6, SOCK_STREAM, 0));
  for (int fd = 3; fd < 1024; fd++)
    close(fd);
  SHOW(socket(AF_INET, SOCK_DGRAM, 0));
#ifdef HAS_CLOSEFROM
  closefrom(3);
#else
  close(3);
#endif
  SHOW(socket(AF_INET, SOCK_DGRAM, zero));
  return 0;
}
