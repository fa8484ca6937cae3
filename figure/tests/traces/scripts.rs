//! The runs that the golden figures show.

pub(crate) const UDP: &str = "
    server UDPServer.py python
    client UDPClient.py python
    server socket 3 udp
    server bind 3 local=0.0.0.0:12000
    client socket 3 udp
    client sendto 3 local=0.0.0.0:50123 peer=127.0.0.1:12000 data=hello␠world
    server recvfrom 3 peer=127.0.0.1:50123 room=2048 data=hello␠world since=4
    server sendto 3 peer=127.0.0.1:50123 data=HELLO␠WORLD
    client recvfrom 3 peer=127.0.0.1:12000 room=2048 data=HELLO␠WORLD since=6
    client close 3
";

pub(crate) const TCP: &str = "
    server TCPServer.py python
    client TCPClient.java java
    server socket 3 tcp
    server bind 3 local=0.0.0.0:12000
    server listen 3 argument=1
    client socket 3 tcp
    client connect 3 local=127.0.0.1:50123 peer=127.0.0.1:12000
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50123 since=5
    client send 3 data=hello␠world
    server recv 4 room=1024 data=hello␠world since=8
    server send 4 data=HELLO␠WORLD
    server close 4
    client recv 3 room=1024 data=HELLO␠WORLD since=9
    client close 3
";

/// An iterative server: the second client waits in the backlog until the first one has been served.
pub(crate) const ITERATIVE: &str = "
    server TCPServer.py python
    one TCPClient.py python
    two TCPClient.py python
    server socket 3 tcp
    server bind 3 local=0.0.0.0:12000
    server listen 3 argument=1
    one socket 3 tcp
    one connect 3 local=127.0.0.1:50001 peer=127.0.0.1:12000
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50001 since=6
    two socket 3 tcp
    two connect 3 local=127.0.0.1:50002 peer=127.0.0.1:12000
    two send 3 data=second
    pause
    one send 3 data=first
    server recv 4 room=1024 data=first since=9
    server send 4 data=FIRST
    server close 4
    one recv 3 room=1024 data=FIRST since=1013
    one close 3
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50002
    server recv 4 room=1024 data=second
    server send 4 data=SECOND
    server close 4
    two recv 3 room=1024 data=SECOND since=12
    two close 3
";

/// The same clients with a server that has a thread for each.
pub(crate) const CONCURRENT: &str = "
    server ConcurrentTCPServer.py python
    one TCPClient.py python
    two TCPClient.py python
    server socket 3 tcp
    server bind 3 local=0.0.0.0:12000
    server listen 3 argument=1
    one socket 3 tcp
    one connect 3 local=127.0.0.1:50001 peer=127.0.0.1:12000
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50001 since=6
    two socket 3 tcp
    two connect 3 local=127.0.0.1:50002 peer=127.0.0.1:12000
    server accept 3 accepted=5 local=127.0.0.1:12000 peer=127.0.0.1:50002 since=9
    two send 3 data=second
    server recv 5 room=1024 data=second since=12 tid=102
    server send 5 data=SECOND tid=102
    server close 5 tid=102
    two recv 3 room=1024 data=SECOND since=13
    two close 3
    pause
    one send 3 data=first
    server recv 4 room=1024 data=first since=9 tid=101
    server send 4 data=FIRST tid=101
    server close 4 tid=101
    one recv 3 room=1024 data=FIRST since=1019
    one close 3
";

/// A server that forks: the child serves, and the parent closes its copy.
pub(crate) const FORKED: &str = "
    server tcp_server c
    client tcp_client c
    server socket 3 tcp
    server bind 3 local=127.0.0.1:12000
    server listen 3 argument=5
    client socket 3 tcp
    client connect 3 local=127.0.0.1:50123 peer=127.0.0.1:12000
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50123 since=5
    server close 4
    child tcp_server c server
    child recv 4 tcp local=127.0.0.1:12000 peer=127.0.0.1:50123 room=1024 data=hello since=10
    client send 3 data=hello begin=9000000
    child send 4 data=HELLO
    child close 4
    client recv 3 room=1024 data=HELLO since=12
    client recv 3 room=1024 since=15
    client close 3
";

/// A datagram that is longer than the receiver's buffer.
pub(crate) const CUT: &str = "
    server UDPServer.py python
    client UDPClient.py python
    server socket 3 udp
    server bind 3 local=0.0.0.0:12000
    client socket 3 udp
    client sendto 3 local=0.0.0.0:50123 peer=127.0.0.1:12000 data=abcdefghijklmnopqrstuvwxyz
    server recvfrom 3 peer=127.0.0.1:50123 room=10 data=abcdefghij since=4
    server sendto 3 peer=127.0.0.1:50123 data=ABCDEFGHIJ
    client recvfrom 3 peer=127.0.0.1:12000 room=2048 data=ABCDEFGHIJ since=6
    client close 3
