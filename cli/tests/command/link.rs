//! `capsock link`.

use std::net::UdpSocket;

use serde_json::{Value, json};

use crate::support::{Done, Running, Server, TIMEOUT, closed_port, file, words};

/// A link that the command runs on a free port, towards a server.
struct Link {
    running: Running,
    ready: Value,
}

impl Link {
    fn start(transport: &str, server: u16, arguments: &str) -> Link {
        let line = format!("link {transport} --listen 0 --to 127.0.0.1:{server} --json {arguments}");
        let running = words(&line).start();
        let ready = running.json_line();
        assert_eq!(ready["event"], "ready");
        Link { running, ready }
    }

    fn port(&self) -> u64 {
        self.ready["port"].as_u64().unwrap()
    }

    /// Stops it; returns the totals.
    fn stop(self) -> (Value, Done) {
        self.running.signal(libc::SIGINT);
        let stopped = self.running.json_line();
        assert_eq!(stopped["event"], "stopped");
        (stopped, self.running.done())
    }
}

#[test]
fn a_request_and_its_reply_pass() {
    for transport in ["tcp", "udp"] {
        let server = Server::start(&format!("{transport} --host 127.0.0.1"));
        let link = Link::start(transport, server.port(), "--seed 7 --delay 1ms");
        let port = link.port();
        assert_eq!(link.ready["to"], json!([format!("127.0.0.1:{}", server.port())]));
        assert_eq!((&link.ready["seed"], &link.ready["transport"]), (&json!(7), &json!(transport)));
        let done = words(&format!("client {transport} 127.0.0.1 {port} hello")).done();
        assert_eq!(done.text(), "HELLO\n", "{done:?}");
        let (stopped, done) = link.stop();
        assert_eq!(done.code, 130, "{done:?}");
        let (name, count, text) = match transport {
            "tcp" => (
                "bytes_sent",
                6,
                "accepted 1; up bytes received 6, bytes sent 6; down bytes received 6, bytes sent 6",
            ),
            _ => ("sent", 1, "up received 1, sent 1; down received 1, sent 1"),
        };
        assert_eq!(
            (&stopped["up"][name], &stopped["down"][name]),
            (&json!(count), &json!(count)),
            "{stopped}"
        );
        let ready = format!(
            "linking {transport} from 127.0.0.1:{port} and [::1]:{port} to 127.0.0.1:{} with seed 7, for this machine only; Ctrl-C stops it",
            server.port()
        );
        assert_eq!(done.stderr, format!("capsock: {ready}\ncapsock: stopped: {text}\n"));
    }
}

#[test]
fn it_listens_on_loopback_unless_told() {
    let link = Link::start("udp", 9, "");
    for address in link.ready["addresses"].as_array().unwrap() {
        let address: std::net::SocketAddr = address.as_str().unwrap().parse().unwrap();
        assert!(address.ip().is_loopback(), "{address}");
    }
    assert_eq!(link.ready["local"], true);
    let running = words("link udp --listen :0 --to 127.0.0.1:9 --json").start();
    assert_eq!(running.json_line()["local"], false);
    assert!(running.error_line().contains(", for any machine that reaches this one; Ctrl-C stops it"));
}

/// What is lost and what is sent twice, and what the link logs, is what the seed says.
#[test]
fn the_same_seed_loses_the_same_datagrams() {
    let server = Server::start("udp --host 127.0.0.1");
    let runs: Vec<Vec<Value>> = (0..2)
        .map(|_| {
            let link = Link::start("udp", server.port(), "--loss up:30% --duplicate up:20% --seed 7 --log");
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            client.set_read_timeout(Some(TIMEOUT)).unwrap();
            client.connect(("127.0.0.1", u16::try_from(link.port()).unwrap())).unwrap();
            for number in 1..=15_u64 {
                client.send(b"hello").unwrap();
                // Those that `fate.rs` has for this seed.
                let replies = match number {
                    6 | 10 | 13 | 14 => 0,
                    8 | 9 | 15 => 2,
                    _ => 1,
                };
                for _ in 0..replies {
                    client.recv(&mut [0; 10]).unwrap();
                }
            }
            let mut events = Vec::new();
            link.running.signal(libc::SIGINT);
            loop {
                match link.running.json_line() {
                    event if event["event"] == "impaired" => events.push(event),
                    stopped => {
                        assert_eq!(stopped["up"]["lost"], 4, "{stopped}");
                        break;
                    }
                }
            }
            assert!(link.running.done().stderr.contains("\ncapsock: up 6: lost, 5 bytes\n"));
            events
        })
        .collect();
    let numbers = |what: &str| -> Vec<u64> {
        let events = runs[0].iter().filter(|event| event["impairment"] == what);
        events.map(|event| event["number"].as_u64().unwrap()).collect()
    };
    assert_eq!((numbers("lost"), numbers("duplicated")), (vec![6, 10, 13, 14], vec![8, 9, 15]));
    assert_eq!(runs[0], runs[1]);
}

