/* A program that a link stands before: named PORT. It binds the port, by bind(2) and again by
 * syscall(2), and prints what it is told of the name. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/* Whether it is 0 or fails: which port it is does not matter. */
static const char *how(int result) { return result == 0 ? "ok" : strerror(errno); }

int main(int argc, char **argv) {
  int port = argc > 1 ? atoi(argv[1]) : 0;
  struct sockaddr_in asked = loopback(port), named;
  socklen_t length = sizeof named;

  /* Without a name there is nothing to move. */
  int first = socket(AF_INET, SOCK_DGRAM, 0);
  printf("no address: %s\n", how(bind(first, NULL, sizeof asked)));
  printf("short: %s\n", how(bind(first, (struct sockaddr *)&asked, 3)));
  printf("not bound: %s", how(getsockname(first, (struct sockaddr *)&named, &length)));
  printf(" %d\n", ntohs(named.sin_port));

  errno = 77;
  printf("bind: %s\n", how(bind(first, (struct sockaddr *)&asked, sizeof asked)));
  printf("errno: %d\n", errno);
  printf("argument: %s\n", asked.sin_port == htons((unsigned short)port) ? "as it was" : "changed");
  length = sizeof named;
  printf("name: %s", how(getsockname(first, (struct sockaddr *)&named, &length)));
  printf(" %d of %d\n", ntohs(named.sin_port), (int)length);
  length = sizeof named;
  memset(&named, 0, sizeof named);
  printf("by number: %s", how((int)syscall(SYS_getsockname, first, &named, &length)));
  printf(" %d\n", ntohs(named.sin_port));

  /* No room for the port: nothing is written there. */
  unsigned char little[sizeof named];
  memset(little, 0xee, sizeof little);
  length = 3;
  printf("no room: %s", how(getsockname(first, (struct sockaddr *)little, &length)));
  printf(" %d %02x\n", (int)length, little[3]);

  /* In use by this process, as it would be without a link; and the other transport's, which is not
   * moved. */
  int second = socket(AF_INET, SOCK_DGRAM, 0), stream = socket(AF_INET, SOCK_STREAM, 0);
  printf("again: %s\n", how((int)syscall(SYS_bind, second, &asked, (socklen_t)sizeof asked)));
  printf("stream: %s\n", how(bind(stream, (struct sockaddr *)&asked, sizeof asked)));
  close(first);
  printf("then: %s\n", how((int)syscall(SYS_bind, second, &asked, (socklen_t)sizeof asked)));
  fflush(stdout);

  pid_t child = fork();
  if (child == 0) {
    length = sizeof named;
    getsockname(second, (struct sockaddr *)&named, &length);
    printf("child: %d\n", ntohs(named.sin_port));
    printf("child's stream: %s\n", how(bind(stream, (struct sockaddr *)&asked, sizeof asked)));
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  return 0;
}
