//! The models that the golden pictures show.

use capsock::trace::Call;
use capsock_figure::{MessageKind, Model};

use super::scene::{Scene, Times, argument, fails, local, nothing, received, sent, to};

const SERVER: &str = "127.0.0.1:12000";

/// The lecture's exchange over UDP.
pub(crate) fn udp() -> Model {
    let mut scene = Scene::default();
    let server = scene.program("UDPServer.py", "python", 4201, true);
    let client = scene.program("UDPClient", "java", 4217, false);
    let listening = scene.socket(server, "serverSocket", true);
    let asking = scene.socket(client, "clientSocket", true);
    scene.at(listening, "socket", 0, &[&nothing]);
    scene.at(listening, "bind", 40, &[&local("0.0.0.0:12000")]);
    scene.at(asking, "socket", 900, &[&nothing]);
    let request =
        scene.at(asking, "sendto", 1000, &[&sent(b"hello"), &to(SERVER), &local("127.0.0.1:40001")]);
    let received_request = scene.waited(
        listening,
        "recvfrom",
        (90, 1040),
        &[&received(b"hello", 2048), &to("127.0.0.1:40001"), &local("0.0.0.0:12000")],
    );
    let reply = scene.at(listening, "sendto", 1090, &[&sent(b"HELLO"), &to("127.0.0.1:40001")]);
    let received_reply =
        scene.waited(asking, "recvfrom", (1020, 1130), &[&received(b"HELLO", 2048), &to(SERVER)]);
    scene.at(asking, "close", 1300, &[]);
    scene.arrow(MessageKind::Datagram, Some(request), Some(received_request), b"hello");
    scene.arrow(MessageKind::Datagram, Some(reply), Some(received_reply), b"HELLO");
    let times = Times { served: &[(1040, 1098)], end: Some(1130), ..Times::default() };
    scene.row(asking, Some(listening), times);
    scene.model
}

/// An exchange over UDP through a link that loses the first request, and sends the second one twice.
pub(crate) fn link() -> Model {
    let mut scene = Scene::default();
    let server = scene.program("UDPServer.py", "python", 4201, true);
    let relay = scene.program("capsock link", "rust", 4202, true);
    let client = scene.program("UDPClient", "java", 4217, false);
    let listening = scene.socket(server, "serverSocket", true);
    let entry = scene.socket(relay, "serverSocket", true);
    let exit = scene.socket(relay, "clientSocket", true);
    let asking = scene.socket(client, "clientSocket", true);
    scene.at(asking, "socket", 900, &[]);
    let mark = |mark: &'static str| move |call: &mut Call<'static>| call.impairment = Some(mark.into());
    let (link, from) = ("127.0.0.1:12001", "127.0.0.1:40001");
    let first = scene.at(asking, "sendto", 1000, &[&sent(b"hello"), &to(link), &local(from)]);
    let lost = scene.at(entry, "recvfrom", 1040, &[&received(b"hello", 65_536), &to(from), &mark("lost")]);
    let again = scene.at(asking, "sendto", 5000, &[&sent(b"hello"), &to(link), &local(from)]);
    let taken = scene.at(entry, "recvfrom", 5040, &[&received(b"hello", 65_536), &to(from)]);
    let passed = scene.at(exit, "send", 5080, &[&sent(b"hello"), &to(SERVER)]);
    let copied = scene.at(exit, "send", 5090, &[&sent(b"hello"), &to(SERVER), &mark("duplicated")]);
    let served = scene.waited(listening, "recvfrom", (90, 5110), &[&received(b"hello", 2048)]);
    let served_again = scene.at(listening, "recvfrom", 5150, &[&received(b"hello", 2048)]);
    for (from, to) in [(first, lost), (again, taken), (passed, served), (copied, served_again)] {
        scene.arrow(MessageKind::Datagram, Some(from), Some(to), b"hello");
    }
    scene.model
}

