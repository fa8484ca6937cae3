/* A server that forks for each connection: forks PORTFILE CLIENTS. Answers each line in upper case
 * by stdio. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void serve(int connection) {
  FILE *in = fdopen(connection, "r");
  FILE *out = fdopen(dup(connection), "w");
  char line[256];
  if (in == NULL || out == NULL || fileno(in) != connection || fileno(out) == connection)
    exit(3);
  while (fgets(line, sizeof line, in) != NULL) {
    for (char *c = line; *c != 0; c++)
      *c = (char)toupper((unsigned char)*c);
    fprintf(out, "%s", line);
    fflush(out);
  }
  if (ferror(in) || ferror(out) || fseek(in, 0, SEEK_SET) == 0)
    exit(4);
  if (fclose(out) != 0 || fclose(in) != 0)
    exit(5);
  exit(0);
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
      listen(listener, 5) != 0)
    return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  int failed = 0;
  for (int left = atoi(argv[1]); left > 0; left--) {
    int connection = accept(listener, NULL, NULL);
    if (connection < 0)
      return 1;
    if (fork() == 0) {
      close(listener);
      serve(connection);
    }
    close(connection);
  }
  int status;
  while (wait(&status) > 0)
    failed += status != 0;
  printf("failed %d\n", failed);
  return failed;
}
