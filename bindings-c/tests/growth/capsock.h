// capsock: servers and clients of the uppercase service over TCP and UDP, and sockets.
// SPDX-License-Identifier: MIT OR Apache-2.0
//
//   capsock_server *server = NULL;
//   if (capsock_server_start(CAPSOCK_TRANSPORT_TCP, NULL, &server) != CAPSOCK_OK)
//     fprintf(stderr, "%s\n", capsock_last_error());
//
// Conventions, which hold for every function:
//
// Errors. What can fail returns a capsock_status; 0 is success. capsock_last_error() has the text of
//   the calling thread's latest failure. No input ends the process or leaves a Rust panic behind it:
//   a defect of the library is CAPSOCK_INTERNAL.
// Out-parameters come last, are written on success only, and need not hold anything before. They
//   overlap no other argument. The lengths of addresses and options are those of the system's calls: they
//   hold before how much room there is, and after what was written.
// NULL may be passed for every pointer: it is CAPSOCK_INVALID_ARGUMENT, unless the function says what
//   else it means. For _free it means nothing. Any other pointer points to what its type says.
// Text is UTF-8 that ends with a NUL; text that is not UTF-8 is CAPSOCK_INVALID_ARGUMENT. Where bytes
//   are taken, any will do; NULL with the length 0 is no bytes.
// Options and results. A capsock_..._options is made by its _new with all defaults, changed by the
//   functions of its type, and may be NULL where it is taken; totals and reports are read by the
//   functions of their type. They are opaque, so that a later library has more of them without a change
//   to compiled programs. One object of options belongs to one thread at a time.
// Arguments are read during the call, and none is kept, but for the handler and the log of a server
//   and their data.
// Memory. What a function gives is the caller's: handles are freed by the _free of their type, text
//   by capsock_string_free, bytes by capsock_bytes_free. Exactly once, and not by free(3).
// Threads. A handle that is taken as const may be used by several threads at once; freeing it has to
//   come after all other calls. Whatever is not a handle belongs to one thread at a time.
// Timeouts are milliseconds; CAPSOCK_NO_LIMIT is none, a negative one CAPSOCK_INVALID_ARGUMENT.
// Choices are numbers (int32_t) with the constants of an enum; any other is CAPSOCK_INVALID_ARGUMENT.
// Signals. The library sets no signal handler and raises no SIGPIPE. capsock_server_request_stop is
//   the only function that a signal handler may call.
// fork(2). A handle belongs to the process that made it; a forked child leaves it alone, unless it is a
//   socket.


#ifndef CAPSOCK_H
#define CAPSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

// The timeout that stands for no limit, in milliseconds.
#define CAPSOCK_NO_LIMIT 9223372036854775807

// The port that servers listen on unless another is set: the textbook's.
#define CAPSOCK_DEFAULT_PORT 12000

// A buffer of so many bytes holds the text of every address, and its NUL.
#define CAPSOCK_ADDRESS_SIZE 72

// What a call returned. No number changes its meaning or is used again; a later version may add
// some.
enum capsock_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The call succeeded.
  CAPSOCK_OK = 0,
  // An argument is out of its range, or has a form that the call does not accept; nothing was
  // done.
  CAPSOCK_INVALID_ARGUMENT = 1,
  // The time limit of the call passed (ETIMEDOUT), or it had none and would have had to wait.
  CAPSOCK_TIMED_OUT = 2,
  // A signal handler ran, and the caller had asked for that to end the call (EINTR).
  CAPSOCK_INTERRUPTED = 3,
  // The client, server or socket was closed, before the call or by another thread during it.
  CAPSOCK_CLOSED = 4,
  // No program listens on that port (ECONNREFUSED).
  CAPSOCK_CONNECTION_REFUSED = 5,
  // The peer reset the connection (ECONNRESET, EPIPE, ECONNABORTED).
  CAPSOCK_CONNECTION_RESET = 6,
  // The peer closed the connection before the whole reply had arrived.
  CAPSOCK_CONNECTION_CLOSED = 7,
  // Another socket has that address and port (EADDRINUSE).
  CAPSOCK_ADDRESS_IN_USE = 8,
  // This machine has no such address (EADDRNOTAVAIL, EAFNOSUPPORT).
  CAPSOCK_ADDRESS_NOT_AVAILABLE = 9,
  // The name has no address; the error has the number of getaddrinfo(3).
  CAPSOCK_NAME_NOT_RESOLVED = 10,
  // No route leads to that address (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN).
  CAPSOCK_UNREACHABLE = 11,
  // The system does not permit it (EACCES, EPERM).
  CAPSOCK_PERMISSION_DENIED = 12,
  // The message does not fit: a datagram, a limit, a buffer (EMSGSIZE).
  CAPSOCK_TOO_LARGE = 13,
  // The system, or the present state of the object, does not support it (EOPNOTSUPP).
  CAPSOCK_UNSUPPORTED = 14,
  // No descriptor, memory, thread or process is available (EMFILE, ENFILE, ENOMEM, ENOBUFS,
  // EAGAIN).
  CAPSOCK_OUT_OF_RESOURCES = 15,
  // The reply is not valid UTF-8, or in C has a NUL inside, and text was asked for; ask for
  // bytes.
  CAPSOCK_INVALID_TEXT = 16,
  // Reading the input or writing the output of a copy failed, not the network.
  CAPSOCK_INPUT_OUTPUT = 17,
  // The system reported something else; the error has its number.
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
  // Datagrams.
  CAPSOCK_TRANSPORT_UDP = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_transport capsock_transport;
#else
typedef int32_t capsock_transport;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// How many clients a server serves at once, and by what.
enum capsock_concurrency
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // One client at a time: accept, serve to the end, next. Over UDP: receive, reply, next.
  CAPSOCK_CONCURRENCY_ITERATIVE = 0,
  // A thread for each TCP connection; over UDP a fixed number of threads on one port.
  CAPSOCK_CONCURRENCY_THREADS = 1,
  // A process for each TCP connection; over UDP a fixed number of processes on one port. A
  // handler is refused.
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