/// A server and a browser that is not traced, and a client that is.
pub(crate) fn browser() -> Model {
    let mut scene = Scene::default();
    let server = scene.program("WebServer.py", "python", 4201, true);
    let client = scene.program("WebClient.py", "python", 4202, false);
    let listening = scene.socket(server, "serverSocket", false);
    let first = scene.socket(server, "connectionSocket1", false);
    let second = scene.socket(server, "connectionSocket2", false);
    let asking = scene.socket(client, "clientSocket", false);
    scene.at(listening, "listen", 60, &[&argument(1), &local("127.0.0.1:6789")]);
    let accept = scene.waited(listening, "accept", (100, 2140), &[&local("127.0.0.1:6789")]);
    scene.accepts(accept, first);
    let asked = scene.at(first, "recv", 2200, &[&received(b"GET /a.html", 1024)]);
    let replied = scene.at(first, "send", 2300, &[&sent(b"HTTP/1.1 200 OK")]);
    let connect = scene.at(asking, "connect", 2350, &[&to("127.0.0.1:6789")]);
    let ended = scene.at(first, "recv", 2400, &[&received(b"", 1024)]);
    scene.at(first, "close", 2450, &[]);
    let accept_second = scene.at(listening, "accept", 2500, &[&local("127.0.0.1:6789")]);
    scene.accepts(accept_second, second);
    let kinds = [
        (MessageKind::Handshake, None, Some(accept), &b""[..]),
        (MessageKind::Stream, None, Some(asked), b"GET /a.html"),
        (MessageKind::Stream, Some(replied), None, b"HTTP/1.1 200 OK"),
        (MessageKind::HalfClose, None, Some(ended), b""),
    ];
    for (kind, from, to, data) in kinds {
        scene.arrow(kind, from, to, data).untraced = true;
    }
    scene.arrow(MessageKind::Handshake, Some(connect), Some(accept_second), b"");
    scene.model
}

/// The lecture's exchange over TCP, by a server that takes one client after the other, and two clients at once.
pub(crate) fn tcp() -> Model {
    let mut scene = Scene::default();
    let server = scene.program("TCPServer", "c", 511, true);
    let first = scene.program("TCPClient.py", "python", 600, false);
    let second = scene.program("TCPClient", "java", 601, false);
    let listening = scene.socket(server, "serverSocket", false);
    scene.at(listening, "socket", 0, &[]);
    scene.at(listening, "bind", 30, &[&local("127.0.0.1:12000")]);
    scene.at(listening, "listen", 60, &[&argument(1), &local("127.0.0.1:12000")]);
    let one = scene.socket(first, "clientSocket", false);
    scene.at(one, "socket", 2000, &[]);
    let connect_one = scene.waited(one, "connect", (2050, 2120), &[&to(SERVER), &local("127.0.0.1:50001")]);
    let served_one = scene.socket(server, "connectionSocket", false);
    let accept_one = scene.waited(listening, "accept", (100, 2140), &[&local("127.0.0.1:12000")]);
    scene.accepts(accept_one, served_one);
    scene.arrow(MessageKind::Handshake, Some(connect_one), Some(accept_one), b"");
    let two = scene.socket(second, "clientSocket2", false);
    scene.at(two, "socket", 2200, &[]);
    let connect_two = scene.waited(two, "connect", (2250, 2310), &[&to(SERVER), &local("127.0.0.1:50002")]);
    let ask_two = scene.at(two, "send", 2350, &[&sent(b"me too"), &to(SERVER)]);
    let ask_one = scene.at(one, "send", 9000, &[&sent(b"a lowercase sentence"), &to(SERVER)]);
    let heard_one =
        scene.waited(served_one, "recv", (2180, 9030), &[&received(b"a lowercase sentence", 1024)]);
    scene.arrow(MessageKind::Stream, Some(ask_one), Some(heard_one), b"a lowercase sentence");
    let answer_one = scene.at(served_one, "send", 9080, &[&sent(b"A LOWERCASE SENTENCE")]);
    let reply_first = scene.waited(one, "recv", (9040, 9120), &[&received(b"A LOWERCASE", 11)]);
    let reply_rest = scene.at(one, "recv", 9140, &[&received(b" SENTENCE", 1024)]);
    scene.arrow(MessageKind::Stream, Some(answer_one), Some(reply_first), b"A LOWERCASE");
    scene.arrow(MessageKind::Stream, Some(answer_one), Some(reply_rest), b" SENTENCE").offset = 11;
    let shut = scene.at(one, "shutdown", 9200, &[&argument(1)]);
    let end = scene.at(served_one, "recv", 9230, &[&received(b"", 1024)]);
    scene.arrow(MessageKind::HalfClose, Some(shut), Some(end), b"");
    scene.at(served_one, "close", 9260, &[]);
    scene.at(one, "close", 9290, &[]);
    let served_two = scene.socket(server, "connectionSocket2", false);
    let accept_two = scene.at(listening, "accept", 9300, &[&local("127.0.0.1:12000")]);
    scene.accepts(accept_two, served_two);
    scene.arrow(MessageKind::Handshake, Some(connect_two), Some(accept_two), b"");
    let heard_two = scene.at(served_two, "recv", 9330, &[&received(b"me too", 1024)]);
    scene.arrow(MessageKind::Stream, Some(ask_two), Some(heard_two), b"me too");
    let answer_two = scene.at(served_two, "send", 9350, &[&sent(b"ME TOO")]);
    let reply_two = scene.waited(two, "recv", (2400, 9380), &[&received(b"ME TOO", 1024)]);
    scene.arrow(MessageKind::Stream, Some(answer_two), Some(reply_two), b"ME TOO");
    scene.at(served_two, "close", 9400, &[]);
    scene.at(two, "close", 9420, &[]);
    let served = [(9030, 9088)];
    let times = Times { connect: Some((2050, 2120)), accepted: Some(2140), served: &served, end: Some(9148) };
    scene.row(one, Some(served_one), times);
    let served = [(9338, 9358)];
    let times = Times { connect: Some((2250, 2310)), accepted: Some(9308), served: &served, end: Some(9380) };
    scene.row(two, Some(served_two), times);
    scene.model
}

