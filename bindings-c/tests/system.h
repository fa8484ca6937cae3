/* What the tests use of the system, by the names of POSIX. */
#ifndef SYSTEM_H
#define SYSTEM_H

#ifndef _WIN32

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void close_socket(int fd) { close(fd); }

static inline void start_sockets(void) {}

static inline int standard_input(void) { return STDIN_FILENO; }
static inline int standard_output(void) { return STDOUT_FILENO; }

#else

#include <errno.h>
#include <winsock2.h>
#include <ws2tcpip.h>

/* The library has Winsock's numbers of errors. */
#undef EADDRINUSE
#undef EAGAIN
#undef EBADF
#undef ECONNREFUSED
#undef ECONNRESET
#undef EDESTADDRREQ
#undef EINPROGRESS
#undef EINVAL
#undef EISCONN
#undef EMSGSIZE
#undef ENOPROTOOPT
#undef ENOTCONN
#undef EPIPE
#undef ETIMEDOUT
#define EADDRINUSE WSAEADDRINUSE
#define EAGAIN WSAEWOULDBLOCK
#define EBADF WSAENOTSOCK
#define ECONNREFUSED WSAECONNREFUSED
#define ECONNRESET WSAECONNRESET
#define EDESTADDRREQ WSAEDESTADDRREQ
#define EINPROGRESS WSAEWOULDBLOCK
#define EINVAL WSAEINVAL
#define EISCONN WSAEISCONN
#define EMSGSIZE WSAEMSGSIZE
#define ENOPROTOOPT WSAENOPROTOOPT
#define ENOTCONN WSAENOTCONN
#define EPIPE WSAESHUTDOWN
#define ETIMEDOUT WSAETIMEDOUT

#ifndef MSG_TRUNC
#define MSG_TRUNC 0x100
#endif
#define SHUT_RD SD_RECEIVE
#define SHUT_WR SD_SEND
#define SHUT_RDWR SD_BOTH

/* No alarm: cross/ limits the time of each program. */
static inline unsigned alarm(unsigned seconds) { return seconds; }

static inline void close_socket(int fd) { closesocket((SOCKET)fd); }

static inline HANDLE standard_input(void) { return GetStdHandle(STD_INPUT_HANDLE); }
static inline HANDLE standard_output(void) { return GetStdHandle(STD_OUTPUT_HANDLE); }

static inline int setenv(const char *name, const char *value, int overwrite) {
  (void)overwrite;
  return SetEnvironmentVariableA(name, value) ? 0 : -1;
}

static inline int unsetenv(const char *name) {
  return SetEnvironmentVariableA(name, NULL) ? 0 : -1;
}

static inline void start_sockets(void) {
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
}

#endif

#endif
