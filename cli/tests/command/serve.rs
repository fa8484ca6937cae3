//! `capsock serve`.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};

use capsock::Features;
use serde_json::json;

use crate::support::{MORE_THAN_BUFFERS_HOLD, Server, patient, shell, until, words};

#[test]
fn each_kind_of_server_serves_and_tells_its_totals() {
    for transport in ["tcp", "udp"] {
        for concurrency in ["iterative", "threads", "processes", "events"] {
            let server = Server::start(&format!("{transport} --host 127.0.0.1 --concurrency {concurrency}"));
            assert_eq!(
                (&server.ready["transport"], &server.ready["concurrency"]),
                (&json!(transport), &json!(concurrency))
            );
            let done = words(&format!("client {transport} 127.0.0.1 {} straße", server.port())).done();
            assert_eq!(
                (done.code, done.text().as_str()),
                (0, "STRASSE\n"),
                "{transport} {concurrency}: {done:?}"
            );

            server.running.signal(libc::SIGINT);
            let stopped = server.running.json_line();
            let bytes = if transport == "tcp" { 8 } else { 7 };
            assert_eq!(stopped["event"], "stopped");
            assert_eq!(stopped["cut"], 0, "{stopped}");
            assert_eq!(stopped["stats"]["requests"], 1, "{stopped}");
            assert_eq!(stopped["stats"]["bytes_received"], bytes, "{stopped}");
            let done = server.running.done();
            assert_eq!(done.code, 130, "{done:?}");
            assert!(done.stderr.contains("\ncapsock: stopped: "), "{done:?}");
            assert!(done.stderr.contains(&format!("requests 1, bytes received {bytes}, ")), "{done:?}");
        }
    }
}

