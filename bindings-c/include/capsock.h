// capsock: servers and clients of the uppercase service over TCP and UDP, and sockets.
// SPDX-License-Identifier: MIT OR Apache-2.0
//
//   capsock_server *server = NULL;
//   if (capsock_server_start(CAPSOCK_TRANSPORT_TCP, NULL, &server) != CAPSOCK_OK)
//     fprintf(stderr, "%s\n", capsock_last_error());
//
// Conventions of all functions:
//
// Errors. A function that can fail returns a capsock_status; 0 is success. capsock_last_error()
//   returns the message of the calling thread's latest failure. No argument value aborts the
//   process: a defect of the library is CAPSOCK_INTERNAL.
// Out-parameters come last, are written on success only, and need not be initialised. They must not
//   overlap another argument. The length of an address or a socket option is value-result, as in
//   accept(2): the size of the buffer before the call, the length of what was written after it.
// NULL. A NULL argument fails with CAPSOCK_INVALID_ARGUMENT, unless the function documents another
//   meaning. For a _free function it has no effect. Any other pointer must point to a valid object of
//   its type.
// Text is UTF-8 terminated by a NUL; invalid UTF-8 is CAPSOCK_INVALID_ARGUMENT. Bytes may have any
//   value; NULL with the length 0 is an empty sequence.
// Options and results. A capsock_..._options object is made by its _new function with all defaults and
//   changed by its _set_ functions; NULL stands for the defaults. Totals and reports are read by the
//   functions of their type. The objects are opaque, so that a later library can add options and totals
//   without a change to compiled programs. One thread at a time uses an options object.
// Arguments are read during the call and not kept, except the handlers and the log of a server and their
//   user_data.
// Memory. The caller frees what a function returns, exactly once: handles with the _free function of
//   their type, text with capsock_string_free, bytes with capsock_bytes_free. Never with free(3).
// Threads. Several threads may use a handle at the same time in functions that take it as const.
//   Freeing it must come after all other calls. One thread at a time uses any other object.
// Timeouts are milliseconds. CAPSOCK_NO_LIMIT is no timeout; a negative one is
//   CAPSOCK_INVALID_ARGUMENT.
// Choices are int32_t with the constants of an enum; any other number is CAPSOCK_INVALID_ARGUMENT.
// Signals. The library raises no SIGPIPE. It installs one signal handler, for a real-time signal that
//   has none: see capsock_socket. A signal handler may call capsock_server_request_stop and no other
//   function.
// fork(2). A handle belongs to the process that made it. A child must not use it, unless it is a socket.


#ifndef CAPSOCK_H
#define CAPSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(_WIN32)
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <sys/socket.h>
#endif

// The timeout, in milliseconds, that stands for no limit.
#define CAPSOCK_NO_LIMIT 9223372036854775807

// The port that servers listen on unless another is set: the textbook's.
#define CAPSOCK_DEFAULT_PORT 12000

// The size of a buffer that holds the text of any IPv4 or IPv6 address and its NUL.
#define CAPSOCK_ADDRESS_SIZE 72

// The size of a buffer that holds the text of any address, that of a Unix domain socket included,
// and its NUL.
#define CAPSOCK_UNIX_ADDRESS_SIZE 656

// What a call returned. No number changes its meaning or is used again; a later version may add
// some.
enum capsock_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The call succeeded.
  CAPSOCK_OK = 0,
  // An argument is out of range or has a form that the call does not accept; the call had no
  // effect.
  CAPSOCK_INVALID_ARGUMENT = 1,
  // The time limit of the call passed (ETIMEDOUT), or a non-blocking call would have blocked.
  CAPSOCK_TIMED_OUT = 2,
  // A signal handler ran during a call that signals may interrupt (EINTR).
  CAPSOCK_INTERRUPTED = 3,
  // The client, server or socket was closed, before the call or by another thread during it.
  CAPSOCK_CLOSED = 4,
  // No program listens on the port (ECONNREFUSED).
  CAPSOCK_CONNECTION_REFUSED = 5,
  // The peer reset the connection (ECONNRESET, EPIPE, ECONNABORTED).
  CAPSOCK_CONNECTION_RESET = 6,
  // The peer closed the connection before the whole reply had arrived.
  CAPSOCK_CONNECTION_CLOSED = 7,
  // Another socket uses the address and port (EADDRINUSE).
  CAPSOCK_ADDRESS_IN_USE = 8,
  // This machine has no such address (EADDRNOTAVAIL, EAFNOSUPPORT).
  CAPSOCK_ADDRESS_NOT_AVAILABLE = 9,
  // The name could not be resolved; the error has the number of getaddrinfo(3).
  CAPSOCK_NAME_NOT_RESOLVED = 10,
  // There is no route to the address (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN).
  CAPSOCK_UNREACHABLE = 11,
  // The system does not permit the operation (EACCES, EPERM).
  CAPSOCK_PERMISSION_DENIED = 12,
  // The message exceeds the length of a datagram, a limit or a buffer (EMSGSIZE).
  CAPSOCK_TOO_LARGE = 13,
  // The system, or the object in its present state, does not support the operation (EOPNOTSUPP).
  CAPSOCK_UNSUPPORTED = 14,
  // No descriptor, memory, thread or process is available (EMFILE, ENFILE, ENOMEM, ENOBUFS,
  // EAGAIN).
  CAPSOCK_OUT_OF_RESOURCES = 15,
  // The call returns text, but the reply is not valid UTF-8, or in C contains a NUL; use the
  // call that returns bytes.
  CAPSOCK_INVALID_TEXT = 16,
  // Reading the input or writing the output of a copy failed; the network did not.
  CAPSOCK_INPUT_OUTPUT = 17,
  // Another error of the system; the error has its number.
  CAPSOCK_OTHER = 18,
  // A defect of capsock itself; please report it with the text of the error.
  CAPSOCK_INTERNAL = 19,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_status capsock_status;
#else
typedef int32_t capsock_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The transport protocol of a server.
enum capsock_transport
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // A reliable byte stream.
  CAPSOCK_TRANSPORT_TCP = 0,
  // Datagrams. A reply is sent with the hop limit of its request less 8, 56 at most: a client
  // whose hop limit starts at 64 gets replies over paths of at most 28 hops.
  CAPSOCK_TRANSPORT_UDP = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_transport capsock_transport;
#else
typedef int32_t capsock_transport;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The concurrency model of a server: what serves several clients at once.
enum capsock_concurrency
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // One client at a time: accepts a connection, serves it to its end, accepts the next. Over
  // UDP: receives a datagram, replies, receives the next.
  CAPSOCK_CONCURRENCY_ITERATIVE = 0,
  // A thread for each TCP connection; over UDP a fixed number of threads on one port.
  CAPSOCK_CONCURRENCY_THREADS = 1,
  // A process for each TCP connection; over UDP a fixed number of processes on one port. A
  // handler is not permitted.
  CAPSOCK_CONCURRENCY_PROCESSES = 2,
  // Event loops, one for each worker. The default.
  CAPSOCK_CONCURRENCY_EVENTS = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_concurrency capsock_concurrency;
#else
typedef int32_t capsock_concurrency;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// How a TCP stream is divided into requests. Over UDP each datagram is a request.
enum capsock_framing
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The stream is not divided: the server converts the data that each receive returns. The
  // default. A handler is not permitted, since a part of a stream is not a request.
  CAPSOCK_FRAMING_STREAM = 0,
  // A request is a line, including its newline, of at most `max_request` bytes. The last line
  // may end with the stream instead of a newline.
  CAPSOCK_FRAMING_LINE = 1,
  // A request is the data that one receive returns; the server replies, then closes the
  // connection, as the textbook's Python TCPServer does.
  CAPSOCK_FRAMING_ONCE = 2,
  // A request and its reply each begin with their length, a number of `length_bytes` bytes,
  // which a handler neither gets nor gives. A length over `max_request`, one that is less than
  // itself, and a stream that ends within a request are errors: the connection is closed.
  CAPSOCK_FRAMING_LENGTH = 3,
  // A request and its reply each end with the byte string of the option of this name, which a
  // handler neither gets nor gives. A request, including its delimiter, has at most
  // `max_request` bytes. The last request may end with the stream instead of a delimiter, as its
  // reply then does.
  CAPSOCK_FRAMING_DELIMITER = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_framing capsock_framing;
#else
typedef int32_t capsock_framing;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The order of the bytes of a number.
enum capsock_endian
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The most significant byte first: network byte order (RFC 791, appendix B). The default.
  CAPSOCK_ENDIAN_BIG = 0,
  // The least significant byte first.
  CAPSOCK_ENDIAN_LITTLE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_endian capsock_endian;