#[test]
fn a_lost_datagram_is_recorded_and_drawn_as_lost() {
    let (folder, _) = file(b"");
    let trace = folder.path().join("run.jsonl");
    let trace = trace.to_str().unwrap();
    let server = Server::start(&format!("udp --host 127.0.0.1 --trace {trace}"));
    let link =
        Link::start("udp", server.port(), &format!("--drop up:1 --duplicate down:100% --trace {trace}"));
    let line = format!("client udp 127.0.0.1 {} --retransmit-after 0.1 --trace {trace} hello", link.port());
    assert_eq!(words(&line).done().text(), "HELLO\n");
    link.stop();
    server.running.signal(libc::SIGINT);
    assert_eq!(server.running.done().code, 130);
    let lines = std::fs::read_to_string(trace).unwrap();
    let calls = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let marked: Vec<_> = calls
        .filter(|call| call["impairment"].is_string())
        .map(|call| (call["call"].clone(), call["impairment"].clone()))
        .collect();
    let expected =
        [("recvfrom", "lost"), ("sendto", "duplicated")].map(|(call, mark)| (json!(call), json!(mark)));
    assert_eq!(marked, expected);
    let drawn = words(&format!("trace {trace} --width 160")).done().text();
    assert!(drawn.contains("capsock link") && drawn.contains("✗"), "{drawn}");
    assert!(drawn.contains("\"hello\", lost") && drawn.contains("\"HELLO\", duplicate"), "{drawn}");
}

#[test]
fn a_cut_is_logged_and_the_client_gets_so_much() {
    let server = Server::start("tcp --host 127.0.0.1");
    let link = Link::start("tcp", server.port(), "--cut down:3 --log");
    let done = words(&format!("client tcp 127.0.0.1 {}", link.port())).input("hello").done();
    assert_eq!(done.text(), "HEL", "{done:?}");
    let event = link.running.json_line();
    assert_eq!(
        (&event["event"], &event["direction"], &event["bytes"]),
        (&json!("cut"), &json!("down"), &json!(3))
    );
    let (stopped, _) = link.stop();
    assert_eq!(stopped["down"]["cut"], 1);
}

#[test]
fn a_server_that_is_not_there_is_said_once() {
    let (_held, closed) = closed_port();
    let link = Link::start("tcp", closed, "");
    for _ in 0..2 {
        let done = words(&format!("client tcp 127.0.0.1 {} hello", link.port())).done();
        assert_eq!(done.code, 1, "{done:?}");
    }
    let (stopped, done) = link.stop();
    assert_eq!(stopped["failed"].as_u64().map(|failed| failed >= 2), Some(true), "{stopped}");
    let said = format!("could not connect to 127.0.0.1:{closed}: Connection refused");
    assert_eq!(done.stderr.matches(&said).count(), 1, "{done:?}");
}

#[test]
fn totals_come_while_it_runs() {
    let link = Link::start("udp", 9, "--stats");
    let stats = link.running.json_line();
    assert_eq!((&stats["event"], &stats["up"]["received"]), (&json!("stats"), &json!(0)));
    let (_, done) = link.stop();
    assert!(done.stderr.contains("\ncapsock: up received 0, sent 0; down received 0, sent 0\n"), "{done:?}");
}