/// All that can go wrong, with names and payloads of an enemy of the reader's.
pub(crate) fn troubles() -> Model {
    let mut scene = Scene::default();
    let server = scene.program("</script><script>alert(1)</script>", "java", 77, true);
    let client = scene.program("\u{202e}\"'><img src=x onerror=alert(1)>\u{2028}\0", "python", 78, false);
    let listening = scene.socket(server, "serverSocket", true);
    let asking = scene.socket(client, "clientSocket", true);
    let connection = scene.socket(client, "clientSocket2", false);
    let accepted = scene.socket(server, "connectionSocket", false);
    scene.at(listening, "bind", 0, &[&local("127.0.0.1:12000"), &fails("EADDRINUSE")]);
    scene.at(listening, "bind", 20, &[&local("127.0.0.1:12000")]);
    let lost = scene.at(asking, "sendto", 100, &[&sent(b"<b>lost</b>\x1b[2J]]>"), &to(SERVER)]);
    scene.arrow(MessageKind::Datagram, Some(lost), None, b"<b>lost</b>\x1b[2J]]>");
    scene.waited(asking, "recvfrom", (120, 5000), &[&fails("timeout")]);
    let long =
        scene.at(asking, "sendto", 5100, &[&sent("</script>\u{2028}é\u{202e}".as_bytes()), &to(SERVER)]);
    let cut = scene.at(listening, "recvfrom", 5200, &[&received(b"</scr", 5)]);
    scene.arrow(MessageKind::Datagram, Some(long), Some(cut), b"</scr").cut = 12;
    let stranger = scene.at(listening, "recvfrom", 5300, &[&received(b"end", 64), &to("127.0.0.1:9")]);
    scene.arrow(MessageKind::Datagram, None, Some(stranger), b"end");
    let refused = scene.at(connection, "connect", 5400, &[&to("127.0.0.1:12001"), &fails("ECONNREFUSED")]);
    scene.arrow(MessageKind::Refused, Some(refused), None, b"");
    let waiting = scene.at(connection, "connect", 5500, &[&to("127.0.0.1:12000")]);
    scene.arrow(MessageKind::Handshake, Some(waiting), None, b"");
    let asked = scene.at(connection, "send", 5600, &[&sent(b"1"), &to("127.0.0.1:12000")]);
    let asked_more = scene.at(connection, "send", 5650, &[&sent(b"2"), &to("127.0.0.1:12000")]);
    let read = scene.step(1, accepted, "recv", (5700, 5710, 0), &[&received(b"12", 64)]);
    scene.arrow(MessageKind::Stream, Some(asked), Some(read), b"1");
    scene.arrow(MessageKind::Stream, Some(asked_more), Some(read), b"2").offset = 1;
    let close = scene.step(1, accepted, "close", (5800, 5810, 0), &[]);
    let reset = scene.waited(connection, "recv", (5660, 5850), &[&fails("ECONNRESET")]);
    scene.arrow(MessageKind::Reset, Some(close), Some(reset), b"");
    scene.row(connection, None, Times { connect: Some((5500, 5508)), end: Some(5850), ..Times::default() });
    scene.model.remarks.push("A line was cut short: 1 call is <missing>.".to_owned());
    scene.model
}

