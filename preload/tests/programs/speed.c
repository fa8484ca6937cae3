/* The time of calls on a pipe and on a file: speed ROUNDS. Prints nanoseconds for each read and write. */
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

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 1000000, pipes[2];
    int null = open("/dev/null", O_RDWR);
    char byte = 0;
    if (pipe(pipes) != 0 || null < 0) return 1;
    double start = now();
    for (int i = 0; i < rounds; i++)
        if (write(pipes[1], &byte, 1) != 1 || read(pipes[0], &byte, 1) != 1) return 1;
    double middle = now();
    for (int i = 0; i < rounds; i++)
        if (write(null, &byte, 1) != 1 || read(null, &byte, 1) != 0) return 1;
    double end = now();
    printf("pipe %.1f ns, /dev/null %.1f ns\n", (middle - start) / rounds / 2, (end - middle) / rounds / 2);
    return 0;
}
