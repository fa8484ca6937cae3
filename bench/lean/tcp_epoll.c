/* Many connections on an edge-triggered epoll: a receive and a send for each event. What a client
   does not take at once is waited for, which the others feel; the workload's clients always read.
 */
#include "lean.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

enum { BYTES = 65536, EVENTS = 256 };

static char bytes[BYTES];

static void watch(int epoll, int fd, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static int send_all(int fd, ssize_t count) {
  for (ssize_t sent = 0, now; sent < count; sent += now) {
    now = send(fd, bytes + sent, (size_t)(count - sent), MSG_NOSIGNAL);
    if (now < 0 && errno == EAGAIN) {
      struct pollfd room = {.fd = fd, .events = POLLOUT};
      poll(&room, 1, -1);
      now = 0;
    } else if (now < 0)
      return -1;
  }
  return 0;
}

static void serve(int fd) {
  for (;;) {
    const ssize_t count = recv(fd, bytes, BYTES, 0);
    if (count < 0 && errno == EAGAIN)
      return;
    if (count > 0) {
      upper(bytes, bytes, (size_t)count);
      if (send_all(fd, count) == 0) {
        if (count < BYTES)
          return; /* epoll(7): a short receive has emptied the stream */
        continue;
      }
    }
    close(fd);
    return;
  }
}

int main(void) {
  struct epoll_event events[EVENTS];
  const int listener = bound(SOCK_STREAM), epoll = need(epoll_create1(0), "epoll_create1");
  watch(epoll, listener, EPOLLIN);
  for (;;) {
    const int ready = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < ready; i++)
      if (events[i].data.fd != listener)
        serve(events[i].data.fd);
      else {
        const int fd = need(accept4(listener, NULL, NULL, SOCK_NONBLOCK), "accept4");
        no_delay(fd);
        watch(epoll, fd, EPOLLIN | EPOLLET | EPOLLRDHUP);
      }
  }
}
