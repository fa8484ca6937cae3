/* UDP: sockets with a number of datagrams in flight each, by batched system calls, one by one or as
 * trains. */
#include "load.h"
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* RESEND: a datagram that is not answered by then is taken for lost, in nanoseconds. */
enum { MOST_DEPTH = 32, SPARE = 1024, RESEND = 50000000 };

typedef struct {
  int fd;
  int in_flight;
  bool waits[MOST_DEPTH];
  unsigned generation[MOST_DEPTH];
  int64_t sent_at[MOST_DEPTH];
  char lines[MOST_DEPTH][LINE], replies[MOST_DEPTH][LINE];
} client;

/* The first letters of a datagram say its place and, so that a late reply is known as such, its
 * generation. */
static void stamp(client *one, int place) {
  unsigned generation = ++one->generation[place];
  const int letters[4] = {place / 26, place % 26, (int)(generation / 26 % 26),
                          (int)(generation % 26)};
  for (int i = 0; i < 4; i++) {
    one->lines[place][i] = (char)('a' + letters[i]);
    one->replies[place][i] = (char)('A' + letters[i]);
  }
}

static void send_each(client *one, const int *places, int count) {
  struct mmsghdr messages[MOST_DEPTH];
  struct iovec parts[MOST_DEPTH];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < count; i++) {
    parts[i] = (struct iovec){one->lines[places[i]], LINE};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (int sent = 0; sent < count;) {
    const int now = sendmmsg(one->fd, messages + sent, (unsigned)(count - sent), 0);
    if (now < 0)
      fail("sendmmsg: %s", strerror(errno));
    sent += now;
  }
}

/* One message that the kernel cuts into datagrams of a line each. */
static void send_train(client *one, const int *places, int count) {
  struct iovec parts[MOST_DEPTH];
  char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
  struct msghdr message = {.msg_iov = parts,
                           .msg_iovlen = (size_t)count,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  struct cmsghdr *segment = CMSG_FIRSTHDR(&message);
  const uint16_t size = LINE;
  segment->cmsg_level = SOL_UDP;
  segment->cmsg_type = UDP_SEGMENT;
  segment->cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(segment), &size, sizeof size);
  for (int i = 0; i < count; i++)
    parts[i] = (struct iovec){one->lines[places[i]], LINE};
  if (sendmsg(one->fd, &message, 0) != (ssize_t)count * LINE)
    fail("sendmsg with UDP_SEGMENT: %s", strerror(errno));
}

static void ask(run *it, client *one, const int *places, int count, bool trains) {
  for (int i = 0; i < count; i++) {
    stamp(one, places[i]);
    one->waits[places[i]] = true;
    one->sent_at[places[i]] = it->now;
  }
  one->in_flight += count;
  if (trains && count > 1)
    send_train(one, places, count);
  else
    send_each(one, places, count);
}

/* Checks a reply and says whose it is, or -1 if it came after its request was sent again. */
static int match(run *it, client *one, int depth, const char *reply, size_t size) {
  if (size != LINE)
    fail("a reply of %zu bytes", size);
  const int place = (reply[0] - 'A') * 26 + (reply[1] - 'A');
  if (place < 0 || place >= depth)
    fail("a reply to nothing that was sent");
  if (!one->waits[place] || memcmp(reply, one->replies[place], 4) != 0) {
    if (memcmp(reply + 4, one->replies[place] + 4, LINE - 4) != 0)
      fail("a wrong reply");
    it->late++;
    return -1;
  }
  check(reply, one->replies[place], LINE);
  one->waits[place] = false;
  one->in_flight--;
  answered(it, 1, it->now - one->sent_at[place]);
  return place;
}

/* Takes the replies that are there; fills in the places that are free again. */
static int take(run *it, client *one, int depth, int *freed) {
  static char bytes[MOST_DEPTH][MOST_DEPTH * LINE + SPARE];
  static struct mmsghdr messages[MOST_DEPTH];
  static struct iovec parts[MOST_DEPTH];
  static char control[MOST_DEPTH][CMSG_SPACE(sizeof(int))];
  int count = 0;
  for (int i = 0; i < depth; i++) {
    parts[i] = (struct iovec){bytes[i], sizeof bytes[i]};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i],
                                          .msg_iovlen = 1,
                                          .msg_control = control[i],
                                          .msg_controllen = sizeof control[i]};
  }
  const int received = recvmmsg(one->fd, messages, (unsigned)depth, MSG_DONTWAIT, NULL);
  if (received < 0 && errno != EAGAIN)
    fail("recvmmsg: %s", strerror(errno));
  for (int i = 0; i < received; i++) {
    const size_t length = messages[i].msg_len;
    size_t step = length;
    for (struct cmsghdr *it_says = CMSG_FIRSTHDR(&messages[i].msg_hdr); it_says != NULL;
         it_says = CMSG_NXTHDR(&messages[i].msg_hdr, it_says))
      if (it_says->cmsg_level == SOL_UDP && it_says->cmsg_type == UDP_GRO) {
        int size;
        memcpy(&size, CMSG_DATA(it_says), sizeof size);
        step = (size_t)size;
      }
    for (size_t at = 0; at < length; at += step) {
      const int place =
          match(it, one, depth, bytes[i] + at, length - at < step ? length - at : step);
      if (place >= 0)
        freed[count++] = place;
    }
  }
  return count;
}

static void resend(run *it, client *one, int depth, bool trains) {
  int places[MOST_DEPTH], count = 0;
  for (int place = 0; place < depth; place++)
    if (one->waits[place] && it->now - one->sent_at[place] > RESEND)
      places[count++] = place;
  if (count == 0)
    return;
  it->resent += (uint64_t)count;
  one->in_flight -= count;
  ask(it, one, places, count, trains);
}

void udp_datagrams(run *it, int sockets, int depth, bool trains) {
  client *all = calloc((size_t)sockets, sizeof *all);
  int places[MOST_DEPTH];
  int64_t look = it->now + RESEND;
  if (all == NULL)
    fail("out of memory");
  for (int i = 0; i < sockets; i++) {
    const int on = 1;
    all[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (connect(all[i].fd, (const struct sockaddr *)&it->server, sizeof it->server) != 0)
      fail("connect: %s", strerror(errno));
    if (trains && setsockopt(all[i].fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0)
      fail("UDP_GRO: %s", strerror(errno));
    make_lines(all[i].lines[0], all[i].replies[0], (size_t)depth);
    for (int place = 0; place < depth; place++)
      places[place] = place;
    ask(it, &all[i], places, depth, trains);
  }
  while (going(it)) {
    for (int i = 0; i < sockets; i++) {
      int freed[MOST_DEPTH];
      const int count = take(it, &all[i], depth, freed);
      if (trains && all[i].in_flight > 0)
        continue; /* the next train leaves when this one is back */
      if (trains)
        for (int place = 0; place < depth; place++)
          places[place] = place;
      if (trains || count > 0)
        ask(it, &all[i], trains ? places : freed, trains ? depth : count, trains);
    }
    if (it->now < look)
      continue;
    look = it->now + RESEND;
    for (int i = 0; i < sockets; i++)
      resend(it, &all[i], depth, trains);
  }
  for (int i = 0; i < sockets; i++)
    close(all[i].fd);
  free(all);
}