/// More calls than a picture holds: a client asks a server `exchanges` times.
pub(crate) fn long(exchanges: usize) -> Model {
    let mut scene = Scene::default();
    let server = scene.program("UDPServer", "rust", 1, true);
    let client = scene.program("UDPClient.py", "python", 2, false);
    let listening = scene.socket(server, "serverSocket", true);
    let asking = scene.socket(client, "clientSocket", true);
    let mut all = Vec::new();
    for exchange in 0..exchanges as u64 {
        let start = exchange * 100;
        let data = format!("request {exchange}");
        let request = scene.at(asking, "sendto", start, &[&sent(data.as_bytes()), &to(SERVER)]);
        let heard = scene.waited(
            listening,
            "recvfrom",
            (start.saturating_sub(30), start + 20),
            &[&received(data.as_bytes(), 2048)],
        );
        scene.arrow(MessageKind::Datagram, Some(request), Some(heard), data.as_bytes());
        let reply =
            scene.at(listening, "sendto", start + 40, &[&sent(data.as_bytes()), &to("127.0.0.1:40001")]);
        let read =
            scene.waited(asking, "recvfrom", (start + 10, start + 60), &[&received(data.as_bytes(), 2048)]);
        scene.arrow(MessageKind::Datagram, Some(reply), Some(read), data.as_bytes());
        let served = [(start + 20, start + 48)];
        scene.row(
            asking,
            Some(listening),
            Times { served: &served, end: Some(start + 60), ..Times::default() },
        );
        all.extend(served);
    }
    scene.row(asking, Some(listening), Times { served: &all, ..Times::default() });
    scene.model.conversations.rotate_right(1);
    scene.model
}

/// Six clients in the queue of a server that takes one after the other, or served side by side.
pub(crate) fn crowd() -> Model {
    let mut scene = Scene::default();
    let server = scene.program("TCPServer.java", "java", 900, true);
    let mut free = 0;
    for client in 0..6 {
        let program = scene.program(&format!("TCPClient.py {}", client + 1), "python", 901 + client, false);
        let arrives = u64::from(client) * 700;
        let takes = arrives.max(free) + 60;
        free = takes + 2500;
        let asking = scene.socket(program, "clientSocket", false);
        let serving = scene.socket(server, "connectionSocket", false);
        scene.step(0, asking, "connect", (arrives, arrives + 90, 80), &[&to(SERVER)]);
        let served = [(takes + 100, takes + 900), (takes + 1500, takes + 2400)];
        let times = Times {
            connect: Some((arrives, arrives + 90)),
            accepted: Some(takes),
            served: &served,
            end: Some(free),
        };
        scene.row(asking, Some(serving), times);
    }
    scene.model
}

/// A client whose second and last request get no reply, and one that holds the server without a request.
pub(crate) fn pings() -> Model {
    let mut scene = Scene::default();
    let server = scene.program("PingServer.py", "python", 900, true);
    let client = scene.program("PingClient.py", "python", 901, false);
    let idle = scene.program("IdleClient.py", "python", 902, false);
    let serving = scene.socket(server, "serverSocket", true);
    let asking = scene.socket(client, "clientSocket", true);
    let connected = scene.socket(idle, "clientSocket", false);
    scene.at(asking, "sendto", 0, &[&sent(b"ping 1"), &to(SERVER)]);
    let times = Times { served: &[(20, 160), (1400, 1600)], end: Some(2700), ..Times::default() };
    scene.row(asking, Some(serving), times);
    let at = |time: u64| 5_000_000_000 + time * 1000;
    let pings = scene.model.conversations.last_mut().expect("one was added");
    pings.unanswered = vec![(at(300), at(1300)), (at(1700), at(2700))];
    let times = Times { connect: Some((100, 150)), accepted: Some(200), end: Some(2900), ..Times::default() };
    scene.row(connected, None, times);
    scene.model.conversations.last_mut().expect("one was added").held = vec![(at(200), at(2800))];
    scene.model
}
