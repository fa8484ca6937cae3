/* The UDP workloads: sockets with a fixed number of datagrams in flight each, sent by sendmmsg(2)
   or as one GSO message (UDP_SEGMENT, udp(7)). */
#include "workloads.h"
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* RESEND: nanoseconds after which an unanswered datagram is sent again. SPARE: bytes of a receive
   buffer beyond the largest message that is expected. */
enum { MAX_DEPTH = 32, SPARE = 1024, RESEND = 50000000 };

typedef struct {
  int fd;
  int in_flight;
  bool pending[MAX_DEPTH];
  unsigned generation[MAX_DEPTH];
  int64_t sent_at[MAX_DEPTH];
  char lines[MAX_DEPTH][LINE], replies[MAX_DEPTH][LINE];
} client;

/* Writes the slot and the generation of a datagram into its first four letters: the slot matches
   the reply to its request, the generation tells a late reply from the current one. */
static void stamp(client *one, int slot) {
  unsigned generation = ++one->generation[slot];
  const int letters[4] = {slot / 26, slot % 26, (int)(generation / 26 % 26),
                          (int)(generation % 26)};
  for (int i = 0; i < 4; i++) {
    one->lines[slot][i] = (char)('a' + letters[i]);
    one->replies[slot][i] = (char)('A' + letters[i]);
  }
}

static void send_each(client *one, const int *slots, int count) {
  struct mmsghdr messages[MAX_DEPTH];
  struct iovec parts[MAX_DEPTH];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < count; i++) {
    parts[i] = (struct iovec){one->lines[slots[i]], LINE};
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

/* Sends one message that the kernel splits into datagrams of a line each. */
static void send_segments(client *one, const int *slots, int count) {
  struct iovec parts[MAX_DEPTH];
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
    parts[i] = (struct iovec){one->lines[slots[i]], LINE};
  if (sendmsg(one->fd, &message, 0) != (ssize_t)count * LINE)
    fail("sendmsg with UDP_SEGMENT: %s", strerror(errno));
}

static void request(run *it, client *one, const int *slots, int count, bool gso) {
  for (int i = 0; i < count; i++) {
    stamp(one, slots[i]);
    one->pending[slots[i]] = true;
    one->sent_at[slots[i]] = it->now;
  }
  one->in_flight += count;
  if (gso && count > 1)
    send_segments(one, slots, count);
  else
    send_each(one, slots, count);
}

/* Checks a reply and returns its slot, or -1 if it answers a datagram that was sent again. */
static int match(run *it, client *one, int depth, const char *reply, size_t size) {
  if (size != LINE)
    fail("a reply of %zu bytes", size);
  const int slot = (reply[0] - 'A') * 26 + (reply[1] - 'A');
  if (slot < 0 || slot >= depth)
    fail("a reply to no request");
  if (!one->pending[slot] || memcmp(reply, one->replies[slot], 4) != 0) {
    if (memcmp(reply + 4, one->replies[slot] + 4, LINE - 4) != 0)
      fail("a wrong reply");
    it->late++;
    return -1;
  }
  check(reply, one->replies[slot], LINE);
  one->pending[slot] = false;
  one->in_flight--;
  answered(it, 1, it->now - one->sent_at[slot]);
  return slot;
}

/* Receives without blocking; stores the slots that were answered in `freed` and returns their
 * number. */
static int receive_replies(run *it, client *one, int depth, int *freed) {
  static char bytes[MAX_DEPTH][MAX_DEPTH * LINE + SPARE];
  static struct mmsghdr messages[MAX_DEPTH];
  static struct iovec parts[MAX_DEPTH];
  static char control[MAX_DEPTH][CMSG_SPACE(sizeof(int))];
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
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&messages[i].msg_hdr); header != NULL;
         header = CMSG_NXTHDR(&messages[i].msg_hdr, header))
      if (header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO) {
        int size;
        memcpy(&size, CMSG_DATA(header), sizeof size);
        step = (size_t)size;
      }
    for (size_t at = 0; at < length; at += step) {
      const int slot =
          match(it, one, depth, bytes[i] + at, length - at < step ? length - at : step);
      if (slot >= 0)
        freed[count++] = slot;
    }
  }
  return count;
}

static void resend(run *it, client *one, int depth, bool gso) {
  int slots[MAX_DEPTH], count = 0;
  for (int slot = 0; slot < depth; slot++)
    if (one->pending[slot] && it->now - one->sent_at[slot] > RESEND)
      slots[count++] = slot;
  if (count == 0)
    return;
  it->resent += (uint64_t)count;
  one->in_flight -= count;
  request(it, one, slots, count, gso);
}

void udp_datagrams(run *it, int sockets, int depth, bool gso) {
  client *all = calloc((size_t)sockets, sizeof *all);
  int slots[MAX_DEPTH];
  int64_t next_check = it->now + RESEND;
  if (all == NULL)
    fail("out of memory");
  for (int i = 0; i < sockets; i++) {
    const int on = 1;
    all[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (connect(all[i].fd, (const struct sockaddr *)&it->server, sizeof it->server) != 0)
      fail("connect: %s", strerror(errno));
    if (gso && setsockopt(all[i].fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0)
      fail("UDP_GRO: %s", strerror(errno));
    make_lines(all[i].lines[0], all[i].replies[0], (size_t)depth);
    for (int slot = 0; slot < depth; slot++)
      slots[slot] = slot;
    request(it, &all[i], slots, depth, gso);
  }
  while (going(it)) {
    for (int i = 0; i < sockets; i++) {
      int freed[MAX_DEPTH];
      const int count = receive_replies(it, &all[i], depth, freed);
      if (gso && all[i].in_flight > 0)
        continue; /* the next message is sent once all of this one is answered */
      if (gso)
        for (int slot = 0; slot < depth; slot++)
          slots[slot] = slot;
      if (gso || count > 0)
        request(it, &all[i], gso ? slots : freed, gso ? depth : count, gso);
    }
    if (it->now < next_check)
      continue;
    next_check = it->now + RESEND;
    for (int i = 0; i < sockets; i++)
      resend(it, &all[i], depth, gso);
  }
  for (int i = 0; i < sockets; i++)
    close(all[i].fd);
  free(all);
}