// Where a request ends in a TCP stream. Over UDP a datagram is a request.
enum capsock_framing
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Whatever has arrived. The default. A handler is refused, since a part of a stream is not a
  // request.
  CAPSOCK_FRAMING_STREAM = 0,
  // Up to and including a newline, of at most `max_request` bytes. The last line may end with
  // the stream instead of a newline.
  CAPSOCK_FRAMING_LINE = 1,
  // What one receive returns; the server replies, then closes the connection, as the textbook's
  // Python TCPServer does.
  CAPSOCK_FRAMING_ONCE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum capsock_framing capsock_framing;
#else
typedef int32_t capsock_framing;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Optional calls of the system that a server uses where they are available and works without where
// they are not. The environment variable `CAPSOCK_WITHOUT` disables those that it names, as in
// `CAPSOCK_WITHOUT=udp-gro,recvmmsg`; a server is refused if it has another name. They are bits of
// the number that `capsock_stats_features` returns.
enum capsock_feature
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // A blocked receive ends when another thread shuts the socket down (shutdown(2)), so that no
  // poll is needed before it.
  CAPSOCK_FEATURE_BLOCKING_RECEIVE = 1,
  // recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.
  CAPSOCK_FEATURE_RECVMMSG = 2,
  // UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.
  CAPSOCK_FEATURE_UDP_SEGMENT = 4,
  // UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.
  CAPSOCK_FEATURE_UDP_GRO = 8,
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
  // A limit was reached. Each limit is logged once a second at most; a child process counts it
  // and logs nothing.
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

// A reply that a handler is writing. It is the library's, and there for the call of the handler
// only.
typedef struct capsock_reply capsock_reply;

// A running server.
typedef struct capsock_server capsock_server;

// The options of a server. The functions that set one check it by itself and leave it as it was if
// they refuse the new value; `capsock_server_start` checks how they go together. The options may
// be changed, used again and freed while servers that were started with them run.
typedef struct capsock_server_options capsock_server_options;

// A TCP or UDP socket over IPv4 or IPv6, for the BSD call flow: each function is the call of its
// name, takes and gives the system's numbers and `struct sockaddr`, and fails with a status.
//
// What is different from the calls of the system: a call that waits has the socket's timeout;
// closing the socket ends the calls of other threads; SIGPIPE is never raised, nor is a datagram
// cut in silence; the descriptor is not inherited by exec(3).
//
// Several threads may use a socket at once. In a program with one thread, a child of fork(2) may use
// it as well, and closes and frees its own.
typedef struct capsock_socket capsock_socket;

// A server's totals since its start, as they were when they were read. It is freed with
// `capsock_stats_free`. Its functions return 0 for NULL.
typedef struct capsock_stats capsock_stats;

// What stopping a server found. It is freed with `capsock_stop_report_free`. Its functions return
// 0 for NULL.
typedef struct capsock_stop_report capsock_stop_report;

// A connection to a server that answers each line with a line. Requests from several threads take
// turns.
typedef struct capsock_tcp_client capsock_tcp_client;

// The options of a TCP client. They may be changed, used again and freed while clients that were
// made with them are in use.
typedef struct capsock_tcp_client_options capsock_tcp_client_options;

// Asks a server by datagrams: one request, one reply. Requests from several threads take turns.
//
// Each request leaves from a port of its own, so that a late or doubled reply is never taken for
// another one's.
typedef struct capsock_udp_client capsock_udp_client;

// The options of a UDP client. They may be changed, used again and freed while clients that were
// made with them are in use.
typedef struct capsock_udp_client_options capsock_udp_client_options;

// The upper case of a text that comes in pieces, cut anywhere, also inside of a character.
typedef struct capsock_uppercase_stream capsock_uppercase_stream;

// Bytes that the library gives. The caller frees them with `capsock_bytes_free` and leaves both
// fields as they are until then; the bytes themselves are the caller's to change.
typedef struct {
  // The bytes. One more, a NUL that `length` does not count, follows them. NULL once freed.
  uint8_t *data;
  // How many they are.
  size_t length;
} capsock_bytes;

// Answers one request: writes the reply with `capsock_reply_write` and returns 0. Anything else
// means that the request failed: it is logged and counted, the TCP connection is closed or the UDP
// request left without a reply, and the server goes on.
//
// `request` is never NULL, has no NUL behind it, and is there for the call only. Over UDP it is a
// datagram; over TCP it is what the framing says, with its newline where `CAPSOCK_FRAMING_LINE`
// found one. A reply to a line that has a newline gets one if it ends without.
//
// It is called from the server's threads, several at once: the requests of one TCP connection come
// one after another, in their order; datagrams at the same time, also those of one peer, whose
// replies may overtake each other. A slow handler holds up its own connection, and others once as
// many run as there are `workers` (`CAPSOCK_CONCURRENCY_EVENTS`). It must return: no `longjmp`, and no
// C++ exception, may leave it.
typedef int (*capsock_handler)(const uint8_t *request,
                               size_t length,
                               capsock_reply *reply,
                               void *user_data);

// Takes a line of a server's log: `level` is a `capsock_level`, `line` UTF-8 without a newline,
// there for the call only. Called from the server's threads, several at once; it must return.
typedef void (*capsock_log)(int32_t level, const char *line, void *user_data);

