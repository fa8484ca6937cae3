/* Programs that are hard on a recorder, by name: hostile handler|cancel|vfork|clone|seccomp. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];

/* Two UDP sockets that send to each other. */
static void make(void) {
  struct sockaddr_in address[2];
  for (int i = 0; i < 2; i++) {
    socklen_t length = sizeof address[i];
    address[i] =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ends[i] = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(ends[i], (struct sockaddr *)&address[i], length) != 0)
      exit(10);
    getsockname(ends[i], (struct sockaddr *)&address[i], &length);
  }
  for (int i = 0; i < 2; i++)
    if (connect(ends[i], (struct sockaddr *)&address[1 - i], sizeof address[0]) != 0)
      exit(11);
}

static volatile sig_atomic_t signals;
static sigjmp_buf back;

static void sends(int number) {
  (void)number;
  int kept = errno;
  signals++;
  send(ends[1], "tick", 4, 0);
  errno = kept;
}

static void leaves(int number) {
  (void)number;
  siglongjmp(back, 1);
}

/* A handler that itself sends, every 100 us, while the program receives; then one that leaves a
 * receive that blocks. */
static int handler(void) {
  char text[16];
  struct sigaction action = {.sa_handler = sends, .sa_flags = SA_RESTART};
  struct itimerval timer = {{0, 100}, {0, 100}};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
  for (int i = 0; i < 300; i++)
    if (recv(ends[0], text, sizeof text, 0) != 4)
      return 1;
  timer = (struct itimerval){0};
  setitimer(ITIMER_REAL, &timer, NULL);
  while (recv(ends[0], text, sizeof text, MSG_DONTWAIT) > 0)
    continue;
  action = (struct sigaction){.sa_handler = leaves};
  sigaction(SIGALRM, &action, NULL);
  for (volatile int i = 0; i < 20; i++) {
    if (sigsetjmp(back, 1) == 0) {
      ualarm(1000, 0);
      recv(ends[0], text, sizeof text, 0);
      return 2;
    }
  }
  /* The thread is recorded as before. */
  if (send(ends[1], "last", 4, 0) != 4 || recv(ends[0], text, sizeof text, 0) != 4)
    return 3;
  return signals > 0 ? 0 : 4;
}

static void *blocks(void *argument) {
  char text[16];
  recv(ends[0], text, sizeof text, 0);
  return argument;
}

/* None of these calls is a cancellation point (pthreads(7)). */
static void *no_point(void *argument) {
  pthread_cancel(pthread_self());
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  listen(fd, 1);
  shutdown(fd, SHUT_WR);
  *(int *)argument = 1;
  pthread_testcancel();
  return NULL;
}

static int cancel(void) {
  pthread_t thread;
  void *result;
  pthread_create(&thread, NULL, blocks, NULL);
  usleep(20000);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  if (result != PTHREAD_CANCELED)
    return 1;
  int passed = 0;
  pthread_create(&thread, NULL, no_point, &passed);
  pthread_join(thread, &result);
  return result == PTHREAD_CANCELED && passed ? 0 : 2;
}

/* A child of vfork(2) closes and duplicates as shells do; the parent's recording goes on. */
static int run_vfork(void) {
  char text[16];
  for (int i = 0; i < 5; i++) {
    pid_t child = vfork();
    if (child == 0) {
      dup2(ends[0], 0);
      dup2(ends[1], 200);
      for (int fd = 3; fd < 300; fd++)
        close(fd);
      execl("/bin/true", "true", (char *)NULL);
      _exit(9);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
      return 1;
    if (send(ends[1], "more", 4, 0) != 4 || recv(ends[0], text, sizeof text, 0) != 4)
      return 2;
  }
  return 0;
}

/* A copy of the process that libc knows nothing of. */
static int run_clone(void) {
  long child = syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
  if (child == 0) {
    send(ends[1], "copy", 4, 0);
    _exit(0);
  }
  char text[16];
  int status;
  if (recv(ends[0], text, sizeof text, 0) != 4 || waitpid((pid_t)child, &status, 0) != child)
    return 1;
  return status;
}

/* A filter that ends the process at any call but those of this function. */
static int run_seccomp(void) {
  char text[16];
#define ALLOW(number)                                                                              \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      ALLOW(SYS_sendto),
      ALLOW(SYS_recvfrom),
      ALLOW(SYS_write),
      ALLOW(SYS_exit_group),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 ||
      prctl(PR_SET_SECCOMP, (long)SECCOMP_MODE_FILTER, &program, 0L, 0L) != 0)
    return 1;
  if (send(ends[1], "safe", 4, 0) != 4 || recv(ends[0], text, sizeof text, 0) != 4)
    _exit(2);
  if (write(1, "safe\n", 5) != 5)
    _exit(3);
  _exit(0);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int (*run)(void);
  } all[] = {{"handler", handler},
             {"cancel", cancel},
             {"vfork", run_vfork},
             {"clone", run_clone},
             {"seccomp", run_seccomp}};
  make();
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (argc == 2 && strcmp(argv[1], all[i].name) == 0) {
      int status = all[i].run();
      printf("%s %d\n", all[i].name, status);
      return status;
    }
  return 20;
}