#else
typedef int32_t capsock_endian;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Optional features of the system that servers and clients use if they are available. The
// environment variable `CAPSOCK_WITHOUT` disables the features that it lists, as in
// `CAPSOCK_WITHOUT=udp-gro,recvmmsg`; if it lists an unknown name, no server starts and no UDP
// client connects. They are bits of the number that `capsock_stats_features` returns.
enum capsock_feature
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // shutdown(2) in another thread unblocks a receive, so that the receive needs no poll before
  // it.
  CAPSOCK_FEATURE_BLOCKING_RECEIVE = 1,
  // recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.
  CAPSOCK_FEATURE_RECVMMSG = 2,
  // UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.
  CAPSOCK_FEATURE_UDP_SEGMENT = 4,
  // UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.
  CAPSOCK_FEATURE_UDP_GRO = 8,
  // pidfd_open(2): a descriptor of a child process is readable when it ends, in place of a pipe.
  CAPSOCK_FEATURE_PIDFD = 16,
  // IP_RECVORIGDSTADDR and IP_RECVERR (ip(7)): a UDP client sends requests from several ports in
  // turn by one socket, in place of a socket for each port.
  CAPSOCK_FEATURE_ORIG_DST = 32,
  // Each address of 127.0.0.0/8 is local: a UDP client that has orig-dst as well sends requests
  // to this machine from an address each by one socket, in place of a port each.
  CAPSOCK_FEATURE_LOOPBACK_ADDRESSES = 64,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_feature capsock_feature;
#else
typedef int32_t capsock_feature;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The severity of a line of a server's log.
enum capsock_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // A limit was reached. Each limit is logged at most once a second; a child process counts it
  // and does not log it.
  CAPSOCK_LEVEL_WARNING = 1,
  // A request failed: its handler reported an error.
  CAPSOCK_LEVEL_ERROR = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_level capsock_level;
#else
typedef int32_t capsock_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The reply to one request, which is completed once: during the call of the handler, or later, by
// any thread. It belongs to the program, which frees it with `capsock_pending_reply_free`, also
// after the server is freed. Its functions may be called by several threads at the same time.
typedef struct capsock_pending_reply capsock_pending_reply;

// The reply that a handler writes. It belongs to the library and is valid during that call of the
// handler.
typedef struct capsock_reply capsock_reply;

// The context of a request: who sent it, to which address, over which transport, and for whom a
// proxy did. It belongs to the library and is valid during that call of the handler.
typedef struct capsock_request_context capsock_request_context;

// A running server.
typedef struct capsock_server capsock_server;

// The options of a server. Each setter validates its value; on error the option is unchanged.
// `capsock_server_start` validates the combination. The options may be changed, used again and
// freed while servers that were started with them run.
typedef struct capsock_server_options capsock_server_options;

// A TCP or UDP socket over IPv4 or IPv6. Each function makes the system call of the same name,
// with the system's constants and `struct sockaddr`, and returns a status.
//
// Differences from the system calls: a blocking call has the socket's timeout, if one is set;
// closing the socket unblocks calls in other threads; no call raises SIGPIPE or truncates a
// datagram without an error; the descriptor is not inherited by exec(3).
//
// Closing a socket interrupts blocked threads with a real-time signal for which the program has no
// handler. Each thread has that signal unblocked from its first call on.
//
// Several threads may use a socket at the same time. In a single-threaded program, a child of
// fork(2) may use the socket as well; it closes and frees its own copy.
typedef struct capsock_socket capsock_socket;

// The totals of a server since its start, at the time of the call that returned them. It is freed
// with `capsock_stats_free`. Its functions return 0 for NULL.
typedef struct capsock_stats capsock_stats;

// The result of stopping a server. It is freed with `capsock_stop_report_free`. Its functions
// return 0 for NULL.
typedef struct capsock_stop_report capsock_stop_report;

// A connection to a server that answers each line with a line. If several threads send requests,
// one request at a time is in progress; the others wait for it.
//
// With `capsock_tcp_client_options_set_framing`, a message takes the place of a line: it has its
// length before it, or a delimiter after it. Like a newline, these are neither given nor returned.
typedef struct capsock_tcp_client capsock_tcp_client;

// The options of a TCP client. They may be changed, used again and freed while clients that were
// made with them are in use.
typedef struct capsock_tcp_client_options capsock_tcp_client_options;

// Sends requests as datagrams and receives replies as datagrams. If several threads send requests,
// one request at a time is in progress; the others wait for it.
//
// Each request is sent from another local port, so that a late or duplicate reply is not taken for
// the reply to another request.
typedef struct capsock_udp_client capsock_udp_client;

// The options of a UDP client. They may be changed, used again and freed while clients that were
// made with them are in use.
typedef struct capsock_udp_client_options capsock_udp_client_options;

// Converts text to upper case incrementally. A piece may end within a character.
typedef struct capsock_uppercase_stream capsock_uppercase_stream;

// Bytes that the library allocated. The caller frees them with `capsock_bytes_free`, and until
// then leaves both fields unchanged. The caller may change the bytes.
typedef struct {
  // The bytes, followed by a NUL that `length` does not count. NULL after `capsock_bytes_free`.
  uint8_t *data;
  // The number of bytes.
  size_t length;
} capsock_bytes;

// Answers a request: writes the reply with `capsock_reply_write` and returns 0. Any other return
// value reports a failed request: the server logs and counts it, closes the TCP connection or
// sends no datagram, and continues.
//
// `request` is never NULL, is not terminated by a NUL, and is valid during the call. Over UDP it
// is a datagram. Over TCP it is delimited by the framing; with `CAPSOCK_FRAMING_LINE` it includes
// the newline, if there is one. If the request ends with a newline and the reply does not, the
// server adds one. A length or a delimiter is no part of the request, and the server adds that of
// the reply; a reply that contains the delimiter, or is longer than its length can tell, is not
// sent, and the connection is closed.
//
// The server's threads call the handler, several at the same time. Requests of one TCP connection
// are answered one after another, in order. Datagrams, including those of one peer, are answered
// concurrently, and their replies may be sent in another order. With `CAPSOCK_CONCURRENCY_EVENTS`,
// at most `workers` calls run at the same time; while all of them run, other connections wait.
//
// The handler must return: neither longjmp(3) nor a C++ exception may leave it.
typedef int (*capsock_handler)(const uint8_t *request,
                               size_t length,
                               capsock_reply *reply,
                               void *user_data);

// As `capsock_handler`, with the context of the request: who sent it. `context` is never NULL and is
// valid during the call.
typedef int (*capsock_context_handler)(const uint8_t *request,
                                       size_t length,
                                       const capsock_request_context *context,
                                       capsock_reply *reply,
                                       void *user_data);

// Receives a line of a server's log. `level` is a `capsock_level`; `line` is UTF-8 without a
// newline, valid during the call. The server's threads call it, several at the same time. It must
// return, as a handler must.
typedef void (*capsock_log)(int32_t level, const char *line, void *user_data);

// Begins to answer a request: completes `reply`, or has another thread complete it later. It should
// return soon. `request` and `context` are as for `capsock_context_handler`, valid during the call.
// `reply` is never NULL, and belongs to the handler.
//
// Of the requests of one TCP connection, the next one is passed to the handler when the reply to
// the one before is sent. With `CAPSOCK_CONCURRENCY_EVENTS`, and over UDP, `workers` requests are
// pending at the same time, 1,024 if that is 0; further requests wait in the kernel. No thread of the
// server waits for a reply, except with `CAPSOCK_CONCURRENCY_THREADS` and
// `CAPSOCK_CONCURRENCY_ITERATIVE` over TCP that of the connection.
//
// The handler must return: neither longjmp(3) nor a C++ exception may leave it.
typedef void (*capsock_async_handler)(const uint8_t *request,
                                      size_t length,
                                      const capsock_request_context *context,
                                      capsock_pending_reply *reply,
                                      void *user_data);

// Told that a reply is not wanted any more.
typedef void (*capsock_cancel_callback)(void *user_data);

#if !defined(_WIN32)
// The descriptor of a socket; on Windows a SOCKET.
typedef int capsock_fd;
#endif

#if defined(_WIN32)
// The descriptor of a socket; elsewhere an int.
typedef size_t capsock_fd;
#endif

// Receives the reply to request number `index`, counted from 0, and returns 0. Any other return
// value ends the call that sent the requests, with `CAPSOCK_INPUT_OUTPUT`.
//
// `reply` is never NULL, is not terminated by a NUL, and is valid during the call. The function is
// called in the thread that sent the requests. It must not use the same client, and it must
// return: neither longjmp(3) nor a C++ exception may leave it.
typedef int (*capsock_on_reply)(size_t index, const uint8_t *reply, size_t length, void *user_data);

#if !defined(_WIN32)
// A file that is read or written, by its descriptor; on Windows by its HANDLE.
typedef int capsock_file;
#endif

#if defined(_WIN32)
// A file that is read or written, by its HANDLE (GetStdHandle, _get_osfhandle); elsewhere by its
// descriptor.
typedef void *capsock_file;
#endif

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library, `major.minor.patch`. The string is static.
const char *capsock_version(void);

// The error message of the calling thread's latest failed call: what was tried, on which address,
// what happened, and what to try. UTF-8, one sentence without a newline. Never NULL; empty if no
// call of this thread has failed.
//
// The string is valid until the next failed call of the thread, or until the thread ends. A
// successful call leaves it unchanged.
const char *capsock_last_error(void);

// The system's error number (errno(3)) of the calling thread's latest failed call; 0 if it has
// none.
int capsock_last_errno(void);

// The `EAI_` code of getaddrinfo(3) of the calling thread's latest failed call; 0 if that call did
// not fail to resolve a name.
int capsock_last_gai_code(void);

