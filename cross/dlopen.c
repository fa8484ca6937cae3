/* dlopen LIBRARY SYMBOL: loads a library with all its symbols resolved, and looks for one of its
 * own. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
  void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (library == NULL || dlsym(library, argv[2]) == NULL) {
    fprintf(stderr, "%s\n", argc == 3 ? dlerror() : "usage: dlopen LIBRARY SYMBOL");
    return 1;
  }
  puts("loaded");
  return 0;
}