// Takes the reply to the request at `index`, counted from 0, and returns 0. Anything else ends the
// call with `CAPSOCK_INPUT_OUTPUT`.
//
// `reply` is never NULL, has no NUL behind it, and is there for the call only. It is called from the
// thread that asks. It must not ask with the same client, and it must return: no `longjmp`, and no C++
// exception, may leave it.
typedef int (*capsock_on_reply)(size_t index, const uint8_t *reply, size_t length, void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library, `major.minor.patch`. Valid for ever.
const char *capsock_version(void);

// What the latest call of this thread that failed has to say: what was tried, on which address,
// what happened, and what to try. UTF-8, one sentence, without a newline. It is valid until the
// thread's next call that fails, or its end. Never NULL; empty if no call has failed yet. A call
// that succeeds leaves it as it is.
const char *capsock_last_error(void);

// The system's error number (errno(3)) of the latest call of this thread that failed; 0 if there
// is none.
int capsock_last_errno(void);

// getaddrinfo(3)'s `EAI_` number of the latest call of this thread that failed; 0 if a name was
// not the reason.
int capsock_last_gai_code(void);

// Frees bytes that the library gave and empties the structure, so that freeing it again does
// nothing. NULL is nothing.
void capsock_bytes_free(capsock_bytes *bytes);

// Frees text that the library gave. NULL is nothing.
void capsock_string_free(char *text);

// The upper case of UTF-8 text, by Unicode's full mapping, the same in every locale: "straße"
// becomes "STRASSE". Bytes that are not valid UTF-8 pass through unchanged; a NUL is a character
// like others.
//
// `upper` is freed with `capsock_bytes_free`.
capsock_status capsock_uppercase(const void *input, size_t length, capsock_bytes *upper);

// A stream at its beginning. It is freed with `capsock_uppercase_stream_free`.
capsock_status capsock_uppercase_stream_new(capsock_uppercase_stream **stream);

// The upper case of what is complete so far; at most 3 bytes of a character that is not are held
// until the next call. `upper`, which may turn out empty, is freed with `capsock_bytes_free`.
capsock_status capsock_uppercase_stream_push(const capsock_uppercase_stream *stream,
                                             const void *input,
                                             size_t length,
                                             capsock_bytes *upper);

// Ends the text: what was held is given unchanged, and the stream is at a beginning again. `upper`
// is freed with `capsock_bytes_free`.
capsock_status capsock_uppercase_stream_finish(const capsock_uppercase_stream *stream,
                                               capsock_bytes *upper);

// Frees a stream. NULL is nothing.
void capsock_uppercase_stream_free(capsock_uppercase_stream *stream);

// New options, all with their defaults. They are freed with `capsock_server_options_free`. Never NULL.
capsock_server_options *capsock_server_options_new(void);

// The name or IP address to listen on; an empty one is every address of the machine. Default
// `localhost`.
//
// `localhost` is this machine alone, over IPv4 and IPv6.
capsock_status capsock_server_options_set_host(capsock_server_options *options, const char *host);

// The port to listen on; 0 picks a free one. Default `CAPSOCK_DEFAULT_PORT`; range: 0 to 65,535.
capsock_status capsock_server_options_set_port(capsock_server_options *options, int32_t port);

// How many clients are served at once, and by what. Default `CAPSOCK_CONCURRENCY_EVENTS`.
// `concurrency` is a `capsock_concurrency`.
capsock_status capsock_server_options_set_concurrency(capsock_server_options *options,
                                                      int32_t concurrency);

// Where a request ends in a TCP stream. Default `CAPSOCK_FRAMING_STREAM`. `framing` is a
// `capsock_framing`.
capsock_status capsock_server_options_set_framing(capsock_server_options *options, int32_t framing);

// The number of event loops, or over UDP of threads or processes, for each address of the host; 0
// starts one for each processor. Default 0; range: 0 to 1,024.
//
// With a handler, it is the number of requests that are answered at the same time, with
// `CAPSOCK_CONCURRENCY_EVENTS`, and over UDP with `CAPSOCK_CONCURRENCY_THREADS`. A handler that
// waits for something makes use of more workers than there are processors. Further requests wait
// in the kernel; accepting, limits, replies in progress and a stop go on.
capsock_status capsock_server_options_set_workers(capsock_server_options *options, size_t workers);

// The number of connections that the kernel holds until they are accepted (listen(2)). Default
// 1,024.
//
// The kernel holds no more than `net.core.somaxconn`.
capsock_status capsock_server_options_set_backlog(capsock_server_options *options,
                                                  uint32_t backlog);

// The number of TCP connections served at once; a further one is closed at once and counted as
// refused. Default 0.
//
// 0 is 1,024 with `CAPSOCK_CONCURRENCY_THREADS`, 256 with `CAPSOCK_CONCURRENCY_PROCESSES` and
// 65,536 with `CAPSOCK_CONCURRENCY_EVENTS`. `CAPSOCK_CONCURRENCY_ITERATIVE` serves one and leaves
// the others in the backlog.
capsock_status capsock_server_options_set_max_connections(capsock_server_options *options,
                                                          size_t max_connections);

// The length of the longest request, in bytes: a line with its newline, or a datagram. Default
// 1,048,576; range: 1 and more.
//
// It has no effect with `CAPSOCK_FRAMING_STREAM`, where nothing is held.
capsock_status capsock_server_options_set_max_request(capsock_server_options *options,
                                                      size_t max_request);

// The length of the longest UDP reply, as a multiple of the length of its request; a longer one is
// not sent, and counted. 0 sets no limit. Default 0.
//
// The source address of a datagram may be forged, and its reply then reaches a victim: this is the
// factor by which a forger can multiply the traffic. Upper case is three times as long as its
// request at most, which QUIC allows itself too (RFC 9000, 8.1). A handler on an open network
// should have a limit. With one, an empty request gets an empty reply or none.
capsock_status capsock_server_options_set_max_amplification(capsock_server_options *options,
                                                            size_t max_amplification);

// The time after which a connection on which nothing arrives is closed. In milliseconds;
// `CAPSOCK_NO_LIMIT` sets no limit. Default 300,000; range: above 0.
capsock_status capsock_server_options_set_idle_timeout(capsock_server_options *options,
                                                       int64_t idle_timeout_ms);

// The time after which a connection whose peer receives nothing of its reply is closed. In
// milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 30,000; range: above 0.
//
// TCP reports progress in steps of a buffer's size, so that a slow peer may take a while to make
// any.
capsock_status capsock_server_options_set_write_timeout(capsock_server_options *options,
                                                        int64_t write_timeout_ms);

// The time for which an event loop, or over UDP any worker, polls for requests before it blocks.
// In microseconds. Default 0; range: 0 to 1 s.
//
// It takes the time of a wake-up off each reply, and keeps a processor busy while requests arrive
// at such short intervals. 0 blocks at once.
capsock_status capsock_server_options_set_busy_poll(capsock_server_options *options,
                                                    int64_t busy_poll_us);

// Frees options. NULL is nothing.
void capsock_server_options_free(capsock_server_options *options);

// Adds to the reply of a handler, as often as the handler likes. A reply that could not be
// completed (`CAPSOCK_OUT_OF_RESOURCES`) fails the request, whatever the handler returns.
capsock_status capsock_reply_write(capsock_reply *reply, const void *data, size_t length);

// Sets what answers the requests; NULL, the default, for upper case. `user_data` is passed to it.
//
// What the handler uses has to stay until every server that was started with these options is freed
// and, if a stop found calls of it still running, until those have returned.
capsock_status capsock_server_options_set_handler(capsock_server_options *options,
                                                  capsock_handler handler,
                                                  void *user_data);

// Sets what takes the lines of the log; NULL, the default: they go to standard error. `user_data` is
// passed to it, and what it uses has to stay as for a handler.
capsock_status capsock_server_options_set_log(capsock_server_options *options,
                                              capsock_log log,
                                              void *user_data);

// TCP connections accepted, refused ones included.
uint64_t capsock_stats_connections_accepted(const capsock_stats *stats);

// TCP connections that are open at present.
uint64_t capsock_stats_connections_active(const capsock_stats *stats);

// TCP connections closed at once: over `max_connections`, or no thread or process was available.
uint64_t capsock_stats_connections_refused(const capsock_stats *stats);

// Requests with a reply, whether or not the peer has received it.
uint64_t capsock_stats_requests(const capsock_stats *stats);

// Bytes of requests, over TCP and UDP.
uint64_t capsock_stats_bytes_received(const capsock_stats *stats);

// Bytes of replies, over TCP and UDP.
uint64_t capsock_stats_bytes_sent(const capsock_stats *stats);

// UDP datagrams received, those without a reply included.
uint64_t capsock_stats_datagrams_received(const capsock_stats *stats);

// UDP datagrams sent.
uint64_t capsock_stats_datagrams_sent(const capsock_stats *stats);

// Requests whose handler failed.
uint64_t capsock_stats_handler_errors(const capsock_stats *stats);

// Requests over `max_request`: the connection was closed, or the datagram got no reply.
uint64_t capsock_stats_oversized_requests(const capsock_stats *stats);

// Connections closed by `idle_timeout`.
uint64_t capsock_stats_idle_timeouts(const capsock_stats *stats);

// Connections closed by `write_timeout`.
uint64_t capsock_stats_write_timeouts(const capsock_stats *stats);

// Datagrams refused by the source filter: from the server itself, port 0, a broadcast or multicast
// address, or exchanged between servers too often.
uint64_t capsock_stats_datagrams_filtered(const capsock_stats *stats);

// Replies that did not fit a datagram or that the system refused to send.
uint64_t capsock_stats_replies_unsent(const capsock_stats *stats);

// Replies over `max_amplification`, which were not sent.
uint64_t capsock_stats_amplified_replies(const capsock_stats *stats);

// Times that accepting paused because the process or the system had no free descriptor.
uint64_t capsock_stats_descriptor_shortages(const capsock_stats *stats);

// The optional calls of the system that the server uses. The number is the sum of
// `capsock_feature` values.
uint64_t capsock_stats_features(const capsock_stats *stats);

// Frees totals. NULL is nothing.
void capsock_stats_free(capsock_stats *stats);

// Requests with a reply, from the start of the server to its end. Unless a connection was cut, or
// reset by its peer, all of the replies were sent.
uint64_t capsock_stop_report_completed(const capsock_stop_report *report);

// Connections closed at the deadline with a request in progress or a reply not yet received by the
// peer.
uint64_t capsock_stop_report_cut(const capsock_stop_report *report);

// Calls of the handler or of the log that had not returned at the deadline. Their threads end when
// the call returns; until then what the call uses has to stay.
uint64_t capsock_stop_report_running(const capsock_stop_report *report);

// Frees a report. NULL is nothing.
void capsock_stop_report_free(capsock_stop_report *report);

// Binds, and starts to serve: when it returns, clients can connect. `transport` is a
// `capsock_transport`; `options` may be NULL for the defaults, and are used for the call only. The
// server is freed with `capsock_server_free`.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, also for options that do not go together (a handler with the
// framing stream or with processes), `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_ADDRESS_NOT_AVAILABLE`,
// `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_PERMISSION_DENIED`, `CAPSOCK_OUT_OF_RESOURCES` and what else
// binding reports.
capsock_status capsock_server_start(int32_t transport,
                                    const capsock_server_options *options,
                                    capsock_server **server);

// The port that the server listens on; 0 if `server` is NULL.
uint16_t capsock_server_port(const capsock_server *server);

// How many addresses the server listens on: one for each address of its host name; 0 if `server`
// is NULL.
size_t capsock_server_address_count(const capsock_server *server);

// An address that the server listens on, as "127.0.0.1:12000" or "[::1]:12000"; `index` counts from
// 0. `address` is freed with `capsock_string_free`.
capsock_status capsock_server_address(const capsock_server *server, size_t index, char **address);

// The totals so far, which are freed with `capsock_stats_free`. Cheap: it reads counters and takes no
// lock.
capsock_status capsock_server_stats(const capsock_server *server,
                                    capsock_stats **stats);

// Asks the server to stop within 5 s, and returns at once. NULL is nothing. The one function that a
// signal handler may call (signal-safety(7)).
void capsock_server_request_stop(const capsock_server *server);

// Stops the server: no new work, what is in hand is finished, then idle connections close; what is
// not done after `timeout_ms` is cut. `report` may be NULL; otherwise it is freed with
// `capsock_stop_report_free`.
//
// Any thread may call it, also twice: the earliest deadline holds, and the second call gets the same
// report. From a handler it asks for the stop and returns at once, since it would wait for itself. A
// stopped server is still to be freed.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_UNSUPPORTED` in a process that was forked off after
// the start, in which the server is not.
capsock_status capsock_server_stop(const capsock_server *server,
                                   int64_t timeout_ms,
                                   capsock_stop_report **report);

// Waits until the server has stopped, whoever stopped it.
//
// Errors: `CAPSOCK_TIMED_OUT` if it still runs after `timeout_ms`; `CAPSOCK_INTERRUPTED` if a signal
// handler ran meanwhile in the calling thread: the server still runs, or is about to stop if that
// handler asked for it. `CAPSOCK_INVALID_ARGUMENT` from a handler of the server, which would wait
// for itself; `CAPSOCK_UNSUPPORTED` as for `capsock_server_stop`.
capsock_status capsock_server_wait(const capsock_server *server,
                                   int64_t timeout_ms);

// Stops the server within 5 s, if it runs, and frees it. NULL is nothing. No other call may use the server
// meanwhile, and a handler of the server must not free it.
void capsock_server_free(capsock_server *server);

// New options, all with their defaults. They are freed with `capsock_tcp_client_options_free`. Never NULL.
capsock_tcp_client_options *capsock_tcp_client_options_new(void);

// The time limit for resolving the name and connecting to one of its addresses. In milliseconds;
// `CAPSOCK_NO_LIMIT` sets no limit. Default 10,000.
//
// A client that connects again within a request has what is left of `timeout`, if that is less.
capsock_status capsock_tcp_client_options_set_connect_timeout(capsock_tcp_client_options *options,
                                                              int64_t connect_timeout_ms);

// The time limit for each request; for many requests the longest wait for the next reply, and for
// a copy the longest time without progress. In milliseconds; `CAPSOCK_NO_LIMIT` sets no limit.
// Default 30,000.
capsock_status capsock_tcp_client_options_set_timeout(capsock_tcp_client_options *options,
                                                      int64_t timeout_ms);

// The length of the longest reply that is accepted, in bytes, without its newline. Default
// 16,777,216.
capsock_status capsock_tcp_client_options_set_max_reply(capsock_tcp_client_options *options,
                                                        size_t max_reply);

// Whether a signal handler that ran in the calling thread ends its blocking call with
// `CAPSOCK_INTERRUPTED`. Default false.
capsock_status capsock_tcp_client_options_set_interruptible(capsock_tcp_client_options *options,
                                                            bool interruptible);

// Frees options. NULL is nothing.
void capsock_tcp_client_options_free(capsock_tcp_client_options *options);

// New options, all with their defaults. They are freed with `capsock_udp_client_options_free`. Never NULL.
capsock_udp_client_options *capsock_udp_client_options_new(void);

// The time limit for resolving the name, and for each request with all its retransmissions. In
// milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 5,000.
//
// Without a limit, a request whose last retransmission is not answered waits for ever.
capsock_status capsock_udp_client_options_set_timeout(capsock_udp_client_options *options,
                                                      int64_t timeout_ms);

// The time without a reply after which a request is sent again; it doubles with each
// retransmission (RFC 8085, 3.1.1). In milliseconds; with `CAPSOCK_NO_LIMIT` it is never sent
// again. Default 1,000.
capsock_status capsock_udp_client_options_set_retransmit_after(capsock_udp_client_options *options,
                                                               int64_t retransmit_after_ms);

// The number of times that a request is sent again at most. Default 3.
capsock_status capsock_udp_client_options_set_retransmissions(capsock_udp_client_options *options,
                                                              uint32_t retransmissions);

// Whether a signal handler that ran in the calling thread ends its blocking call with
// `CAPSOCK_INTERRUPTED`. Default false.
capsock_status capsock_udp_client_options_set_interruptible(capsock_udp_client_options *options,
                                                            bool interruptible);

// Frees options. NULL is nothing.
void capsock_udp_client_options_free(capsock_udp_client_options *options);

// Connects to the first address of the host that answers (RFC 8305). `host` is a name, an IP
// address, or "" for this machine; `port` is 0 to 65535. `options` may be NULL for the
// defaults, and are used for the call only. The client is freed with
// `capsock_tcp_client_free`.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_CONNECTION_REFUSED`,
// `CAPSOCK_UNREACHABLE`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED` and the system's others.
capsock_status capsock_tcp_client_connect(const char *host,
                                          int32_t port,
                                          const capsock_tcp_client_options *options,
                                          capsock_tcp_client **client);

// Sends a line of text and gives the line that comes back, without a newline in either. `reply` is
// freed with `capsock_string_free`.
//
// If the server closed the connection since the last request, as the textbook's Python server does
// after each reply, the client connects again, once.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, also if the line has a newline; `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_CONNECTION_RESET`, `CAPSOCK_CONNECTION_CLOSED`, `CAPSOCK_CLOSED`, `CAPSOCK_TOO_LARGE`,
// `CAPSOCK_INTERRUPTED`; `CAPSOCK_INVALID_TEXT` if the reply is not UTF-8 or has a NUL inside.
capsock_status capsock_tcp_client_request(const capsock_tcp_client *client,
                                          const char *line,
                                          char **reply);

// The same for any bytes, a NUL among them. `reply` is freed with `capsock_bytes_free`.
//
// Errors: as for `capsock_tcp_client_request`, but for `CAPSOCK_INVALID_TEXT`.
capsock_status capsock_tcp_client_request_bytes(const capsock_tcp_client *client,
                                                const void *line,
                                                size_t length,
                                                capsock_bytes *reply);

// Sends `count` lines and hands over the lines that come back, in the same order, without a newline in
// any. Line i is the `lengths[i]` bytes at `requests[i]`. A count of 0 sends nothing.
//
// Once the server has answered two requests on a connection, and so keeps it open, the rest goes there
// without waiting for the replies (pipelining). The server has to answer each line with one line. With a
// server that closes after each reply each request has a connection of its own. The time limit is the
// longest wait for the next reply. All lines are checked before the first is sent. Nothing is received
// while `on_reply` runs.
//
// Errors: as for `capsock_tcp_client_request_bytes`. If the connection ends while requests are on their
// way, none of them is sent again: `CAPSOCK_CONNECTION_CLOSED` or `CAPSOCK_CONNECTION_RESET`.
// `CAPSOCK_OTHER` if the server sent more lines than requests; `CAPSOCK_INPUT_OUTPUT` if `on_reply` did
// not return 0. The text tells which request got no reply, and how many replies had come.
capsock_status capsock_tcp_client_request_many(const capsock_tcp_client *client,
                                               const void *const *requests,
                                               const size_t *lengths,
                                               size_t count,
                                               capsock_on_reply on_reply,
                                               void *user_data);

// Sends all that the descriptor `input` has (a file, a pipe, a terminal) until its end, and writes
// all that comes back to the descriptor `output`, both ways at once, so that a stream of any size
// cannot deadlock. The connection is used up; the descriptors are neither closed nor changed.
// `output` has to be blocking. A pipe that nobody reads any more is an error and raises no SIGPIPE.
// `sent` and `received` are the bytes from the input to the server, and from the server to the output;
// each may be NULL.
//
// Errors: as for `capsock_tcp_client_request`; `CAPSOCK_CONNECTION_CLOSED` if the server closed
// before all of the input was sent; `CAPSOCK_INPUT_OUTPUT` if reading or writing fails. The call is
// not ended while it waits for `output` to take what came.
capsock_status capsock_tcp_client_copy(const capsock_tcp_client *client,
                                       int input,
                                       int output,
                                       uint64_t *sent,
                                       uint64_t *received);

// The address of this end, as "127.0.0.1:40000" or "[::1]:40000". `address` is freed with
// `capsock_string_free`.
//
// Errors: `CAPSOCK_CLOSED` after `capsock_tcp_client_close`.
capsock_status capsock_tcp_client_local_address(const capsock_tcp_client *client, char **address);

// The address of the server that answered. `address` is freed with `capsock_string_free`.
//
// Errors: `CAPSOCK_CLOSED` after `capsock_tcp_client_close`.
capsock_status capsock_tcp_client_peer_address(const capsock_tcp_client *client, char **address);

// Closes the connection and ends a call that another thread is blocked in with `CAPSOCK_CLOSED`,
// as every later one. Closing twice is no error. The client is still to be freed.
capsock_status capsock_tcp_client_close(const capsock_tcp_client *client);

// Closes the connection, if it is open, and frees the client. NULL is nothing. No other call may
// use the client meanwhile: close it first, and wait for those calls to return.
void capsock_tcp_client_free(capsock_tcp_client *client);

// Finds the server's addresses; nothing is sent yet. `host` is a name, an IP address, or "" for
// this machine; `port` is 0 to 65535. `options` may be NULL for the
// defaults, and are used for the call only. The client is freed with `capsock_udp_client_free`.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_INTERRUPTED` and the system's others.
capsock_status capsock_udp_client_connect(const char *host,
                                          int32_t port,
                                          const capsock_udp_client_options *options,
                                          capsock_udp_client **client);

// Sends the text as one datagram and gives the text of the datagram that comes back. `reply` is
// freed with `capsock_string_free`.
//
// Errors: `CAPSOCK_TOO_LARGE` before anything is sent if the text does not fit a datagram (65,507
// bytes over IPv4, 65,527 over IPv6); `CAPSOCK_CONNECTION_REFUSED` if nothing has that port;
// `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_CLOSED`, `CAPSOCK_INTERRUPTED`;
// `CAPSOCK_INVALID_TEXT` if the reply is not UTF-8 or has a NUL inside.
capsock_status capsock_udp_client_request(const capsock_udp_client *client,
                                          const char *text,
                                          char **reply);

// The same for any bytes, a NUL among them. `reply` is freed with `capsock_bytes_free`.
//
// Errors: as for `capsock_udp_client_request`, but for `CAPSOCK_INVALID_TEXT`.
capsock_status capsock_udp_client_request_bytes(const capsock_udp_client *client,
                                                const void *request,
                                                size_t length,
                                                capsock_bytes *reply);

// Sends `count` requests, each as one datagram, and hands over the datagrams that come back, each once, as
// they come: not always in the order of the requests. Request i is the `lengths[i]` bytes at
// `requests[i]`. A count of 0 sends nothing.
//
// Up to 64 requests are on their way at once, each from a port of its own, so that a reply that comes late,
// twice or out of order is never taken for another one's. To a server on 127.0.0.0/8 each leaves from an
// address of its own instead, from 127.1.0.0 on, as long as none is lost: there that costs half as much. Each is
// sent again as by
// `capsock_udp_client_request`, and has its time limit. All lengths are checked before the first is sent.
// Nothing is received while `on_reply` runs.
//
// Errors: as for `capsock_udp_client_request_bytes`; `CAPSOCK_INPUT_OUTPUT` if `on_reply` did not return 0.
// The text tells which request failed, and how many replies had come.
capsock_status capsock_udp_client_request_many(const capsock_udp_client *client,
                                               const void *const *requests,
                                               const size_t *lengths,
                                               size_t count,
                                               capsock_on_reply on_reply,
                                               void *user_data);

// The address that the next request leaves from, as "127.0.0.1:40000" or "[::1]:40000". `address`
// is freed with `capsock_string_free`.
//
// Errors: `CAPSOCK_CLOSED` after `capsock_udp_client_close`.
capsock_status capsock_udp_client_local_address(const capsock_udp_client *client, char **address);

// The address of the server that requests go to. `address` is freed with `capsock_string_free`.
//
// Errors: `CAPSOCK_CLOSED` after `capsock_udp_client_close`.
capsock_status capsock_udp_client_peer_address(const capsock_udp_client *client, char **address);

// Closes the socket and ends a call that another thread is blocked in with `CAPSOCK_CLOSED`, as
// every later one. Closing twice is no error. The client is still to be freed.
capsock_status capsock_udp_client_close(const capsock_udp_client *client);

// Closes the socket, if it is open, and frees the client. NULL is nothing. No other call may use
// the client meanwhile: close it first, and wait for those calls to return.
void capsock_udp_client_free(capsock_udp_client *client);

// Finds an address of a host and a port, for `capsock_socket_sendto` and the system's calls.
//
// `host` is a name, an IP address, or "" for this machine; `port` is 0 to 65535; `family` is
// AF_INET, AF_INET6, or AF_UNSPEC for the one that comes first. The limit is in milliseconds, and
// 0 takes only what need not be asked for: IP addresses and "localhost".
//
// `address` has room for `*address_length` bytes, and a `struct sockaddr_storage` has enough;
// `*address_length` becomes the address's length.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED` also if the host has no address of
// that family, `CAPSOCK_TIMED_OUT`.
capsock_status capsock_address_resolve(const char *host,
                                       int32_t port,
                                       int family,
                                       int64_t timeout_ms,
                                       struct sockaddr *address,
                                       socklen_t *address_length);

// The same for a text: "localhost:12000", "127.0.0.1:12000", "[::1]:12000", or ":12000" for this
// machine.
//
// Errors: as for `capsock_address_resolve`.
capsock_status capsock_address_parse(const char *text,
                                     int family,
                                     int64_t timeout_ms,
                                     struct sockaddr *address,
                                     socklen_t *address_length);

// Writes an address as text into `buffer`: "127.0.0.1:12000", "[::1]:12000", "[fe80::1%2]:12000".
// `CAPSOCK_ADDRESS_SIZE` bytes are enough for any.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_TOO_LARGE`, with nothing written, if the text and its
// NUL have more than `size` bytes.
capsock_status capsock_address_format(const struct sockaddr *address,
                                      socklen_t address_length,
                                      char *buffer,
                                      size_t size);

// socket(2): AF_INET or AF_INET6; SOCK_STREAM or SOCK_DGRAM; the protocol 0, IPPROTO_TCP or
// IPPROTO_UDP. SOCK_NONBLOCK added to the type is a timeout of 0; SOCK_CLOEXEC is a matter of
// course. It is freed with `capsock_socket_free`.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_ADDRESS_NOT_AVAILABLE` where the machine has no such
// family, `CAPSOCK_OUT_OF_RESOURCES`.
capsock_status capsock_socket_new(int family, int kind, int protocol, capsock_socket **socket);

// Sets how long each call from now on waits at most, in milliseconds: accept, connect, send and
// receive, which end with `CAPSOCK_TIMED_OUT`. `CAPSOCK_NO_LIMIT`, as at first, is without a limit; 0 is
// not at all, and a call that would have to wait says EAGAIN (a connect EINPROGRESS) in
// `capsock_last_errno`.
capsock_status capsock_socket_set_timeout(const capsock_socket *socket,
                                          int64_t timeout_ms);

// The timeout in milliseconds; -1 if `socket` is NULL.
int64_t capsock_socket_timeout(const capsock_socket *socket);

// Sets whether a signal handler that ran in the calling thread ends its blocking call with
// `CAPSOCK_INTERRUPTED`. Not so at first: the call goes on, with SA_RESTART or without.
capsock_status capsock_socket_set_interruptible(const capsock_socket *socket, bool interruptible);

// Whether a signal ends a blocking call; false if `socket` is NULL.
bool capsock_socket_interruptible(const capsock_socket *socket);

// The descriptor, for poll(2), select(2) and calls that are not here; -1 once closed, or if `socket`
// is NULL. It stays the socket's, which alone closes it, and is non-blocking (O_NONBLOCK) whatever
// the timeout. A close does not end another thread's poll(2).
int capsock_socket_descriptor(const capsock_socket *socket);

// close(2). Calls that other threads are blocked in end with `CAPSOCK_CLOSED`, as every later one.
// Closing twice is no error. The socket is still to be freed.
capsock_status capsock_socket_close(const capsock_socket *socket);

// Closes the socket, if it is open, and frees it. NULL is nothing. No other call may use the socket
// meanwhile: close it first, and wait for those calls to return.
void capsock_socket_free(capsock_socket *socket);

// bind(2).
//
// Errors: `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_ADDRESS_NOT_AVAILABLE`, `CAPSOCK_PERMISSION_DENIED`,
// `CAPSOCK_INVALID_ARGUMENT` also if it is bound already, `CAPSOCK_CLOSED`.
capsock_status capsock_socket_bind(const capsock_socket *socket,
                                   const struct sockaddr *address,
                                   socklen_t address_length);

// bind(2) to a host, the first of whose addresses that this machine has is taken, of the socket's
// family. `host` is a name, an IP address, or "" for every address of this machine; `port` is 0 for
// any free one, to 65535.
//
// Errors: as for `capsock_socket_bind`; `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_INTERRUPTED`.
capsock_status capsock_socket_bind_to(const capsock_socket *socket, const char *host, int32_t port);

// listen(2).
//
// Errors: `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_UNSUPPORTED` of a SOCK_DGRAM socket, `CAPSOCK_CLOSED`;
// `CAPSOCK_INVALID_ARGUMENT` for a negative backlog.
capsock_status capsock_socket_listen(const capsock_socket *socket, int backlog);

// accept(2). The connection has no timeout yet, and is freed with `capsock_socket_free`.
//
// `peer` is NULL, or has room for `*peer_length` bytes, which becomes the length of the peer's
// address; too little for an address of the socket's family is `CAPSOCK_INVALID_ARGUMENT`, and no
// connection is taken.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT` also if it does not listen, `CAPSOCK_TIMED_OUT`,
// `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_UNSUPPORTED` of a SOCK_DGRAM socket,
// `CAPSOCK_CONNECTION_RESET` of a connection that was over before it was taken,
// `CAPSOCK_OUT_OF_RESOURCES`, with the connection left waiting.
capsock_status capsock_socket_accept(const capsock_socket *socket,
                                     struct sockaddr *peer,
                                     socklen_t *peer_length,
                                     capsock_socket **connection);

// connect(2). After a timeout the attempt goes on: the socket is connected once it is writable
// (poll(2)) and its option SO_ERROR is 0. Of a SOCK_DGRAM socket it is the address that
// `capsock_socket_send` sends to, and the only one that is received from.
//
// Errors: `CAPSOCK_CONNECTION_REFUSED`, `CAPSOCK_UNREACHABLE`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED`,
// `CAPSOCK_CLOSED`, `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_OTHER` with EISCONN if it is connected already.
capsock_status capsock_socket_connect(const capsock_socket *socket,
                                      const struct sockaddr *address,
                                      socklen_t address_length);

// connect(2) to a host: to the first of its addresses that answers, of the socket's family, with one
// timeout for all. `host` is a name, an IP address, or "" for this machine; `port` is 0 to 65535.
//
// Errors: as for `capsock_socket_connect`, and `CAPSOCK_NAME_NOT_RESOLVED`.
capsock_status capsock_socket_connect_to(const capsock_socket *socket,
                                         const char *host,
                                         int32_t port);

// shutdown(2): SHUT_RD, SHUT_WR (the half-close: the peer sees the end), or SHUT_RDWR.
//
// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_CLOSED`; `CAPSOCK_OTHER` with ENOTCONN.
capsock_status capsock_socket_shutdown(const capsock_socket *socket, int how);

// getsockname(2): the address of this end. `address` has room for `*address_length` bytes, which
// becomes the address's length; too little is `CAPSOCK_INVALID_ARGUMENT`.
//
// Errors: `CAPSOCK_CLOSED`.
capsock_status capsock_socket_getsockname(const capsock_socket *socket,
                                          struct sockaddr *address,
                                          socklen_t *address_length);

// getpeername(2): the address of the other end, as `capsock_socket_getsockname` gives that of this one.
//
// Errors: `CAPSOCK_CLOSED`; `CAPSOCK_OTHER` with ENOTCONN.
capsock_status capsock_socket_getpeername(const capsock_socket *socket,
                                          struct sockaddr *address,
                                          socklen_t *address_length);

// The port of this end; 0 if it has none, is closed, or `socket` is NULL.
uint16_t capsock_socket_port(const capsock_socket *socket);

// send(2), with the flags of the system; never SIGPIPE.
//
// `sent` becomes the number of bytes taken, which on a SOCK_STREAM socket with a timeout may be fewer
// than `length`. With `sent` NULL the call goes on until all is taken, within one timeout; if it
// fails, how much was taken is not known.
//
// Errors: `CAPSOCK_CONNECTION_RESET` (EPIPE, ECONNRESET), `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED`,
// `CAPSOCK_CLOSED`, `CAPSOCK_TOO_LARGE` for a datagram, `CAPSOCK_CONNECTION_REFUSED` of an earlier
// datagram; `CAPSOCK_OTHER` with ENOTCONN or EDESTADDRREQ.
capsock_status capsock_socket_send(const capsock_socket *socket,
                                   const void *data,
                                   size_t length,
                                   int flags,
                                   size_t *sent);

// sendto(2), as `capsock_socket_send`. `address` NULL with the length 0 is the address that the
// socket is connected to; a SOCK_STREAM socket sends there whatever the address, and does not connect
// (MSG_FASTOPEN is `CAPSOCK_UNSUPPORTED`).
//
// Errors: as for `capsock_socket_send`; `CAPSOCK_UNREACHABLE`, `CAPSOCK_INVALID_ARGUMENT` also for port
// 0, `CAPSOCK_PERMISSION_DENIED` for a broadcast without SO_BROADCAST.
capsock_status capsock_socket_sendto(const capsock_socket *socket,
                                     const void *data,
                                     size_t length,
                                     int flags,
                                     const struct sockaddr *address,
                                     socklen_t address_length,
                                     size_t *sent);

// recv(2), with the flags of the system. `received` becomes the number of bytes, 0 at the end of a
// stream, and for an empty datagram.
//
// A datagram that is longer than the buffer is `CAPSOCK_TOO_LARGE`: the buffer is full, `received` is
// the datagram's whole length, and the rest is lost, unless MSG_PEEK left it. With MSG_TRUNC in the
// flags the same is no error, as in recv(2).
//
// Errors: `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED`, `CAPSOCK_CLOSED`, `CAPSOCK_CONNECTION_RESET`,
// `CAPSOCK_TOO_LARGE`, `CAPSOCK_CONNECTION_REFUSED` of an earlier datagram; `CAPSOCK_OTHER` with ENOTCONN.
capsock_status capsock_socket_recv(const capsock_socket *socket,
                                   void *buffer,
                                   size_t size,
                                   int flags,
                                   size_t *received);

// recvfrom(2), as `capsock_socket_recv`. `sender` is NULL, or has room for `*sender_length` bytes,
// which becomes the length of the sender's address, 0 on a SOCK_STREAM socket, which names none; too
// little for an address of the socket's family is `CAPSOCK_INVALID_ARGUMENT`, and nothing is received.
// The sender of a datagram that is too large is written as well.
//
// Errors: as for `capsock_socket_recv`.
capsock_status capsock_socket_recvfrom(const capsock_socket *socket,
                                       void *buffer,
                                       size_t size,
                                       int flags,
                                       struct sockaddr *sender,
                                       socklen_t *sender_length,
                                       size_t *received);

// getsockopt(2). `value` has room for `*length` bytes, which becomes the number of those written.
//
// Errors: `CAPSOCK_UNSUPPORTED`, `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_CLOSED`.
capsock_status capsock_socket_getsockopt(const capsock_socket *socket,
                                         int level,
                                         int name,
                                         void *value,
                                         socklen_t *length);

// setsockopt(2).
//
// Errors: `CAPSOCK_UNSUPPORTED`, `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_PERMISSION_DENIED`, `CAPSOCK_CLOSED`.
capsock_status capsock_socket_setsockopt(const capsock_socket *socket,
                                         int level,
                                         int name,
                                         const void *value,
                                         socklen_t length);

// Records the socket calls of this process from now on, those of servers and clients as well: a line of JSON
// each, appended to `file`, whose bytes need not be UTF-8. Several processes may record to one file.
// `payload` says whether the first 32 bytes of what is sent and received are recorded.
//
// The environment variable CAPSOCK_TRACE=FILE does the same from a program's first call on
// (CAPSOCK_TRACE_PAYLOAD=0 records no payload); such a recording gives way to this one. Where a line cannot be
// written, the recording ends, standard error says so, and the program goes on.
//
// Errors: `CAPSOCK_INPUT_OUTPUT` with open(2)'s number, or with EBUSY if a recording is running.
capsock_status capsock_trace_start(const char *file,
                                   bool payload);

// Ends the recording, if there is one.
void capsock_trace_stop(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CAPSOCK_H */
