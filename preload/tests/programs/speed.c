/* The time of calls on a pipe and on a file: speed ROUNDS. Prints the nanoseconds of a read and a
   write: the shortest of 50 times ROUNDS calls, which other programs disturb least. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double round_of(int rounds, int in, int out, ssize_t expected) {
  char byte = 0;
  double start = now();
  for (int i = 0; i < rounds; i++)
    if (write(out, &byte, 1) != 1 || read(in, &byte, 1) != expected)
      exit(1);
  return (now() - start) / rounds / 2;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 20000, pipes[2];
  int null = open("/dev/null", O_RDWR);
  double pipe_best = 1e9, null_best = 1e9;
  if (pipe(pipes) != 0 || null < 0)
    return 1;
  for (int i = 0; i < 50; i++) {
    double one = round_of(rounds, pipes[0], pipes[1], 1);
    double other = round_of(rounds, null, null, 0);
    if (one < pipe_best)
      pipe_best = one;
    if (other < null_best)
      null_best = other;
  }
  printf("pipe %.1f ns, /dev/null %.1f ns\n", pipe_best, null_best);
  return 0;
}