";

/// One send that two receives take, and two sends that one receive takes.
pub(crate) const PIECES: &str = "
    server TCPServer.py python
    client TCPClient.py python
    server socket 3 tcp
    server bind 3 local=0.0.0.0:12000
    server listen 3 argument=1
    client socket 3 tcp
    client connect 3 local=127.0.0.1:50123 peer=127.0.0.1:12000
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50123 since=5
    client send 3 data=hello␠world
    server recv 4 room=6 data=hello␠ since=8
    server recv 4 room=6 data=world
    server send 4 data=HELLO␠
    server send 4 data=WORLD
    server close 4
    client recv 3 room=1024 data=HELLO␠WORLD
    client close 3
";

/// The first datagram gets lost, and the client sends it again; the reply comes twice.
pub(crate) const LOST: &str = "
    server UDPServer.py python
    client UDPClient.py python
    server socket 3 udp
    server bind 3 local=0.0.0.0:12000
    client socket 3 udp
    client sendto 3 local=0.0.0.0:50123 peer=127.0.0.1:12000 data=hello
    client recvfrom 3 outcome=timeout room=2048 since=6
    client sendto 3 peer=127.0.0.1:12000 data=hello
    server recvfrom 3 peer=127.0.0.1:50123 room=2048 data=hello since=4
    server sendto 3 peer=127.0.0.1:50123 data=HELLO
    client recvfrom 3 peer=127.0.0.1:12000 room=2048 data=HELLO since=8
    client recvfrom 3 peer=127.0.0.1:12000 room=2048 data=HELLO
    client close 3
";

/// A link that loses the first datagram, sends the second one twice, and inverts a bit of the reply.
pub(crate) const LINK: &str = "
    server UDPServer.py python
    link capsock-link rust
    client UDPClient.py python
    server socket 3 udp
    server bind 3 local=0.0.0.0:12000
    link socket 5 udp
    link bind 5 local=127.0.0.1:12001
    client socket 3 udp
    client sendto 3 local=0.0.0.0:50123 peer=127.0.0.1:12001 data=hello
    link recvfrom 5 peer=127.0.0.1:50123 room=65536 data=hello impairment=lost
    client recvfrom 3 outcome=timeout room=2048 since=9
    client sendto 3 peer=127.0.0.1:12001 data=hello
    link recvfrom 5 peer=127.0.0.1:50123 room=65536 data=hello
    link socket 6 udp
    link connect 6 local=127.0.0.1:50200 peer=127.0.0.1:12000
    link send 6 peer=127.0.0.1:12000 data=hello
    link send 6 peer=127.0.0.1:12000 data=hello impairment=duplicated
    server recvfrom 3 peer=127.0.0.1:50200 room=2048 data=hello since=5
    server sendto 3 peer=127.0.0.1:50200 data=HELLO
    link recv 6 peer=127.0.0.1:12000 room=65536 data=HELLO
    link sendto 5 peer=127.0.0.1:50123 data=HELLM impairment=corrupted
    client recvfrom 3 peer=127.0.0.1:12001 room=2048 data=HELLM since=12
    server recvfrom 3 peer=127.0.0.1:50200 room=2048 data=hello
    server sendto 3 peer=127.0.0.1:50200 data=HELLO
    link recv 6 peer=127.0.0.1:12000 room=65536 data=HELLO impairment=overflowed
    client close 3
";

/// The server closes with bytes that it has not read, so that the client's receive fails.
pub(crate) const RESET: &str = "
    server TCPServer.py python
    client TCPClient.py python
    server socket 3 tcp
    server bind 3 local=0.0.0.0:12000
    server listen 3 argument=1
    client socket 3 tcp
    client connect 3 local=127.0.0.1:50123 peer=127.0.0.1:12000
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50123 since=5
    client send 3 data=hello␠world
    server recv 4 room=5 data=hello since=8
    server close 4
    client recv 3 room=1024 outcome=ECONNRESET since=9
    client close 3
";

/// A client that comes before its server, and again.
pub(crate) const REFUSED: &str = "
    early TCPClient.py python
    early socket 3 tcp
    early connect 3 outcome=ECONNREFUSED peer=127.0.0.1:12000
    early close 3
    server TCPServer.py python
    server socket 3 tcp
    server bind 3 local=0.0.0.0:12000
    server listen 3 argument=1
    late TCPClient.py python
    late socket 3 tcp
    late connect 3 local=127.0.0.1:50123 peer=127.0.0.1:12000
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50123 since=8
    late close 3
    server recv 4 room=1024 since=12
    server close 4
";