// Frees the bytes and sets the fields to NULL and 0. Freeing the structure a second time, and
// NULL, have no effect.
void capsock_bytes_free(capsock_bytes *bytes);

// Frees a string that the library allocated. NULL has no effect.
void capsock_string_free(char *text);

// Maps UTF-8 text to upper case by Unicode's full mapping, the same in every locale: "straße"
// becomes "STRASSE". Bytes that are not valid UTF-8 are copied unchanged. A NUL is a character
// like any other.
//
// `upper` is freed with `capsock_bytes_free`.
capsock_status capsock_uppercase(const void *input, size_t length, capsock_bytes *upper);

// Makes a stream, which is freed with `capsock_uppercase_stream_free`.
capsock_status capsock_uppercase_stream_new(capsock_uppercase_stream **stream);

// Returns the upper case of all characters that are complete so far. Up to 3 bytes of an
// incomplete character are kept for the next call. `upper`, which may be empty, is freed with
// `capsock_bytes_free`.
capsock_status capsock_uppercase_stream_push(const capsock_uppercase_stream *stream,
                                             const void *input,
                                             size_t length,
                                             capsock_bytes *upper);

// Ends the text: returns the bytes of an incomplete character unchanged, and resets the stream for
// another text. `upper` is freed with `capsock_bytes_free`.
capsock_status capsock_uppercase_stream_finish(const capsock_uppercase_stream *stream,
                                               capsock_bytes *upper);

// Frees a stream. NULL has no effect.
void capsock_uppercase_stream_free(capsock_uppercase_stream *stream);

// Makes options with all defaults, which are freed with `capsock_server_options_free`. Never NULL.
capsock_server_options *capsock_server_options_new(void);

// The name or IP address to listen on; an empty string means all addresses of the machine.
// `unix:PATH` is a Unix domain socket, `unix:@NAME` one of Linux's abstract names. Default
// `localhost`.
//
// `localhost` means the loopback addresses alone, of IPv4 and IPv6. A host that begins with a
// slash is the path of a Unix domain socket as well.
capsock_status capsock_server_options_set_host(capsock_server_options *options, const char *host);

// The port to listen on; 0 selects a free port. Default `CAPSOCK_DEFAULT_PORT`; range: 0 to
// 65,535.
//
// A Unix domain socket has none: it is not looked at.
capsock_status capsock_server_options_set_port(capsock_server_options *options, int32_t port);

// The permissions of the file of a Unix domain socket, as for chmod(2): who may write to it may
// connect. 0 leaves them to the umask, with which it is most often the user alone. Default 0;
// range: 0 to 511, octal 777.
//
// It is refused without such a file: an abstract name has no permissions.
capsock_status capsock_server_options_set_socket_mode(capsock_server_options *options,
                                                      uint32_t socket_mode);

// The concurrency model: whether threads, processes or event loops serve several clients at once.
// Default `CAPSOCK_CONCURRENCY_EVENTS`. `concurrency` is a `capsock_concurrency`.
capsock_status capsock_server_options_set_concurrency(capsock_server_options *options,
                                                      int32_t concurrency);

// How a TCP stream is divided into requests. Default `CAPSOCK_FRAMING_STREAM`. `framing` is a
// `capsock_framing`.
capsock_status capsock_server_options_set_framing(capsock_server_options *options, int32_t framing);

// The number of bytes of the length before a message, an unsigned number. Default 4; range: 1, 2
// or 4.
//
// It has no effect without `CAPSOCK_FRAMING_LENGTH`. DNS over TCP has 2 bytes (RFC 7766, 8).
capsock_status capsock_server_options_set_length_bytes(capsock_server_options *options,
                                                       uint32_t length_bytes);

// The order of the bytes of the length before a message. Default `CAPSOCK_ENDIAN_BIG`.
// `length_endian` is a `capsock_endian`.
//
// It has no effect without `CAPSOCK_FRAMING_LENGTH`.
capsock_status capsock_server_options_set_length_endian(capsock_server_options *options,
                                                        int32_t length_endian);

// Whether the length before a message counts its own bytes beside those of the message. Default
// false.
//
// It has no effect without `CAPSOCK_FRAMING_LENGTH`.
capsock_status capsock_server_options_set_length_includes_itself(capsock_server_options *options,
                                                                 bool length_includes_itself);

// The bytes that end a message. Default CR LF; range: 1 to 255 bytes. `delimiter` has `length`
// bytes, which are copied.
//
// It has no effect without the framing of this name. A message that contains the delimiter, or
// whose end together with it does, cannot be sent.
capsock_status capsock_server_options_set_delimiter(capsock_server_options *options,
                                                    const void *delimiter,
                                                    size_t length);

// The number of event loops. Over UDP, the number of threads or processes for each address that
// the server is bound to. 0 means one for each processor. Default 0; range: 0 to 1,024.
//
// It has no effect with `CAPSOCK_CONCURRENCY_ITERATIVE`, nor over TCP with
// `CAPSOCK_CONCURRENCY_THREADS` and `CAPSOCK_CONCURRENCY_PROCESSES`. With a handler and
// `CAPSOCK_CONCURRENCY_EVENTS`, and over UDP with `CAPSOCK_CONCURRENCY_THREADS`, it is the number
// of requests handled at the same time. If the handler blocks, more workers than processors are of
// use. If it is asynchronous, it is the number of requests pending at the same time, up to 65,536,
// and 0 means 1,024. Further requests wait in the kernel; they do not delay accepting, time
// limits, replies in progress or a stop.
capsock_status capsock_server_options_set_workers(capsock_server_options *options, size_t workers);

// The maximum number of connections that the kernel queues until they are accepted (listen(2)).
// Default 1,024.
//
// The kernel reduces it to `net.core.somaxconn`.
capsock_status capsock_server_options_set_backlog(capsock_server_options *options,
                                                  uint32_t backlog);

// The maximum number of TCP connections served at once; a further one is closed immediately and
// counted as refused. Default 0.
//
// 0 means 1,024 with `CAPSOCK_CONCURRENCY_THREADS`, 256 with `CAPSOCK_CONCURRENCY_PROCESSES` and
// 65,536 with `CAPSOCK_CONCURRENCY_EVENTS`. `CAPSOCK_CONCURRENCY_ITERATIVE` serves one connection
// and leaves the others in the backlog.
capsock_status capsock_server_options_set_max_connections(capsock_server_options *options,
                                                          size_t max_connections);

// The maximum number of TCP connections served at once for one peer, which is an IPv4 address or a
// /64 network of IPv6; a further one is closed immediately and counted. 0 sets no limit. Default
// 0.
//
// All clients behind one address translator (NAT) are one peer, and so are those behind one proxy
// without `proxy_protocol`. It has no effect on a Unix domain socket.
capsock_status capsock_server_options_set_max_connections_per_peer(capsock_server_options *options,
                                                                   size_t max_connections_per_peer);

// The maximum length of a request, in bytes: a line with its newline, a message without its length
// or with its delimiter, or a datagram. Default 1,048,576; range: 1 and more.
//
// It has no effect with `CAPSOCK_FRAMING_STREAM`, which buffers no request.
capsock_status capsock_server_options_set_max_request(capsock_server_options *options,
                                                      size_t max_request);

// The maximum length of a UDP reply, as a multiple of the length of its request; a longer reply is
// counted and not sent. 0 sets no limit. Default 0.
//
// The source address of a datagram may be forged, and the reply is then sent to a victim: the
// limit is the factor by which an attacker can amplify traffic. The upper case of a request is at
// most three times as long as the request, a factor that QUIC permits as well (RFC 9000, 8.1). A
// handler on an open network should have a limit. With a limit, an empty request gets an empty
// reply or none.
capsock_status capsock_server_options_set_max_amplification(capsock_server_options *options,
                                                            size_t max_amplification);

// The time without incoming data after which a connection is closed. In milliseconds;
// `CAPSOCK_NO_LIMIT` sets no limit. Default 300,000; range: above 0.
capsock_status capsock_server_options_set_idle_timeout(capsock_server_options *options,
                                                       int64_t idle_timeout_ms);

// The time after which a connection is closed if its peer receives nothing of the reply. In
// milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 30,000; range: above 0.
//
// TCP acknowledgements free the send buffer in large steps, so that a slow peer may seem to
// receive nothing for some time.
capsock_status capsock_server_options_set_write_timeout(capsock_server_options *options,
                                                        int64_t write_timeout_ms);

// The networks of the proxies in front of the server, such as `10.0.0.0/8,::1`, or `any`. If one
// is given, each connection and each datagram has to come from it, and to begin with a header of
// the PROXY protocol. Default empty; range: IP addresses and networks with commas between them, or
// `any`.
//
// Over TCP the header is of version 1 or 2, over UDP of version 2 in each datagram. What has no
// valid header or comes from elsewhere is closed or discarded, and counted in
// `proxy_headers_rejected`. The header tells who the proxy's client is: the context of a request
// has its address, and `max_connections_per_peer` counts by it, which
// `CAPSOCK_CONCURRENCY_PROCESSES` refuses. Replies go to the proxy, without a header. A sender
// with an address of the list can claim any address; over UDP it can forge that one.
capsock_status capsock_server_options_set_proxy_protocol(capsock_server_options *options,
                                                         const char *proxy_protocol);

