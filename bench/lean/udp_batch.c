/* recvmmsg; the replies to neighbours of one source and size leave as one message with UDP_SEGMENT,
   all of a batch with one sendmmsg. With the argument "gro" the kernel delivers
   datagrams of one source and size as one message (UDP_GRO). */
#include "lean.h"
#include <string.h>

enum { BATCH = 64, SIZE = 65536, MAX_SEGMENTS = 64 };

static char bytes[BATCH][SIZE];
static struct sockaddr_in sources[BATCH];
static struct iovec parts[BATCH], out_parts[BATCH];
static char control[BATCH][CMSG_SPACE(sizeof(int))],
    out_control[BATCH][CMSG_SPACE(sizeof(uint16_t))];
static struct mmsghdr in[BATCH], out[BATCH];

/* The size of the datagrams that came as one message: its own if the kernel does not say. */
static unsigned segment_of(struct mmsghdr *message) {
  struct cmsghdr *said = CMSG_FIRSTHDR(&message->msg_hdr);
  int size;
  if (said == NULL || said->cmsg_level != SOL_UDP || said->cmsg_type != UDP_GRO)
    return message->msg_len;
  memcpy(&size, CMSG_DATA(said), sizeof size);
  return (unsigned)size;
}

static void cut_into(struct msghdr *message, char *space, uint16_t size) {
  message->msg_control = space;
  message->msg_controllen = CMSG_SPACE(sizeof size);
  struct cmsghdr *segment = CMSG_FIRSTHDR(message);
  segment->cmsg_level = SOL_UDP, segment->cmsg_type = UDP_SEGMENT,
  segment->cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(segment), &size, sizeof size);
}

static int neighbours(int first, int i, unsigned size) {
  return i - first < MAX_SEGMENTS && in[i].msg_len == size &&
         sources[i].sin_port == sources[first].sin_port &&
         sources[i].sin_addr.s_addr == sources[first].sin_addr.s_addr;
}

/* Makes the replies to a batch, and says how many messages they are. */
static int answer(int received) {
  int messages = 0;
  for (int i = 0; i < received;) {
    const int first = i;
    const unsigned size = in[i].msg_len, segment = segment_of(&in[i]);
    struct msghdr *message = &out[messages++].msg_hdr;
    do {
      upper(bytes[i], bytes[i], in[i].msg_len);
      out_parts[i] = (struct iovec){bytes[i], in[i].msg_len};
      i++;
    } while (i < received && segment == size && neighbours(first, i, size) &&
             segment_of(&in[i]) == size);
    *message = (struct msghdr){.msg_name = &sources[first],
                               .msg_namelen = sizeof sources[first],
                               .msg_iov = &out_parts[first],
                               .msg_iovlen = (size_t)(i - first)};
    if (i - first > 1 || segment < size)
      cut_into(message, out_control[first], (uint16_t)segment);
  }
  return messages;
}

static void reset(int i, int gro) {
  in[i].msg_hdr = (struct msghdr){.msg_name = &sources[i],
                                  .msg_namelen = sizeof sources[i],
                                  .msg_iov = &parts[i],
                                  .msg_iovlen = 1,
                                  .msg_control = gro ? control[i] : NULL,
                                  .msg_controllen = gro ? sizeof control[i] : 0};
}

int main(int argc, char **argv) {
  const int gro = argc > 1 && strcmp(argv[1], "gro") == 0, fd = bound(SOCK_DGRAM);
  if (gro)
    need(setsockopt(fd, SOL_UDP, UDP_GRO, &gro, sizeof gro), "UDP_GRO");
  for (int i = 0; i < BATCH; i++)
    parts[i] = (struct iovec){bytes[i], SIZE};
  for (int i = 0; i < BATCH; i++)
    reset(i, gro);
  for (;;) {
    const int received = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
    const int messages = received > 0 ? answer(received) : 0;
    for (int sent = 0, now; sent < messages; sent += now)
      if ((now = sendmmsg(fd, out + sent, (unsigned)(messages - sent), 0)) <= 0)
        now = 1; /* the client will ask again */
    for (int i = 0; i < received; i++)
      reset(i, gro);
  }
}
