/**
 * Servers that answer each request with its text in upper case, or with the reply of a {@link
 * io.capsock.Handler}, and their clients, over TCP and UDP.
 *
 * <pre>{@code
 * try (Server server = Server.tcp().port(0).concurrency(Concurrency.THREADS).start();
 *     TcpClient client = new TcpClient("localhost", server.port())) {
 *   System.out.println(client.request("hello")); // HELLO
 * }
 * }</pre>
 *
 * <h2>Conventions</h2>
 *
 * <ul>
 *   <li>Several threads may use an object at the same time. One request of a client at a time is in
 *       progress; the others wait for it.
 *   <li>An object with {@code close()} owns native memory and sockets. Closing it again is no
 *       error; any other call then throws {@link IllegalStateException}. An object that is not
 *       closed is released by the garbage collector.
 *   <li>{@code close()} unblocks calls in other threads: those of a client throw {@link
 *       java.net.SocketException}. {@code Thread.interrupt()} does not unblock them.
 *   <li>A timeout is a {@link java.time.Duration}; {@code null} is no limit, a negative one an
 *       {@link IllegalArgumentException}. An option that is not set has the default of the native
 *       core.
 *   <li>Text is UTF-8 on the wire. A string with an unpaired surrogate is an {@link
 *       IllegalArgumentException}.
 *   <li>{@code null} for any other argument is a {@link NullPointerException}.
 * </ul>
 *
 * <h2>Exceptions</h2>
 *
 * <p>{@link java.net.SocketTimeoutException} for a deadline that passed, {@link
 * java.net.ConnectException} if no program listens on the port, {@link java.net.BindException} if a
 * server cannot bind its address, {@link java.net.UnknownHostException}, {@link
 * java.net.NoRouteToHostException}, {@link java.io.EOFException} if the server closed the
 * connection before the whole reply had arrived, {@link java.nio.charset.CharacterCodingException}
 * if a reply is not UTF-8 and text was requested, {@link java.net.SocketException} for other errors
 * of the network; {@link IllegalArgumentException} and {@link UnsupportedOperationException} for
 * options that exclude each other.
 *
 * <h2>System properties</h2>
 *
 * <ul>
 *   <li>{@code capsock.library.path}: the native library, or the folder that it is in. Without it
 *       the library in the jar is unpacked.
 *   <li>{@code capsock.unpack.folder}: where to; {@code java.io.tmpdir} otherwise, and on Windows
 *       {@code %LOCALAPPDATA%}. The file system must allow execution. The unpacked file is in a
 *       folder that only this user can enter. It is deleted after it has been loaded; on Windows it
 *       stays for later starts, which delete the files of other versions.
 * </ul>
 */
package io.capsock;