// The time after which a connection is closed if the header of `proxy_protocol` has not arrived.
// In milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 5,000; range: above 0.
//
// A connection whose header is due is closed after `idle_timeout` as well, even if a part of it
// has arrived. With `CAPSOCK_CONCURRENCY_ITERATIVE` no other client is served meanwhile.
capsock_status capsock_server_options_set_proxy_header_timeout(capsock_server_options *options,
                                                               int64_t proxy_header_timeout_ms);

// The time for which an event loop, or over UDP any worker, polls for requests before it blocks.
// In microseconds. Default 0; range: 0 to 1 s.
//
// Polling avoids the latency of a wake-up, and uses a whole processor as long as requests arrive
// within this time of each other. With 0, a worker blocks at once.
capsock_status capsock_server_options_set_busy_poll(capsock_server_options *options,
                                                    int64_t busy_poll_us);

// Whether the time of each call of the handler is counted in a histogram, which the text of
// OpenMetrics then contains. Default false.
//
// Reading the clock twice and adding to two counters takes some 50 to 100 ns for each call. The
// built-in service is not timed.
capsock_status capsock_server_options_set_handler_latency(capsock_server_options *options,
                                                          bool handler_latency);

// Frees options. NULL has no effect.
void capsock_server_options_free(capsock_server_options *options);

// The address that the request came from: of the other end of the TCP connection, or the source of
// the datagram, which the sender may have forged. A proxy or an address translator (NAT) puts its
// own address in its place; with `capsock_server_options_set_proxy_protocol` it is that of the proxy.
//
// `*address_length` is the size of the buffer `address` before the call, and the length of the
// address after it. A `struct sockaddr_storage` is large enough; `capsock_address_format` makes
// text of it. That of a Unix domain socket is a `struct sockaddr_un`, which most clients of a
// stream leave without a name.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, with nothing written, also if the buffer is too small.
capsock_status capsock_request_context_peer(const capsock_request_context *context,
                                            struct sockaddr *address,
                                            socklen_t *address_length);

// The address that the request was sent to: of this end of the TCP connection, or the destination
// of the datagram, with the server's port. The arguments and errors are those of
// `capsock_request_context_peer`.
//
// A server that listens on all addresses gets the destination of a datagram from the system
// (IP_PKTINFO of ip(7)); if that does not report it, this is the address that the server is bound
// to.
capsock_status capsock_request_context_local(const capsock_request_context *context,
                                             struct sockaddr *address,
                                             socklen_t *address_length);

// The address of the client: the one of `capsock_request_context_proxied_source` if there is one,
// and otherwise that of `capsock_request_context_peer`, whose arguments and errors it has.
capsock_status capsock_request_context_client(const capsock_request_context *context,
                                              struct sockaddr *address,
                                              socklen_t *address_length);

// The address from which the client reached the proxy, as the proxy's header told
// (`capsock_server_options_set_proxy_protocol`): for the requests of a connection, that at its
// beginning; for a datagram, its own.
//
// `*address_length` is 0 after the call if there is none: without a proxy, and if the proxy told no
// IPv4 or IPv6 address, as for a health check of its own. The arguments and errors are otherwise
// those of `capsock_request_context_peer`.
capsock_status capsock_request_context_proxied_source(const capsock_request_context *context,
                                                      struct sockaddr *address,
                                                      socklen_t *address_length);

// The address at which the client reached the proxy. The arguments, the length 0 for none and the
// errors are those of `capsock_request_context_proxied_source`.
capsock_status capsock_request_context_proxied_destination(const capsock_request_context *context,
                                                           struct sockaddr *address,
                                                           socklen_t *address_length);

// The transport protocol that the request came over, a `capsock_transport`. NULL gives
// `CAPSOCK_TRANSPORT_TCP`.
int32_t capsock_request_context_transport(const capsock_request_context *context);

// Appends data to the reply of a handler. A handler may call it several times. If the memory for
// the reply cannot be allocated (`CAPSOCK_OUT_OF_RESOURCES`), the request fails, whatever the
// handler returns.
capsock_status capsock_reply_write(capsock_reply *reply, const void *data, size_t length);

// Sets the function that answers requests, and the pointer that is passed to it. NULL, the
// default, selects upper case.
//
// What the handler uses must stay valid until each server that was started with these options is
// freed and, if `capsock_stop_report_running` of a stop was not 0, until those calls have
// returned.
capsock_status capsock_server_options_set_handler(capsock_server_options *options,
                                                  capsock_handler handler,
                                                  void *user_data);

// Sets the function that answers requests, with the context of each, and the pointer that is passed
// to it, as `capsock_server_options_set_handler` does. Of the handlers that the two functions set,
// the last one counts; NULL selects upper case.
//
// For such a handler the server asks the system for both addresses of each connection, once. A
// connection that its peer has reset before it is accepted, so that it has no addresses, is closed.
capsock_status capsock_server_options_set_context_handler(capsock_server_options *options,
                                                          capsock_context_handler handler,
                                                          void *user_data);

// Sets the function that receives the lines of the log, and the pointer that is passed to it.
// NULL, the default, selects standard error. What the function uses must stay valid as for a
// handler.
capsock_status capsock_server_options_set_log(capsock_server_options *options,
                                              capsock_log log,
                                              void *user_data);

// Sets the function that answers requests asynchronously, and the pointer that is passed to it, as
// `capsock_server_options_set_handler` does. Of the handlers that are set, the last one counts; NULL
// selects upper case. Contexts are as for `capsock_server_options_set_context_handler`.
//
// A stop waits for pending replies until its deadline. Then they are not wanted any more: see
// `capsock_pending_reply_on_cancel`.
capsock_status capsock_server_options_set_async_handler(capsock_server_options *options,
                                                        capsock_async_handler handler,
                                                        void *user_data);

// Gives the reply, which is copied. It does not free `reply`.
//
// Errors: `CAPSOCK_CLOSED`, with no effect, if the request is completed already or its reply is not
// wanted any more; `CAPSOCK_INVALID_ARGUMENT`.
capsock_status capsock_pending_reply_complete(const capsock_pending_reply *reply,
                                              const void *data,
                                              size_t length);

// Fails the request, as a handler that returns another value than 0 does: it is logged, with the
// text `reason`, and counted. It does not free `reply`. The errors are those of
// `capsock_pending_reply_complete`.
capsock_status capsock_pending_reply_fail(const capsock_pending_reply *reply, const char *reason);

// Whether the request is not completed and its reply would be sent: its connection is open, and no
// stop has reached its deadline. NULL is not wanted.
bool capsock_pending_reply_is_wanted(const capsock_pending_reply *reply);

// Has `callback` called with `user_data`, once, if the reply is not wanted any more before the
// request is completed: at the deadline of a stop, or if the system reports that the connection is
// broken. It replaces an earlier callback; NULL removes it. If the reply is not wanted already, it is
// called at once, by this thread; if the request is completed, never.
//
// Otherwise a thread of the server calls it, which sends replies as well: it should return soon. A
// completion by another thread may run at the same time, and the callback may still run when that
// returns with an error: what it uses must stay valid until it has run or the server is freed.
capsock_status capsock_pending_reply_on_cancel(const capsock_pending_reply *reply,
                                               capsock_cancel_callback callback,
                                               void *user_data);

// Frees the reply. A request that is not completed fails. NULL has no effect. No other call may use
// the reply at the same time.
void capsock_pending_reply_free(capsock_pending_reply *reply);

// TCP connections accepted, including refused ones.
uint64_t capsock_stats_connections_accepted(const capsock_stats *stats);

// TCP connections that are open at present.
uint64_t capsock_stats_connections_active(const capsock_stats *stats);

// TCP connections closed immediately, because of `max_connections` or because no thread or process
// was available.
uint64_t capsock_stats_connections_refused(const capsock_stats *stats);

// TCP connections closed immediately because of `max_connections_per_peer`; `connections_refused`
// includes them.
uint64_t capsock_stats_connections_refused_per_peer(const capsock_stats *stats);

// Requests that got a reply, whether or not the peer has received it.
uint64_t capsock_stats_requests(const capsock_stats *stats);

// Bytes of requests, over TCP and UDP.
uint64_t capsock_stats_bytes_received(const capsock_stats *stats);

// Bytes of replies, over TCP and UDP.
uint64_t capsock_stats_bytes_sent(const capsock_stats *stats);

// UDP datagrams received, including those without a reply.
uint64_t capsock_stats_datagrams_received(const capsock_stats *stats);

// UDP datagrams sent.
uint64_t capsock_stats_datagrams_sent(const capsock_stats *stats);

// Requests whose handler failed.
uint64_t capsock_stats_handler_errors(const capsock_stats *stats);

// Requests longer than `max_request`: the connection was closed, or the datagram got no reply.
uint64_t capsock_stats_oversized_requests(const capsock_stats *stats);

// Requests whose length is less than itself, or that ended with the stream before their length:
// the connection was closed.
uint64_t capsock_stats_malformed_requests(const capsock_stats *stats);