#[test]
fn the_ready_line_says_where_for_whom_and_how_it_ends() {
    let scenarios = [
        (
            "tcp --host 127.0.0.1",
            "serving tcp (events) on 127.0.0.1:PORT, for this machine only; Ctrl-C stops it",
        ),
        (
            "udp --host 127.0.0.1 --concurrency threads",
            "serving udp (threads) on 127.0.0.1:PORT, for this machine only",
        ),
        (
            "tcp --host 0.0.0.0",
            "serving tcp (events) on 0.0.0.0:PORT, for any machine that reaches this one; Ctrl-C",
        ),
    ];
    for (arguments, line) in scenarios {
        let server = Server::start(arguments);
        let said = server.running.error_line();
        let expected = format!("capsock: {line}").replace("PORT", &server.port().to_string());
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[test]
fn where_ctrl_c_is_ignored_the_ready_line_names_sigterm() {
    for command in ["serve tcp --port 0", "link udp --listen 0 --to 127.0.0.1:9"] {
        // As in a background job of a shell without job control.
        let running = shell(&format!("trap '' INT; exec \"$0\" {command}")).start();
        let said = running.error_line();
        assert!(said.ends_with("; SIGTERM stops it"), "{said}");
        running.signal(libc::SIGINT);
        running.signal(libc::SIGTERM);
        assert_eq!(running.done().code, 143);
    }
}

#[test]
fn localhost_is_this_machine_on_one_port() {
    let server = Server::start("tcp");
    assert_eq!(server.ready["local"], true);
    for address in server.ready["addresses"].as_array().unwrap() {
        let address: std::net::SocketAddr = address.as_str().unwrap().parse().unwrap();
        assert_eq!((address.ip().is_loopback(), address.port()), (true, server.port()));
    }
    let done = words(&format!("client tcp localhost {} hello", server.port())).done();
    assert_eq!(done.text(), "HELLO\n");
}

#[test]
fn sigterm_stops_it_as_well() {
    let server = Server::start("udp --host 127.0.0.1");
    server.running.signal(libc::SIGTERM);
    assert_eq!(server.running.json_line()["event"], "stopped");
    assert_eq!(server.running.done().code, 143);
}

#[test]
fn a_port_in_use_is_said() {
    for transport in ["tcp", "udp"] {
        let server = Server::start(&format!("{transport} --host 127.0.0.1"));
        let port = server.port();
        let done = words(&format!("serve {transport} --host 127.0.0.1 --port {port}")).done();
        assert_eq!(done.code, 1, "{transport}: {done:?}");
        assert!(
            done.stderr.starts_with("capsock: could not ") && done.stderr.contains("EADDRINUSE"),
            "{done:?}"
        );
        assert!(done.stderr.contains(&format!("127.0.0.1:{port}")), "{done:?}");
    }
}

#[test]
fn totals_come_while_it_runs() {
    let server = Server::start("tcp --host 127.0.0.1 --stats");
    let done = words(&format!("client tcp 127.0.0.1 {} hello", server.port())).done();
    assert_eq!(done.code, 0);
    let mut last = server.running.json_line();
    while last["stats"]["requests"] == 0 {
        last = server.running.json_line();
    }
    assert_eq!((&last["event"], &last["stats"]["requests"]), (&json!("stats"), &json!(1)));
    assert!(server.running.error_line().starts_with("capsock: serving "));
    assert_eq!(server.running.error_line(), "capsock: uses none of the system's optional calls");
    let totals = server.running.error_line();
    assert!(totals.starts_with("capsock: ") && totals.contains("requests "), "{totals}");
}

#[test]
fn with_the_totals_it_says_once_what_it_uses() {
    // The others are those of processes and of clients.
    let others = Features::PIDFD.union(Features::ORIG_DST).union(Features::LOOPBACK_ADDRESSES);
    let used = Features::of_this_machine().without(others);
    for (without, expected) in [
        ("", used),
        ("recvmmsg,udp-gro", used.without(Features::RECVMMSG.union(Features::UDP_GRO))),
        ("blocking-receive,recvmmsg,udp-segment,udp-gro", Features::NONE),
    ] {
        let line = words("serve udp --host 127.0.0.1 --port 0 --json --stats");
        let running = line.env("CAPSOCK_WITHOUT", without).start();
        assert_eq!(running.json_line()["event"], "ready");
        running.signal(libc::SIGINT);
        let stopped = running.json_line();
        let names: Vec<_> = expected.names().collect();
        assert_eq!(stopped["stats"]["features"], json!(names), "{stopped}");
        let said = running.done().stderr;
        let uses = match expected {
            Features::NONE => "\ncapsock: uses none of the system's optional calls\n".to_owned(),
            some => format!("\ncapsock: uses {some}\n"),
        };
        assert!(said.contains(&uses) && said.matches("capsock: uses ").count() == 1, "{said}");
    }
    let silent = Server::start("udp --host 127.0.0.1");
    silent.running.signal(libc::SIGINT);
    let done = silent.running.done();
    assert!(!done.stderr.contains("capsock: uses "), "{done:?}");

    let refused =
        words("serve udp --host 127.0.0.1 --port 0").env("CAPSOCK_WITHOUT", "udp-gro,nonsense").done();
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("unknown feature \"nonsense\""), "{refused:?}");
}

#[test]
fn a_busy_server_answers_and_stops() {
    for transport in ["tcp", "udp"] {
        let server = Server::start(&format!("{transport} --host 127.0.0.1 --busy-poll 1000000"));
        let done = words(&format!("client {transport} 127.0.0.1 {} hello", server.port())).done();
        assert_eq!(done.text(), "HELLO\n");
        server.running.signal(libc::SIGINT);
        assert_eq!(server.running.json_line()["event"], "stopped");
    }
}

#[test]
fn limits_reach_the_server() {
    let server = Server::start("tcp --host 127.0.0.1 --concurrency threads --max-connections 1");
    let mut first = connect(&server);
    first.write_all(b"a").unwrap();
    first.read_exact(&mut [0]).unwrap();
    assert_eq!(connect(&server).read(&mut [0; 10]).unwrap_or(0), 0);

    let server = Server::start("tcp --host 127.0.0.1 --framing line --max-request 10");
    let mut long = connect(&server);
    long.write_all(b"0123456789 and more\n").unwrap();
    assert_eq!(long.read(&mut [0; 10]).unwrap_or(0), 0);

    let server = Server::start("tcp --host 127.0.0.1 --idle-timeout 0.1");
    assert_eq!(connect(&server).read(&mut [0; 10]).unwrap_or(0), 0);

    let server = Server::start("udp --host 127.0.0.1 --concurrency iterative --max-amplification 1");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for request in ["ŉ", "a"] {
        socket.send_to(request.as_bytes(), ("127.0.0.1", server.port())).unwrap();
    }
    assert_eq!(socket.recv(&mut [0; 10]).unwrap(), 1, "the first one's reply is too long");
    assert!(server.running.error_line().starts_with("capsock: serving "));
    assert!(server.running.error_line().contains("(max_amplification)"));

    let server = Server::start("tcp --host 127.0.0.1 --framing once");
    let mut once = connect(&server);
    once.write_all(b"once").unwrap();
    let mut reply = Vec::new();
    once.read_to_end(&mut reply).unwrap();
    assert_eq!(reply, b"ONCE");
}

#[test]
fn a_proxy_is_believed_as_told_and_each_rejection_counted() {
    let header = b"PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n";
    let tell = |mut peer: TcpStream, sent: &[u8]| {
        peer.write_all(sent).unwrap();
        let mut reply = [0; 5];
        peer.read_exact(&mut reply).map(|()| reply)
    };
    let options = "--host 127.0.0.1 --proxy-protocol 127.0.0.0/8,::1";
    let server = Server::start(&format!("tcp {options} --proxy-header-timeout 0.2"));
    assert_eq!(&tell(connect(&server), &[header, &b"hello"[..]].concat()).unwrap(), b"HELLO");
    assert!(tell(connect(&server), b"hello").is_err());
    assert!(tell(connect(&server), b"PROXY").is_err());
    server.running.signal(libc::SIGINT);
    assert_eq!(server.running.json_line()["event"], "stopped");

    let server = Server::start(&format!("udp {options}"));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for sent in [&b"hello"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0hello"] {
        socket.send_to(sent, ("127.0.0.1", server.port())).unwrap();
    }
    let mut reply = [0; 10];
    assert_eq!(socket.recv(&mut reply).unwrap(), 5);
    assert_eq!(&reply[..5], b"HELLO");
    assert!(server.running.error_line().starts_with("capsock: serving "));
    assert!(server.running.error_line().contains("what 127.0.0.1 sent was rejected"));

    let server = Server::start("tcp --host 127.0.0.1 --proxy-protocol 192.0.2.0/24");
    assert!(tell(connect(&server), header).is_err());
}

#[test]
fn framings_reach_the_server_and_the_client() {
    let table: [(&str, &[u8], &[u8]); 4] = [
        ("--framing length --length-bytes 2", b"\0\x02ab", b"\0\x02AB"),
        ("--framing length --length-endian little --length-includes-itself", b"\x05\0\0\0a", b"\x05\0\0\0A"),
        ("--framing delimiter", b"ab\r\n", b"AB\r\n"),
        (r"--framing delimiter --delimiter \0\xff|", b"ab\0\xff|", b"AB\0\xff|"),
    ];
    for (framing, request, reply) in table {
        let server = Server::start(&format!("tcp --host 127.0.0.1 {framing}"));
        let mut stream = connect(&server);
        stream.write_all(request).unwrap();
        let mut received = vec![0; reply.len()];
        stream.read_exact(&mut received).unwrap();
        assert_eq!(received, reply, "{framing}");
        let client = format!("client tcp 127.0.0.1 {} {framing}", server.port());
        let done = words(&format!("{client} two words")).done();
        assert_eq!((done.code, done.text().as_str()), (0, "TWO WORDS\n"), "{framing}");
        // Each line of the input is a request.
        let done = words(&client).input("one\n\ntwo").done();
        assert_eq!((done.code, done.text().as_str()), (0, "ONE\n\nTWO\n"), "{framing}");
    }
    let server = Server::start("tcp --host 127.0.0.1 --framing length --length-bytes 1");
    let line = format!("client tcp 127.0.0.1 {} --framing length --length-bytes 1", server.port());
    let done = words(&line).input("a".repeat(256)).done();
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("the request has 256 bytes, and 255 are the most"), "{done:?}");
}

