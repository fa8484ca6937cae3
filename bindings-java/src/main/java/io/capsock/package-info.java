/**
 * Servers that answer each request with its text in upper case, or with what a {@link
 * io.capsock.Handler} makes of it, and clients that ask them; over TCP and UDP.
 *
 * <pre>{@code
 * try (Server server = Server.tcp().port(0).concurrency(Concurrency.THREADS).start();
 *     TcpClient client = new TcpClient("localhost", server.port())) {
 *   System.out.println(client.request("hello")); // HELLO
 * }
 * }</pre>
 *
 * <h2>What holds everywhere</h2>
 *
 * <ul>
 *   <li>Every object may be used from several threads. Requests of one client take turns.
 *   <li>What has {@code close()} holds native memory and sockets. Closing twice is no error; any
 *       other call after it is an {@link IllegalStateException}. What is never closed is released
 *       when the garbage collector finds it.
 *   <li>{@code close()} ends a call that another thread is blocked in: a client's with a {@link
 *       java.net.SocketException}. Interrupting the thread does not end it.
 *   <li>A timeout is a {@link java.time.Duration}; {@code null} is no limit, a negative one an
 *       {@link IllegalArgumentException}. An option that is not set has the default of the native
 *       core.
 *   <li>Text is UTF-8 on the wire. A string with half of a surrogate pair is an {@link
 *       IllegalArgumentException}.
 *   <li>{@code null} for any other argument is a {@link NullPointerException}.
 * </ul>
 *
 * <h2>Exceptions</h2>
 *
 * <p>{@link java.net.SocketTimeoutException} for a deadline that passed, {@link
 * java.net.ConnectException} if nothing listens on the port, {@link java.net.BindException} if a
 * server cannot have its address, {@link java.net.UnknownHostException}, {@link
 * java.net.NoRouteToHostException}, {@link java.io.EOFException} if the server closed the
 * connection before the whole reply had come, {@link java.nio.charset.CharacterCodingException} if
 * a reply is not UTF-8 and text was asked for, {@link java.net.SocketException} for all else of the
 * network; {@link IllegalArgumentException} and {@link UnsupportedOperationException} for options
 * that make no sense.
 *
 * <h2>System properties</h2>
 *
 * <ul>
 *   <li>{@code capsock.library.path}: the native library, or the folder that it is in. Without it
 *       the library in the jar is unpacked.
 *   <li>{@code capsock.unpack.folder}: where to; {@code java.io.tmpdir} otherwise. The file system
 *       must allow execution. What is unpacked is readable by this user only and is deleted at once
 *       when it has been loaded.
 * </ul>
 */
package io.capsock;