// Connections closed by `idle_timeout`.
uint64_t capsock_stats_idle_timeouts(const capsock_stats *stats);

// Connections closed by `write_timeout`.
uint64_t capsock_stats_write_timeouts(const capsock_stats *stats);

// TCP connections closed and datagrams discarded because `proxy_protocol` names other networks, or
// because their header was missing, malformed or late.
uint64_t capsock_stats_proxy_headers_rejected(const capsock_stats *stats);

// Datagrams discarded by the source filter: from the server itself, from port 0, from a broadcast
// or multicast address, or exchanged between servers too often.
uint64_t capsock_stats_datagrams_filtered(const capsock_stats *stats);

// Replies that did not fit a datagram or the length before them, that contain the delimiter, or
// that the system did not send.
uint64_t capsock_stats_replies_unsent(const capsock_stats *stats);

// Replies longer than `max_amplification` permits, which were not sent.
uint64_t capsock_stats_amplified_replies(const capsock_stats *stats);

// Pauses of accepting because the process or the system had no free descriptor.
uint64_t capsock_stats_descriptor_shortages(const capsock_stats *stats);

// The optional features of the system that the server uses. The number is the sum of
// `capsock_feature` values.
uint64_t capsock_stats_features(const capsock_stats *stats);

// Frees totals. NULL has no effect.
void capsock_stats_free(capsock_stats *stats);

// Requests that got a reply, from the start of the server to its end. All replies were sent,
// except on connections that were cut or reset by the peer.
uint64_t capsock_stop_report_completed(const capsock_stop_report *report);

// Connections closed at the deadline with a request in progress or a reply that the peer had not
// received.
uint64_t capsock_stop_report_cut(const capsock_stop_report *report);

// Calls of the handler or of the log that had not returned at the deadline. Their threads end when
// the calls return; until then, what the calls use must stay valid.
uint64_t capsock_stop_report_running(const capsock_stop_report *report);

// Frees a report. NULL has no effect.
void capsock_stop_report_free(capsock_stop_report *report);

// Binds the addresses and starts the server. After a successful return, clients can connect.
// `transport` is a `capsock_transport`. `options` may be NULL for the defaults, and is read during
// the call only. The server is freed with `capsock_server_free`.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, also for options that exclude each other (a handler with the
// framing stream, or with processes), `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_ADDRESS_NOT_AVAILABLE`,
// `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_PERMISSION_DENIED`, `CAPSOCK_OUT_OF_RESOURCES`, and other
// errors of bind(2) and listen(2).
capsock_status capsock_server_start(int32_t transport,
                                    const capsock_server_options *options,
                                    capsock_server **server);

// The port that the server listens on; 0 if `server` is NULL, and on a Unix domain socket.
uint16_t capsock_server_port(const capsock_server *server);

// The number of addresses that the server listens on: one for each address of its host name; 0 if
// `server` is NULL.
size_t capsock_server_address_count(const capsock_server *server);

// An address that the server listens on, as "127.0.0.1:12000" or "[::1]:12000", or as
// "unix:/run/x.sock" or "unix:@name" on a Unix domain socket. `index` counts from 0. `address` is
// freed with `capsock_string_free`.
capsock_status capsock_server_address(const capsock_server *server, size_t index, char **address);

// Reads the totals, which are freed with `capsock_stats_free`. It copies counters and takes no
// lock.
capsock_status capsock_server_stats(const capsock_server *server, capsock_stats **stats);

// Writes the totals in the text format of OpenMetrics 1.0, for a monitoring system. Its media type
// is "application/openmetrics-text; version=1.0.0; charset=utf-8". A total `requests` is the
// counter "capsock_requests_total"; one that counts bytes ends with its unit, as
// "capsock_received_bytes_total". With `capsock_server_options_set_handler_latency` and a handler,
// there is the histogram "capsock_handler_duration_seconds". It copies counters and takes no lock.
// The text is complete, with "# EOF" at its end: those of two servers are served separately.
// `text` is freed with `capsock_string_free`.
capsock_status capsock_server_open_metrics(const capsock_server *server, char **text);

// Requests a stop within 5 s and returns immediately. NULL has no effect. This is the only
// function of the library that a signal handler may call (signal-safety(7)).
void capsock_server_request_stop(const capsock_server *server);

// Stops the server. It accepts no further connections and requests, completes those in progress,
// and closes idle connections. After `timeout_ms` it closes all connections. `report` may be NULL;
// otherwise it is freed with `capsock_stop_report_free`.
//
// Any thread may call it, several times: the earliest deadline applies, and each call returns the
// same report. If a handler of the server calls it, it requests the stop and returns immediately.
// A stopped server has to be freed as well.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_UNSUPPORTED` in a process that was forked after the
// start, because the server does not run there.
capsock_status capsock_server_stop(const capsock_server *server,
                                   int64_t timeout_ms,
                                   capsock_stop_report **report);

// Takes no new work: accepts no connection, and over UDP receives no datagram. Open connections
// are served on. What arrives waits in the system, until `capsock_server_resume` or until another
// server that has the same sockets takes it. When this returns, nothing more is taken, unless a
// handler over UDP takes longer than a second. Any thread may call it, several times.
//
// Errors: `CAPSOCK_UNSUPPORTED` as for `capsock_server_stop`.
capsock_status capsock_server_pause(const capsock_server *server);

// Takes new work again after `capsock_server_pause`. After a stop it has no effect.
//
// Errors: `CAPSOCK_UNSUPPORTED` as for `capsock_server_stop`.
capsock_status capsock_server_resume(const capsock_server *server);

// Whether the server takes no new work: it is paused, or a stop was requested. False if `server`
// is NULL.
bool capsock_server_is_paused(const capsock_server *server);

// Pauses the server, waits until the peers have ended their connections, and stops it. Connections
// that are open after `timeout_ms` are stopped as by `capsock_server_stop` with 5 s: what has
// arrived is answered, and they are closed. Over UDP the stop follows at once, or as soon as no reply
// of an asynchronous handler is pending. `report` is that of
// `capsock_server_stop`.
//
// For a restart, another server first serves the same sockets; then this one is drained, and no
// request is lost.
//
// Errors: those of `capsock_server_stop`; `CAPSOCK_INTERRUPTED` if a signal handler ran in the
// calling thread, after which the server is still paused; `CAPSOCK_INVALID_ARGUMENT` in a handler
// of the server, which would wait for itself.
capsock_status capsock_server_drain(const capsock_server *server,
                                    int64_t timeout_ms,
                                    capsock_stop_report **report);

// Waits until the server has stopped.
//
// Errors: `CAPSOCK_TIMED_OUT` if the server still runs after `timeout_ms`. `CAPSOCK_INTERRUPTED`
// if a signal handler ran in the calling thread; the server still runs, or is stopping if the
// signal handler requested that. `CAPSOCK_INVALID_ARGUMENT` in a handler of the server, which
// would wait for itself. `CAPSOCK_UNSUPPORTED` as for `capsock_server_stop`.
capsock_status capsock_server_wait(const capsock_server *server, int64_t timeout_ms);

// Stops the server within 5 s, if it runs, and frees it. NULL has no effect. No other call may use
// the server at the same time, and a handler of the server must not free it.
void capsock_server_free(capsock_server *server);

// Adds a socket that is bound already, which the server serves on instead of binding its address:
// one of a supervisor, of a server that is replaced, or of a test. The options have a copy of the
// descriptor, with close-on-exec; `socket` stays the caller's, who may close it.
//
// `capsock_server_start` checks that it is a socket of the transport, over IPv4 or IPv6, or one
// Unix domain socket alone, bound and not connected; for TCP it may listen already, and keeps its
// backlog. Every worker serves every socket.
//
// Others may have the same socket, so a stop leaves it as it is: connections in the backlog and
// datagrams in the queue wait for whoever serves next. TCP_NODELAY and, for TCP, O_NONBLOCK are set
// and stay set; O_NONBLOCK applies to all who share the open file description (open(2)). For UDP
// the hop limit of what is sent becomes 56.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT` for a descriptor that is not open; `CAPSOCK_OUT_OF_RESOURCES`.
capsock_status capsock_server_options_add_socket(capsock_server_options *options,
                                                 capsock_fd socket);

// Adds the sockets that systemd has passed to this process (sd_listen_fds(3)), all or those of the
// name `name` (FileDescriptorName= of systemd.socket(5)); NULL stands for all. `count` is how many
// were added. If systemd has passed none at all it is 0, and the server binds its address: the same
// program runs with and without systemd.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT` if systemd has passed sockets, and none has that name, or if
// the environment variables are not those of systemd; `CAPSOCK_OUT_OF_RESOURCES`.
capsock_status capsock_server_options_add_systemd_sockets(capsock_server_options *options,
                                                          const char *name,
                                                          size_t *count);

// Removes the sockets from the options: the server binds its address.
capsock_status capsock_server_options_clear_sockets(capsock_server_options *options);