#[test]
fn ctrl_c_lets_what_is_in_hand_be_finished() {
    let server =
        Server::start("tcp --host 127.0.0.1 --framing line --max-request 67108864 --stop-timeout inf");
    let (mut connection, request) = with_a_request_in_hand(&server);
    server.running.signal(libc::SIGINT);
    until_it_takes_no_more(&server);
    let mut reply = vec![0; request.len()];
    connection.read_exact(&mut reply).unwrap();
    assert!(reply == capsock::uppercase(&request));
    assert_eq!(connection.read(&mut [0]).unwrap(), 0);
    let stopped = server.running.json_line();
    assert_eq!((&stopped["cut"], &stopped["completed"]), (&json!(0), &json!(1)));
    let done = server.running.done();
    assert_eq!(done.code, 130);
    assert!(done.stderr.contains(" finished first; Ctrl-C again cuts "), "{done:?}");
}

#[test]
fn json_tells_of_errors_too() {
    let server = Server::start("tcp --host 127.0.0.1");
    let port = server.port();
    let scenarios = [
        (
            format!("serve tcp --host 127.0.0.1 --port {port} --json"),
            1,
            "AddressInUse",
            json!(libc::EADDRINUSE),
        ),
        ("client tcp 127.0.0.1 1 --json hello".to_owned(), 1, "ConnectionRefused", json!(libc::ECONNREFUSED)),
        ("client udp no.invalid 1 --json hello".to_owned(), 1, "NameNotResolved", json!(null)),
    ];
    for (line, code, kind, errno) in scenarios {
        let done = words(&line).done();
        assert_eq!(done.code, code, "{line}: {done:?}");
        let printed: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!((&printed["kind"], &printed["errno"]), (&json!(kind), &errno), "{printed}");
        assert!(done.stderr.contains(printed["error"].as_str().unwrap()), "{done:?}");
    }
}

