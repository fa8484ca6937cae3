/* Many connections on an io_uring, by the bare system calls: one multishot receive for each
   connection, from a ring of buffers; the replies of a round and the wait for the next are one
   system call. With "direct", connections are direct descriptors: entries of the ring's own table
   of files (IORING_FILE_INDEX_ALLOC), whose lookup takes no reference count. */
#include "lean.h"
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { ENTRIES = 4096, BUFFERS = 4096, SIZE = 4096, FILES = 4096 };
/* Tags of completions; that of a receive is its descriptor, of a send SEND less its buffer. */
enum { ACCEPT = -1, CLOSE = -2, SEND = -3 };

static unsigned *sq_head, *sq_tail, *cq_head, *cq_tail, sq_mask, cq_mask, queued;
static struct io_uring_sqe *entries;
static struct io_uring_cqe *completions;
static struct io_uring_buf_ring *free_buffers;
static char *buffers;
static int ring, direct;

static void *mapped(size_t size, off_t at) {
  const int flags = at < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED | MAP_POPULATE;
  void *memory =
      mmap(NULL, size, PROT_READ | PROT_WRITE, flags, at < 0 ? -1 : ring, at < 0 ? 0 : at);
  if (memory == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  return memory;
}

static void set_up(void) {
  struct io_uring_params made = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                          IORING_SETUP_CQSIZE,
                                 .cq_entries = 4 * ENTRIES};
  ring = need((int)syscall(SYS_io_uring_setup, ENTRIES, &made), "io_uring_setup");
  char *rings = mapped(made.sq_off.array + made.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
  entries = mapped(made.sq_entries * sizeof *entries, IORING_OFF_SQES);
  sq_head = (unsigned *)(rings + made.sq_off.head),
  sq_tail = (unsigned *)(rings + made.sq_off.tail);
  cq_head = (unsigned *)(rings + made.cq_off.head),
  cq_tail = (unsigned *)(rings + made.cq_off.tail);
  sq_mask = made.sq_entries - 1, cq_mask = made.cq_entries - 1;
  completions = (struct io_uring_cqe *)(rings + made.cq_off.cqes);
  unsigned *order = (unsigned *)(rings + made.sq_off.array);
  for (unsigned i = 0; i < made.sq_entries; i++)
    order[i] = i;
  free_buffers = mapped(BUFFERS * sizeof(struct io_uring_buf), -1);
  buffers = mapped((size_t)BUFFERS * SIZE, -1);
  struct io_uring_buf_reg registered = {.ring_addr = (unsigned long)free_buffers,
                                        .ring_entries = BUFFERS};
  need((int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_PBUF_RING, &registered, 1),
       "io_uring_register");
  if (direct) {
    struct io_uring_rsrc_register files = {.nr = FILES, .flags = IORING_RSRC_REGISTER_SPARSE};
    need((int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES2, &files, sizeof files),
         "io_uring_register");
  }
}

static char *buffer(unsigned id) { return buffers + (size_t)id * SIZE; }

static void give_back(unsigned id) {
  struct io_uring_buf *slot = &free_buffers->bufs[free_buffers->tail & (BUFFERS - 1)];
  slot->addr = (unsigned long)buffer(id), slot->len = SIZE, slot->bid = (unsigned short)id;
  __atomic_store_n(&free_buffers->tail, (unsigned short)(free_buffers->tail + 1), __ATOMIC_RELEASE);
}

static void enter(unsigned wait_for) {
  const long taken =
      syscall(SYS_io_uring_enter, ring, queued, wait_for, IORING_ENTER_GETEVENTS, NULL, 0);
  if (taken > 0)
    queued -= (unsigned)taken;
  else if (taken < 0 && errno != EINTR)
    need(-1, "io_uring_enter");
}

static struct io_uring_sqe *next(unsigned char operation, int fd, long tag) {
  const unsigned tail = *sq_tail;
  while (tail - __atomic_load_n(sq_head, __ATOMIC_ACQUIRE) > sq_mask)
    enter(0);
  struct io_uring_sqe *entry = &entries[tail & sq_mask];
  memset(entry, 0, sizeof *entry);
  entry->opcode = operation, entry->fd = fd, entry->user_data = (unsigned long)tag;
  __atomic_store_n(sq_tail, tail + 1, __ATOMIC_RELEASE);
  queued++;
  return entry;
}

static void receive(int fd) {
  struct io_uring_sqe *entry = next(IORING_OP_RECV, fd, fd);
  entry->ioprio = IORING_RECV_MULTISHOT;
  entry->flags = IOSQE_BUFFER_SELECT | (direct ? IOSQE_FIXED_FILE : 0);
}

static void accept_on(int listener) {
  struct io_uring_sqe *entry = next(IORING_OP_ACCEPT, listener, ACCEPT);
  entry->ioprio = IORING_ACCEPT_MULTISHOT;
  if (direct)
    entry->file_index = IORING_FILE_INDEX_ALLOC;
}

static void end(int fd) {
  if (direct)
    next(IORING_OP_CLOSE, 0, CLOSE)->file_index = (unsigned)fd + 1;
  else
    close(fd);
}

/* A send is carried out when it is submitted, so its buffer is free once the kernel has taken the
   entry; MSG_WAITALL has the kernel send the rest of it when there is room, and then the buffer
   comes back with the completion. */
static void reply(int fd, unsigned id, int count) {
  upper(buffer(id), buffer(id), (size_t)count);
  struct io_uring_sqe *entry = next(IORING_OP_SEND, fd, SEND - (long)id);
  entry->addr = (unsigned long)buffer(id), entry->len = (unsigned)count;
  entry->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
  entry->flags = direct ? IOSQE_FIXED_FILE : 0;
}

static void take(const struct io_uring_cqe *done, int listener) {
  const long tag = (long)done->user_data;
  if (tag <= SEND)
    give_back((unsigned)(SEND - tag));
  else if (tag == ACCEPT) {
    if (done->res >= 0)
      receive(done->res);
    if (!(done->flags & IORING_CQE_F_MORE))
      accept_on(listener);
  } else if (tag != CLOSE) {
    if (done->res > 0)
      reply((int)tag, done->flags >> IORING_CQE_BUFFER_SHIFT, done->res);
    if (done->flags & IORING_CQE_F_MORE)
      return;
    if (done->res > 0 || done->res == -ENOBUFS)
      receive((int)tag);
    else
      end((int)tag);
  }
}

int main(int argc, char **argv) {
  direct = argc > 1 && strcmp(argv[1], "direct") == 0;
  set_up();
  for (unsigned id = 0; id < BUFFERS; id++)
    give_back(id);
  const int listener = bound(SOCK_STREAM);
  no_delay(listener); /* its connections inherit it */
  accept_on(listener);
  for (;;) {
    enter(1);
    unsigned head = *cq_head;
    for (const unsigned tail = __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE); head != tail; head++)
      take(&completions[head & cq_mask], listener);
    __atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
  }
}