// A copy of the socket of the server's address at `index`, which counts from 0 as for
// `capsock_server_address`: for a successor, which serves it by
// `capsock_server_options_add_socket`, in this process or in one that inherits it. It has
// close-on-exec, and the caller closes it (close(2), on Windows closesocket).
//
// From the first call on, the server's sockets are shared: the server goes on serving them, and its
// stop leaves them as they are, so that connections in the backlog and datagrams in the queue wait
// for whoever has the copies.
//
// Errors: `CAPSOCK_CLOSED` once the server is stopped; `CAPSOCK_OUT_OF_RESOURCES`;
// `CAPSOCK_UNSUPPORTED` in a process that was forked after the start.
capsock_status capsock_server_socket(const capsock_server *server,
                                     size_t index,
                                     capsock_fd *socket);

// Makes options with all defaults, which are freed with `capsock_tcp_client_options_free`. Never NULL.
capsock_tcp_client_options *capsock_tcp_client_options_new(void);

// The time limit for resolving the name and connecting to one of its addresses. In milliseconds;
// `CAPSOCK_NO_LIMIT` sets no limit. Default 10,000.
//
// If the client connects again during a request, the connect is limited to the smaller of
// `connect_timeout` and the time left of the request's `timeout`.
capsock_status capsock_tcp_client_options_set_connect_timeout(capsock_tcp_client_options *options,
                                                              int64_t connect_timeout_ms);

// The time limit for a request. In a call with many requests, it applies to each reply, counted
// from the reply before; in a copy, it applies to the time without progress. In milliseconds;
// `CAPSOCK_NO_LIMIT` sets no limit. Default 30,000.
capsock_status capsock_tcp_client_options_set_timeout(capsock_tcp_client_options *options,
                                                      int64_t timeout_ms);

// The maximum length of a reply, in bytes, without its newline, length or delimiter. Default
// 16,777,216.
capsock_status capsock_tcp_client_options_set_max_reply(capsock_tcp_client_options *options,
                                                        size_t max_reply);

// The framing of requests and replies: that of the server. Default `CAPSOCK_FRAMING_LINE`; range:
// `CAPSOCK_FRAMING_LINE`, `CAPSOCK_FRAMING_LENGTH` or `CAPSOCK_FRAMING_DELIMITER`. `framing` is a
// `capsock_framing`.
//
// A copy sends a stream, whatever the framing.
capsock_status capsock_tcp_client_options_set_framing(capsock_tcp_client_options *options,
                                                      int32_t framing);

// The number of bytes of the length before a message, an unsigned number. Default 4; range: 1, 2
// or 4.
//
// It has no effect without `CAPSOCK_FRAMING_LENGTH`. DNS over TCP has 2 bytes (RFC 7766, 8).
capsock_status capsock_tcp_client_options_set_length_bytes(capsock_tcp_client_options *options,
                                                           uint32_t length_bytes);

// The order of the bytes of the length before a message. Default `CAPSOCK_ENDIAN_BIG`.
// `length_endian` is a `capsock_endian`.
//
// It has no effect without `CAPSOCK_FRAMING_LENGTH`.
capsock_status capsock_tcp_client_options_set_length_endian(capsock_tcp_client_options *options,
                                                            int32_t length_endian);

// Whether the length before a message counts its own bytes beside those of the message. Default
// false.
//
// It has no effect without `CAPSOCK_FRAMING_LENGTH`.
capsock_status capsock_tcp_client_options_set_length_includes_itself(capsock_tcp_client_options *options,
                                                                     bool length_includes_itself);

// The bytes that end a message. Default CR LF; range: 1 to 255 bytes. `delimiter` has `length`
// bytes, which are copied.
//
// It has no effect without the framing of this name. A message that contains the delimiter, or
// whose end together with it does, cannot be sent.
capsock_status capsock_tcp_client_options_set_delimiter(capsock_tcp_client_options *options,
                                                        const void *delimiter,
                                                        size_t length);

// Whether a blocking call fails with `CAPSOCK_INTERRUPTED` after a signal handler has run in its
// thread. Default false.
capsock_status capsock_tcp_client_options_set_interruptible(capsock_tcp_client_options *options,
                                                            bool interruptible);

// Frees options. NULL has no effect.
void capsock_tcp_client_options_free(capsock_tcp_client_options *options);

// Makes options with all defaults, which are freed with `capsock_udp_client_options_free`. Never NULL.
capsock_udp_client_options *capsock_udp_client_options_new(void);

// The time limit for resolving the name, and for each request including its retransmissions. In
// milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 5,000.
//
// With no limit, a request that gets no reply never times out.
capsock_status capsock_udp_client_options_set_timeout(capsock_udp_client_options *options,
                                                      int64_t timeout_ms);

// The time after which a request without a reply is sent again; it doubles with each
// retransmission (RFC 8085, 3.1.1). In milliseconds; with `CAPSOCK_NO_LIMIT` it is never sent
// again. Default 1,000.
capsock_status capsock_udp_client_options_set_retransmit_after(capsock_udp_client_options *options,
                                                               int64_t retransmit_after_ms);

// The maximum number of times that a request is sent again. Default 3.
capsock_status capsock_udp_client_options_set_retransmissions(capsock_udp_client_options *options,
                                                              uint32_t retransmissions);

// Whether a blocking call fails with `CAPSOCK_INTERRUPTED` after a signal handler has run in its
// thread. Default false.
capsock_status capsock_udp_client_options_set_interruptible(capsock_udp_client_options *options,
                                                            bool interruptible);

// Frees options. NULL has no effect.
void capsock_udp_client_options_free(capsock_udp_client_options *options);

// Connects to a server. If the host has several addresses, the first that answers is used (RFC
// 8305). `host` is a name, an IP address, "" for the local host, or a Unix domain socket
// as "unix:PATH" or "unix:@NAME"; `port` is 0 to 65535.
// `options` may be NULL for the defaults, and is read during the call only. The client is freed
// with `capsock_tcp_client_free`.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_CONNECTION_REFUSED`,
// `CAPSOCK_UNREACHABLE`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED`, and other errors of
// connect(2).
capsock_status capsock_tcp_client_connect(const char *host,
                                          int32_t port,
                                          const capsock_tcp_client_options *options,
                                          capsock_tcp_client **client);

// Sends a line and receives the line of the reply. Neither includes the newline. `reply` is freed
// with `capsock_string_free`.
//
// If the server has closed the connection since the last request, as the textbook's Python server
// does after each reply, the client connects again, once.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, also if the line contains a newline or the delimiter;
// `CAPSOCK_TOO_LARGE`, also if it is longer than its length can tell; `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_CONNECTION_RESET`, `CAPSOCK_CONNECTION_CLOSED`, `CAPSOCK_CLOSED`, `CAPSOCK_INTERRUPTED`;
// `CAPSOCK_OTHER` if the length of the reply is less than itself; `CAPSOCK_INVALID_TEXT` if the
// reply is not UTF-8 or contains a NUL.
capsock_status capsock_tcp_client_request(const capsock_tcp_client *client,
                                          const char *line,
                                          char **reply);

// As `capsock_tcp_client_request`, for any bytes, including NUL. `reply` is freed with
// `capsock_bytes_free`.
//
// Errors: as for `capsock_tcp_client_request`, except `CAPSOCK_INVALID_TEXT`.
capsock_status capsock_tcp_client_request_bytes(const capsock_tcp_client *client,
                                                const void *line,
                                                size_t length,
                                                capsock_bytes *reply);

// Sends `count` lines and calls `on_reply` with the line of each reply, in the order of the
// requests. No line includes the newline. Line i is the `lengths[i]` bytes at `requests[i]`. With
// a count of 0, nothing is sent.
//
// The server must answer each line with one line. When it has answered two requests on one
// connection, the client sends the remaining lines on that connection without waiting for replies
// (pipelining). If the server closes the connection after each reply, the client opens a
// connection for each request. The timeout limits the wait for the next reply. All lines are
// checked before the first is sent. While `on_reply` runs, nothing is received.
//
// Errors: as for `capsock_tcp_client_request_bytes`. If the connection ends while requests wait
// for replies, they are not sent again: `CAPSOCK_CONNECTION_CLOSED` or `CAPSOCK_CONNECTION_RESET`.
// `CAPSOCK_OTHER` if the server sent more replies than there were requests; `CAPSOCK_INPUT_OUTPUT`
// if `on_reply` did not return 0. The message names the request without a reply, and the number of
// replies received.
capsock_status capsock_tcp_client_request_many(const capsock_tcp_client *client,
                                               const void *const *requests,
                                               const size_t *lengths,
                                               size_t count,
                                               capsock_on_reply on_reply,
                                               void *user_data);

// Sends the data of the descriptor `input` (a file, a pipe, a terminal) up to its end, and writes
// what the server sends to the descriptor `output`. Both directions run concurrently, so that a
// stream of any size cannot deadlock. `output` must be in blocking mode. The descriptors are
// neither closed nor changed. Afterwards the connection cannot be used for requests. If no process
// reads the pipe `output`, the call fails without SIGPIPE. `sent` and `received` are the numbers
// of bytes sent to the server and written to the output; each may be NULL.
//
// Errors: as for `capsock_tcp_client_request`; `CAPSOCK_CONNECTION_CLOSED` if the server closed
// the connection before the whole input was sent; `CAPSOCK_INPUT_OUTPUT` if reading or writing a
// descriptor fails. Closing the client does not interrupt a write to `output`.
capsock_status capsock_tcp_client_copy(const capsock_tcp_client *client,
                                       capsock_file input,
                                       capsock_file output,
                                       uint64_t *sent,
                                       uint64_t *received);