/// The client ends its output, and receives until the server has ended its own.
pub(crate) const HALF_CLOSE: &str = "
    server TCPServer.py python
    client TCPClient.py python
    server socket 3 tcp
    server bind 3 local=0.0.0.0:12000
    server listen 3 argument=1
    client socket 3 tcp
    client connect 3 local=127.0.0.1:50123 peer=127.0.0.1:12000
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50123 since=5
    client send 3 data=hello
    client shutdown 3 argument=1
    server recv 4 room=1024 data=hello
    server recv 4 room=1024
    server send 4 data=HELLO
    server close 4
    client recv 3 room=1024 data=HELLO since=10
    client recv 3 room=1024
    client close 3
";

/// What a peer may send to whoever looks at the picture; and a program that was not recorded.
pub(crate) const HOSTILE: &str = "
    server end;style␠x:#35;<script> python
    server socket 3 udp
    server bind 3 local=0.0.0.0:12000
    server recvfrom 3 peer=127.0.0.1:50123 room=2048 data=<script>alert(1)</script>end␠; since=3
    server recvfrom 3 peer=127.0.0.1:50123 room=2048 data=end
    server recvfrom 3 peer=127.0.0.1:50123 room=2048 data=#35;;%%{init}%%:wrap:`$x$\\n
    server recvfrom 3 peer=127.0.0.1:50123 room=2048 data=\u{1b}[31m\u{202e}\u{0}\u{7}é漢e\u{301}
    server recvfrom 3 peer=127.0.0.1:50123 room=2048 data=<br/>style:#1;classDef␠a:#2;loop
    server sendto 3 peer=127.0.0.1:50123 data=participant␠p0-->>p1:x
";

/// A server whose clients, such as a browser, are not traced. The second one does not send before the first one ends.
pub(crate) const BROWSER: &str = "
    server WebServer.py python
    server socket 3 tcp
    server bind 3 local=0.0.0.0:6789
    server listen 3 argument=1
    server accept 3 accepted=4 local=127.0.0.1:6789 peer=127.0.0.1:50123 since=4
    server recv 4 room=1024 data=GET␠/a.html
    server send 4 data=HTTP/1.1␠200␠OK
    server send 4 data=<html>
    server close 4
    server accept 3 accepted=4 local=127.0.0.1:6789 peer=127.0.0.1:50124 since=9
    server recv 4 room=1024 data=GET␠/favicon.ico
    server send 4 data=HTTP/1.1␠404␠Not␠Found
    server shutdown 4 argument=1
    server recv 4 room=1024
    server close 4
";

/// Pings over UDP to a server that answers the first and the third one, with a client that waits a second for each.
pub(crate) const PINGS: &str = "
    server PingServer.py python
    client PingClient.py python
    server socket 3 udp
    server bind 3 local=0.0.0.0:12000
    client socket 3 udp
    client sendto 3 local=0.0.0.0:50123 peer=127.0.0.1:12000 data=ping␠1
    server recvfrom 3 peer=127.0.0.1:50123 room=64 data=ping␠1 since=4
    server sendto 3 peer=127.0.0.1:50123 data=PING␠1
    client recvfrom 3 peer=127.0.0.1:12000 room=64 data=PING␠1 since=6
    client sendto 3 peer=127.0.0.1:12000 data=ping␠2
    server recvfrom 3 peer=127.0.0.1:50123 room=64 data=ping␠2 since=8
    pause
    client recvfrom 3 outcome=timeout room=64 since=10
    client sendto 3 peer=127.0.0.1:12000 data=ping␠3
    server recvfrom 3 peer=127.0.0.1:50123 room=64 data=ping␠3 since=11
    server sendto 3 peer=127.0.0.1:50123 data=PING␠3
    client recvfrom 3 peer=127.0.0.1:12000 room=64 data=PING␠3 since=1014
    client sendto 3 peer=127.0.0.1:12000 data=ping␠4
    server recvfrom 3 peer=127.0.0.1:50123 room=64 data=ping␠4 since=1016
    pause
    client recvfrom 3 outcome=timeout room=64 since=1018
    client close 3
";

/// A chat whose server waits for all clients at once. The accept begins before the connect has returned.
pub(crate) const CHAT: &str = "
    server ChatServer.py python
    one ChatClient.py python
    two ChatClient.py python
    server socket 3 tcp
    server bind 3 local=0.0.0.0:12000
    server listen 3 argument=5
    one socket 3 tcp
    one connect 3 local=127.0.0.1:50001 peer=127.0.0.1:12000 since=7
    server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50001 since=8 begin=8200000
    two socket 3 tcp
    two connect 3 local=127.0.0.1:50002 peer=127.0.0.1:12000 since=10
    server accept 3 accepted=5 local=127.0.0.1:12000 peer=127.0.0.1:50002 since=11 begin=11200000
    one send 3 data=hello
    server recv 4 room=1024 data=hello
    server send 5 data=one:␠hello
    two recv 3 room=1024 data=one:␠hello since=11
    one close 3
    server recv 4 room=1024
    server close 4
    two close 3
";
