package io.capsock;

/** How many clients a server serves at once, and by what. */
public enum Concurrency {
  /** One at a time: accept, serve to the end, next. Over UDP: receive, reply, next. */
  ITERATIVE(0),
  /** A thread for each TCP connection; over UDP a fixed set of threads on one port. */
  THREADS(1),
  /**
   * A process for each TCP connection; over UDP a fixed set of processes on one port. Not with a
   * {@link Handler}: Java cannot run in a forked process.
   */
  PROCESSES(2),
  /** Event loops, one per worker: the default. */
  EVENTS(3);

  final long number;

  Concurrency(long number) {
    this.number = number;
  }
}
