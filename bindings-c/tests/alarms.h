/* A signal that comes again and again until it is stopped, so that none is needed at a certain
   moment. It takes the timer of the harness, and gives it back. */
#ifndef ALARMS_H
#define ALARMS_H

#include "harness.h"

#include <signal.h>
#include <sys/time.h>

static inline void start_alarms(void (*handler)(int)) {
  struct itimerval often = {{0, 10000}, {0, 10000}};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  CHECK(sigaction(SIGALRM, &action, NULL) == 0);
  CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
}

static inline void stop_alarms(void) {
  struct itimerval never = {{0, 0}, {0, 0}};
  CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
  /* Ignoring a signal forgets one that is still pending; the default would end the program. */
  signal(SIGALRM, SIG_IGN);
  signal(SIGALRM, SIG_DFL);
  alarm(PROGRAM_TIMEOUT_S);
}

#endif
