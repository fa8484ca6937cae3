/* A table of tests: each is a function whose CHECKs must all hold. Prints "passed NAME" or "failed
   NAME" for each; what failed goes to standard error. */
#ifndef HARNESS_H
#define HARNESS_H

#include <capsock.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "system.h"

/* No call here takes so long unless something hangs; then the program ends, and fails. */
#define CALL_TIMEOUT_MS 20000
#define PROGRAM_TIMEOUT_S 120

typedef struct {
  const char *name;
  void (*run)(void);
} test;

static int failures_of_this_test;

#define CHECK(condition)                                                                           \
  ((condition) ? (void)0                                                                           \
               : (void)(failures_of_this_test++,                                                   \
                        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition)))

/* The status of a call, and what it had to say if it is not the one expected. */
#define CHECK_STATUS(call, expected)                                                               \
  check_status((call), (expected), #call " is " #expected, __FILE__, __LINE__)
#define CHECK_OK(call) CHECK_STATUS(call, CAPSOCK_OK)

static inline void check_status(capsock_status status, capsock_status expected, const char *what,
                                const char *file, int line) {
  if (status == expected)
    return;
  failures_of_this_test++;
  fprintf(stderr, "%s:%d: not so: %s; status %d, \"%s\"\n", file, line, what, (int)status,
          status == CAPSOCK_OK ? "" : capsock_last_error());
}

static inline int run_tests(const test *tests, size_t count) {
  int failed = 0;
  start_sockets();
  alarm(PROGRAM_TIMEOUT_S);
  for (size_t i = 0; i < count; i++) {
    failures_of_this_test = 0;
    tests[i].run();
    printf("%s %s\n", failures_of_this_test == 0 ? "passed" : "failed", tests[i].name);
    fflush(stdout);
    failed += failures_of_this_test != 0;
  }
  return failed != 0;
}

#define RUN(tests) run_tests(tests, sizeof(tests) / sizeof(tests)[0])

#endif