// The local address of the connection, as "127.0.0.1:40000" or "[::1]:40000". `address` is freed
// with `capsock_string_free`.
//
// Errors: `CAPSOCK_CLOSED` after `capsock_tcp_client_close`.
capsock_status capsock_tcp_client_local_address(const capsock_tcp_client *client, char **address);

// The address of the server that the client is connected to. `address` is freed with
// `capsock_string_free`.
//
// Errors: `CAPSOCK_CLOSED` after `capsock_tcp_client_close`.
capsock_status capsock_tcp_client_peer_address(const capsock_tcp_client *client, char **address);

// Closes the connection. A call that is blocked in another thread, and each later call, fails with
// `CAPSOCK_CLOSED`. Closing it again is no error. The client has to be freed as well.
capsock_status capsock_tcp_client_close(const capsock_tcp_client *client);

// Closes the connection, if it is open, and frees the client. NULL has no effect. No other call
// may use the client at the same time: close it first, and wait until the other calls have
// returned.
void capsock_tcp_client_free(capsock_tcp_client *client);

// Resolves the server's addresses; nothing is sent. `host` is a name, an IP address, "" for the
// local host, or a Unix domain socket as "unix:PATH" or "unix:@NAME"; `port` is 0 to 65535. `options` may be NULL for the defaults, and is read during the
// call only. The client is freed with `capsock_udp_client_free`.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_INTERRUPTED`, and other errors of socket(2) and connect(2).
capsock_status capsock_udp_client_connect(const char *host,
                                          int32_t port,
                                          const capsock_udp_client_options *options,
                                          capsock_udp_client **client);

// Sends the text as one datagram and receives the reply as one datagram. `reply` is freed with
// `capsock_string_free`.
//
// Errors: `CAPSOCK_TOO_LARGE`, with nothing sent, if the text does not fit a datagram (65,507
// bytes over IPv4, 65,527 over IPv6); `CAPSOCK_CONNECTION_REFUSED` if no socket is bound to the
// server's port; `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_CLOSED`,
// `CAPSOCK_INTERRUPTED`; `CAPSOCK_INVALID_TEXT` if the reply is not UTF-8 or contains a NUL.
capsock_status capsock_udp_client_request(const capsock_udp_client *client,
                                          const char *text,
                                          char **reply);

// As `capsock_udp_client_request`, for any bytes, including NUL. `reply` is freed with
// `capsock_bytes_free`.
//
// Errors: as for `capsock_udp_client_request`, except `CAPSOCK_INVALID_TEXT`.
capsock_status capsock_udp_client_request_bytes(const capsock_udp_client *client,
                                                const void *request,
                                                size_t length,
                                                capsock_bytes *reply);

// Sends `count` requests, each as one datagram, and calls `on_reply` once with each reply, in the
// order in which the replies arrive. Request i is the `lengths[i]` bytes at `requests[i]`. With a
// count of 0, nothing is sent.
//
// Up to 64 requests wait for replies at the same time, each from another local port, so that a
// late or duplicate reply is not taken for the reply to another request. To a server on
// 127.0.0.0/8, each request is sent from its own local address, starting at 127.1.0.0, at half the
// cost; after the first loss, the client uses ports. Each request is retransmitted and limited as
// by `capsock_udp_client_request`. All lengths are checked before the first request is sent. While
// `on_reply` runs, nothing is received.
//
// Errors: as for `capsock_udp_client_request_bytes`; `CAPSOCK_INPUT_OUTPUT` if `on_reply` did not
// return 0. The message names the request that failed, and the number of replies received.
capsock_status capsock_udp_client_request_many(const capsock_udp_client *client,
                                               const void *const *requests,
                                               const size_t *lengths,
                                               size_t count,
                                               capsock_on_reply on_reply,
                                               void *user_data);

// The local address that the next request is sent from, as "127.0.0.1:40000" or "[::1]:40000".
// `address` is freed with `capsock_string_free`.
//
// Errors: `CAPSOCK_CLOSED` after `capsock_udp_client_close`.
capsock_status capsock_udp_client_local_address(const capsock_udp_client *client, char **address);

// The address of the server. `address` is freed with `capsock_string_free`.
//
// Errors: `CAPSOCK_CLOSED` after `capsock_udp_client_close`.
capsock_status capsock_udp_client_peer_address(const capsock_udp_client *client, char **address);

// Closes the socket. A call that is blocked in another thread, and each later call, fails with
// `CAPSOCK_CLOSED`. Closing it again is no error. The client has to be freed as well.
capsock_status capsock_udp_client_close(const capsock_udp_client *client);

// Closes the socket, if it is open, and frees the client. NULL has no effect. No other call may
// use the client at the same time: close it first, and wait until the other calls have returned.
void capsock_udp_client_free(capsock_udp_client *client);

// Resolves a host and a port to an address for `capsock_socket_sendto` and for system calls.
//
// `host` is a name, an IP address, or "" for the local host; `port` is 0 to 65535; `family` is
// AF_INET, AF_INET6, or AF_UNSPEC for the first address of either. `timeout_ms` limits the
// resolution; with 0, only IP addresses and "localhost" are resolved.
//
// `*address_length` is the size of the buffer `address` before the call, and the length of the
// address after it. A `struct sockaddr_storage` is large enough.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_NAME_NOT_RESOLVED`, also if
// the host has no address of that family.
capsock_status capsock_address_resolve(const char *host,
                                       int32_t port,
                                       int family,
                                       int64_t timeout_ms,
                                       struct sockaddr *address,
                                       socklen_t *address_length);

// As `capsock_address_resolve`, for a host and a port in one string: "localhost:12000",
// "127.0.0.1:12000", "[::1]:12000", or ":12000" for the local host.
//
// Errors: as for `capsock_address_resolve`.
capsock_status capsock_address_parse(const char *text,
                                     int family,
                                     int64_t timeout_ms,
                                     struct sockaddr *address,
                                     socklen_t *address_length);

// Formats an address as text into `buffer`: "127.0.0.1:12000", "[::1]:12000", "[fe80::1%2]:12000".
// `CAPSOCK_ADDRESS_SIZE` bytes are enough for any of these. That of a Unix domain socket is
// "unix:/run/x.sock", "unix:@name", or "unix:" for one without a name, with the characters escaped
// that control a terminal; `CAPSOCK_UNIX_ADDRESS_SIZE` bytes are enough for it.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_TOO_LARGE`, with nothing written, if the text and
// its NUL need more than `size` bytes.
capsock_status capsock_address_format(const struct sockaddr *address,
                                      socklen_t address_length,
                                      char *buffer,
                                      size_t size);

// socket(2). `family` is AF_INET or AF_INET6; `kind` is SOCK_STREAM or SOCK_DGRAM; `protocol` is
// 0, IPPROTO_TCP or IPPROTO_UDP. SOCK_NONBLOCK in `kind` sets a timeout of 0; SOCK_CLOEXEC is
// implied. The socket is freed with `capsock_socket_free`.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_ADDRESS_NOT_AVAILABLE` if the system does not
// support the family, `CAPSOCK_OUT_OF_RESOURCES`.
capsock_status capsock_socket_new(int family, int kind, int protocol, capsock_socket **socket);

// Sets the timeout of blocking calls, in milliseconds: accept, connect, send and receive then fail
// with `CAPSOCK_TIMED_OUT`. With 0, a call that would block fails with EAGAIN (connect:
// EINPROGRESS) in `capsock_last_errno`. With `CAPSOCK_NO_LIMIT`, the default, each call is
// passed to the system unchanged: O_NONBLOCK, SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT and the flags
// have their usual effect, and a call that they do not let block any longer fails with EAGAIN.
//
// The descriptor has O_NONBLOCK set while there is a timeout, and cleared while there is none.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_CLOSED`.
capsock_status capsock_socket_set_timeout(const capsock_socket *socket, int64_t timeout_ms);

// The timeout in milliseconds; -1 if `socket` is NULL.
int64_t capsock_socket_timeout(const capsock_socket *socket);

// Sets whether a blocking call fails with `CAPSOCK_INTERRUPTED` after a signal handler has run in
// its thread. By default the call is restarted after EINTR, whether or not the handler was
// installed with SA_RESTART.
capsock_status capsock_socket_set_interruptible(const capsock_socket *socket, bool interruptible);

// Whether a signal interrupts a blocking call; false if `socket` is NULL.
bool capsock_socket_interruptible(const capsock_socket *socket);

// The file descriptor, for poll(2), select(2) and other system calls; -1 (on Windows
// INVALID_SOCKET) if the socket is closed or NULL. The descriptor belongs to the socket: do not
// close it. `capsock_socket_set_timeout` changes its O_NONBLOCK; on Windows it never blocks
// (FIONBIO), and the functions here do. Closing the socket does not unblock poll(2) in another
// thread.
capsock_fd capsock_socket_descriptor(const capsock_socket *socket);

// close(2). Calls that are blocked in other threads, and each later call, fail with
// `CAPSOCK_CLOSED`. Closing it again is no error. The socket has to be freed as well.
capsock_status capsock_socket_close(const capsock_socket *socket);