#[test]
fn a_second_ctrl_c_cuts_at_once_and_the_stop_timeout_in_time() {
    for (timeout, signals) in [("inf", 2), ("0.2", 1)] {
        let arguments =
            "tcp --host 127.0.0.1 --framing line --max-request 67108864 --write-timeout inf --stop-timeout";
        let server = Server::start(&format!("{arguments} {timeout}"));
        let _connection = with_a_request_in_hand(&server);
        for _ in 0..signals {
            server.running.signal(libc::SIGINT);
            until_it_takes_no_more(&server);
        }
        let stopped = server.running.json_line();
        assert_eq!(stopped["cut"], 1, "{stopped}");
        let done = server.running.done();
        assert_eq!(done.code, 130);
        assert!(done.stderr.contains("cut 1 "), "{done:?}");
    }
}

/// A connection whose request the server has and whose reply it cannot get rid of.
fn with_a_request_in_hand(server: &Server) -> (TcpStream, Vec<u8>) {
    let mut connection = connect(server);
    let mut request = vec![b'a'; MORE_THAN_BUFFERS_HOLD];
    request.push(b'\n');
    connection.write_all(&request).unwrap();
    // The first byte of the reply shows that the whole line has been taken.
    connection.peek(&mut [0]).unwrap();
    (connection, request)
}

fn until_it_takes_no_more(server: &Server) {
    until("connections are refused", || TcpStream::connect(("127.0.0.1", server.port())).is_err());
}

fn connect(server: &Server) -> TcpStream {
    patient(TcpStream::connect(("127.0.0.1", server.port())).unwrap())
}

#[test]
fn the_textbooks_python_client_needs_no_newline() {
    let server = Server::start("tcp --host 127.0.0.1");
    let mut connection = connect(&server);
    connection.write_all(b"no newline").unwrap();
    connection.shutdown(Shutdown::Write).unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).unwrap();
    assert_eq!(reply, "NO NEWLINE");
}

/// How many connections each event loop of a process has: the descriptors of each epoll instance that belong to it alone
/// (proc(5), `fdinfo`).
#[cfg(all(target_os = "linux", not(capsock_portable)))]
fn watched(process: u32) -> Vec<usize> {
    let infos = std::fs::read_dir(format!("/proc/{process}/fdinfo")).unwrap();
    let texts: Vec<_> = infos.filter_map(|info| std::fs::read_to_string(info.ok()?.path()).ok()).collect();
    let loops: Vec<Vec<&str>> = texts
        .iter()
        .map(|text| {
            let lines = text.lines().filter_map(|line| line.strip_prefix("tfd:"));
            lines.filter_map(|line| line.split_whitespace().next()).collect()
        })
        .filter(|fds: &Vec<&str>| !fds.is_empty())
        .collect();
    let alone = |fd: &&&str| loops.iter().filter(|fds| fds.contains(*fd)).count() == 1;
    loops.iter().map(|fds| fds.iter().filter(alone).count()).collect()
}

#[test]
#[cfg(all(target_os = "linux", not(capsock_portable)))]
fn workers_have_like_many_connections_each() {
    for workers in [2, 3] {
        let server = Server::start(&format!("tcp --host 127.0.0.1 --workers {workers}"));
        let idle = watched(server.running.id());
        let clients: Vec<_> =
            (0..96).map(|_| TcpStream::connect(("127.0.0.1", server.port())).unwrap()).collect();
        for mut client in &clients {
            client.write_all(b"x").unwrap();
            client.read_exact(&mut [0]).unwrap();
        }
        // A connection is watched from its second round on.
        until("all are watched", || {
            watched(server.running.id()).iter().sum::<usize>() == idle.iter().sum::<usize>() + clients.len()
        });
        let most = watched(server.running.id()).into_iter().max().unwrap() - idle.iter().max().unwrap();
        assert!(most as f64 <= 1.15 * 96.0 / f64::from(workers), "{most} of 96 with {workers} workers");
    }
}
