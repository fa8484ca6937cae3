// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

/** How many clients a server serves at once, and by what. */
public enum Concurrency {
  /** One client at a time: accept, serve to the end, next. Over UDP: receive, reply, next. */
  ITERATIVE(0),
  /** A thread for each TCP connection; over UDP a fixed number of threads on one port. */
  THREADS(1),
  /**
   * A process for each TCP connection; over UDP a fixed number of processes on one port. A handler
   * is refused.
   */
  PROCESSES(2),
  /** Event loops, one for each worker. The default. */
  EVENTS(3);

  final long number;

  Concurrency(long number) {
    this.number = number;
  }
}