// Closes the socket, if it is open, and frees it. NULL has no effect. No other call may use the
// socket at the same time: close it first, and wait until the other calls have returned.
void capsock_socket_free(capsock_socket *socket);

// bind(2).
//
// Errors: `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_ADDRESS_NOT_AVAILABLE`, `CAPSOCK_PERMISSION_DENIED`,
// `CAPSOCK_INVALID_ARGUMENT`, also if the socket is bound already, `CAPSOCK_CLOSED`.
capsock_status capsock_socket_bind(const capsock_socket *socket,
                                   const struct sockaddr *address,
                                   socklen_t address_length);

// bind(2) to a host and a port. `host` is a name, an IP address, or "" for all local addresses;
// `port` is 0 for any free port, or 1 to 65535. If the name has several addresses of the socket's
// family, the first local one is used.
//
// Errors: as for `capsock_socket_bind`; `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_INTERRUPTED`.
capsock_status capsock_socket_bind_to(const capsock_socket *socket, const char *host, int32_t port);

// listen(2).
//
// Errors: `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_UNSUPPORTED` for a SOCK_DGRAM socket,
// `CAPSOCK_CLOSED`; `CAPSOCK_INVALID_ARGUMENT` for a negative backlog.
capsock_status capsock_socket_listen(const capsock_socket *socket, int backlog);

// accept(2). The new socket `connection` has no timeout. It is freed with `capsock_socket_free`.
//
// `peer` is NULL or a buffer for the peer's address. `*peer_length` is the size of the buffer
// before the call, and the length of the address after it. If the buffer is too small for an
// address of the socket's family, the call fails with `CAPSOCK_INVALID_ARGUMENT` and accepts no
// connection.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, also if the socket does not listen, `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_UNSUPPORTED` for a SOCK_DGRAM socket,
// `CAPSOCK_CONNECTION_RESET` if the connection was aborted before it was accepted,
// `CAPSOCK_OUT_OF_RESOURCES`, in which case the connection stays in the queue.
capsock_status capsock_socket_accept(const capsock_socket *socket,
                                     struct sockaddr *peer,
                                     socklen_t *peer_length,
                                     capsock_socket **connection);

// connect(2). On a SOCK_DGRAM socket, it sets the address that `capsock_socket_send` sends to, and
// the only one from which datagrams are received.
//
// After a timeout the attempt continues: the socket is connected when it is writable (poll(2)) and
// SO_ERROR is 0.
//
// Errors: `CAPSOCK_CONNECTION_REFUSED`, `CAPSOCK_UNREACHABLE`, `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_OTHER` with
// EISCONN if the socket is connected already.
capsock_status capsock_socket_connect(const capsock_socket *socket,
                                      const struct sockaddr *address,
                                      socklen_t address_length);

// connect(2) to a host and a port. `host` is a name, an IP address, or "" for the local host;
// `port` is 0 to 65535. If the name has several addresses of the socket's family, they are tried
// in order until one answers. The timeout limits the whole call.
//
// Errors: as for `capsock_socket_connect`, and `CAPSOCK_NAME_NOT_RESOLVED`.
capsock_status capsock_socket_connect_to(const capsock_socket *socket,
                                         const char *host,
                                         int32_t port);

// shutdown(2). `how` is SHUT_RD, SHUT_WR (half-close: the peer receives the end of the stream) or
// SHUT_RDWR.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_CLOSED`; `CAPSOCK_OTHER` with ENOTCONN.
capsock_status capsock_socket_shutdown(const capsock_socket *socket, int how);

// getsockname(2): the local address. `*address_length` is the size of the buffer `address` before
// the call, and the length of the address after it. If the buffer is too small, the call fails
// with `CAPSOCK_INVALID_ARGUMENT`.
//
// Errors: `CAPSOCK_CLOSED`.
capsock_status capsock_socket_getsockname(const capsock_socket *socket,
                                          struct sockaddr *address,
                                          socklen_t *address_length);

// getpeername(2): the peer's address, with the arguments of `capsock_socket_getsockname`.
//
// Errors: `CAPSOCK_CLOSED`; `CAPSOCK_OTHER` with ENOTCONN.
capsock_status capsock_socket_getpeername(const capsock_socket *socket,
                                          struct sockaddr *address,
                                          socklen_t *address_length);

// The local port; 0 if the socket is not bound, is closed, or is NULL.
uint16_t capsock_socket_port(const capsock_socket *socket);

// send(2), with the system's flags, without SIGPIPE.
//
// `sent` receives the number of bytes that the system accepted, which may be fewer than `length`
// on a SOCK_STREAM socket with a timeout. With `sent` NULL, the call returns after all bytes have
// been accepted, within one timeout. If it fails then, the number of accepted bytes is unknown.
//
// Errors: `CAPSOCK_CONNECTION_RESET` (EPIPE, ECONNRESET), `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_TOO_LARGE` for a datagram,
// `CAPSOCK_CONNECTION_REFUSED` if an ICMP port unreachable was received for an earlier datagram;
// `CAPSOCK_OTHER` with ENOTCONN or EDESTADDRREQ.
capsock_status capsock_socket_send(const capsock_socket *socket,
                                   const void *data,
                                   size_t length,
                                   int flags,
                                   size_t *sent);

// sendto(2), as `capsock_socket_send`. `address` NULL with the length 0 stands for the address
// that the socket is connected to. A SOCK_STREAM socket ignores the address and does not connect;
// MSG_FASTOPEN is `CAPSOCK_UNSUPPORTED`.
//
// Errors: as for `capsock_socket_send`; `CAPSOCK_UNREACHABLE`, `CAPSOCK_INVALID_ARGUMENT`, also
// for port 0, `CAPSOCK_PERMISSION_DENIED` for a broadcast without SO_BROADCAST.
capsock_status capsock_socket_sendto(const capsock_socket *socket,
                                     const void *data,
                                     size_t length,
                                     int flags,
                                     const struct sockaddr *address,
                                     socklen_t address_length,
                                     size_t *sent);

// recv(2), with the system's flags. `received` receives the number of bytes: 0 at the end of a
// stream, and for an empty datagram.
//
// If a datagram is longer than the buffer, the call fails with `CAPSOCK_TOO_LARGE`: the buffer is
// full, `received` is the length of the whole datagram, and the rest is discarded unless MSG_PEEK
// was given. With MSG_TRUNC in the flags, that is no error, as in recv(2). Windows does not tell the
// length of the whole datagram: there `received` is `size` + 1.
//
// Errors: `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`,
// `CAPSOCK_CONNECTION_RESET`, `CAPSOCK_TOO_LARGE`, `CAPSOCK_CONNECTION_REFUSED` if an ICMP port
// unreachable was received for an earlier datagram; `CAPSOCK_OTHER` with ENOTCONN.
capsock_status capsock_socket_recv(const capsock_socket *socket,
                                   void *buffer,
                                   size_t size,
                                   int flags,
                                   size_t *received);

// recvfrom(2), as `capsock_socket_recv`. `sender` is NULL or a buffer for the sender's address.
// `*sender_length` is the size of the buffer before the call, and the length of the address after
// it: 0 on a SOCK_STREAM socket. If the buffer is too small for an address of the socket's family,
// the call fails with `CAPSOCK_INVALID_ARGUMENT` and receives nothing. With `CAPSOCK_TOO_LARGE`,
// the sender's address is written as well.
//
// Errors: as for `capsock_socket_recv`.
capsock_status capsock_socket_recvfrom(const capsock_socket *socket,
                                       void *buffer,
                                       size_t size,
                                       int flags,
                                       struct sockaddr *sender,
                                       socklen_t *sender_length,
                                       size_t *received);

// getsockopt(2). `*length` is the size of the buffer `value` before the call, and the number of
// bytes written after it.
//
// Errors: `CAPSOCK_UNSUPPORTED`, `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_CLOSED`.
capsock_status capsock_socket_getsockopt(const capsock_socket *socket,
                                         int level,
                                         int name,
                                         void *value,
                                         socklen_t *length);

// setsockopt(2).
//
// Errors: `CAPSOCK_UNSUPPORTED`, `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_PERMISSION_DENIED`,
// `CAPSOCK_CLOSED`.
capsock_status capsock_socket_setsockopt(const capsock_socket *socket,
                                         int level,
                                         int name,
                                         const void *value,
                                         socklen_t length);

// Starts a recording of the socket calls of this process, including those of servers and clients.
// Each call is one line of JSON, appended to `file`, whose name need not be UTF-8, except on
// Windows. Several processes may record to one file. `payload` sets whether the first 32 bytes of
// sent and received data are recorded.
//
// The environment variable CAPSOCK_TRACE=FILE starts a recording with the program's first call
// (CAPSOCK_TRACE_PAYLOAD=0: without payload); this function replaces such a recording. If a line
// cannot be written, the recording stops with a message on standard error, and the program
// continues.
//
// Errors: `CAPSOCK_INPUT_OUTPUT` with the error number of open(2), or with EBUSY if a recording is
// running.
capsock_status capsock_trace_start(const char *file, bool payload);

// Stops the recording, if there is one.
void capsock_trace_stop(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CAPSOCK_H */
