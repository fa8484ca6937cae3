/* unload LIBRARY: loads the library, opens a socket by it, unloads it, and forks: nothing that it
 * has registered may be called then. Prints a line of a test, as harness.h does; the program itself
 * is not linked with the library. */
#define _POSIX_C_SOURCE 200809L
#include <capsock.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef capsock_status (*new_function)(int family, int kind, int protocol, capsock_socket **socket);
typedef void (*free_function)(capsock_socket *socket);

/* dlsym(3) returns a pointer to an object, which ISO C does not convert to one to a function. */
static int find(void *library, const char *name, void *function, size_t size) {
  void *found = dlsym(library, name);
  memcpy(function, &found, size);
  return found != NULL;
}

static const char *outcome(const char *file) {
  new_function new_socket;
  free_function free_socket;
  capsock_socket *opened = NULL;
  int status = -1;
  pid_t child;
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL || !find(library, "capsock_socket_new", &new_socket, sizeof new_socket) ||
      !find(library, "capsock_socket_free", &free_socket, sizeof free_socket))
    return dlerror();
  if (new_socket(AF_INET, SOCK_STREAM, 0, &opened) != CAPSOCK_OK)
    return "no socket was opened";
  free_socket(opened);
  if (dlclose(library) != 0)
    return dlerror();
  child = fork();
  if (child == 0)
    _exit(0);
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    return "the child of fork() was ended by a signal";
  return NULL;
}

int main(int argc, char **argv) {
  const char *why = argc == 2 ? outcome(argv[1]) : "usage: unload LIBRARY";
  printf("%s a fork after the library was unloaded\n", why == NULL ? "passed" : "failed");
  if (why != NULL)
    fprintf(stderr, "%s\n", why);
  return why != NULL;
}
