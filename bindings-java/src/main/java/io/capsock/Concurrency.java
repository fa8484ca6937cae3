// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

/** The concurrency model of a server: what serves several clients at once. */
public enum Concurrency {
  /**
   * One client at a time: accepts a connection, serves it to its end, accepts the next. Over UDP:
   * receives a datagram, replies, receives the next.
   */
  ITERATIVE(0),
  /** A thread for each TCP connection; over UDP a fixed number of threads on one port. */
  THREADS(1),
  /**
   * A process for each TCP connection; over UDP a fixed number of processes on one port. A handler
   * is not permitted.
   */
  PROCESSES(2),
  /** Event loops, one for each worker. The default. */
  EVENTS(3);

  final long number;

  Concurrency(long number) {
    this.number = number;
  }
}
