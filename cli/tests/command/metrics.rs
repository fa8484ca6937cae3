//! `capsock serve --metrics`: the endpoint for monitoring.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::open_metrics::families;
use crate::support::{MORE_THAN_BUFFERS_HOLD, Server, patient, until, words};

const OPEN_METRICS: &str = "Accept: application/openmetrics-text;version=1.0.0\r\n";

/// Shorter than the time limit of a connection to the endpoint.
const AT_ONCE: Duration = Duration::from_secs(4);

/// A response.
#[derive(Debug)]
struct Response {
    code: u16,
    fields: String,
    content: String,
}

fn start(arguments: &str) -> (Server, SocketAddr) {
    let server = Server::start(&format!("{arguments} --host 127.0.0.1 --metrics 127.0.0.1:0"));
    let address = server.ready["metrics"][0].as_str().unwrap().parse().unwrap();
    (server, address)
}

fn connect(address: SocketAddr) -> TcpStream {
    patient(TcpStream::connect(address).unwrap())
}

/// Sends bytes, and receives the response to the end of the connection.
fn send(address: SocketAddr, request: &[u8]) -> Response {
    let mut connection = connect(address);
    connection.write_all(request).unwrap();
    receive(connection)
}

fn receive(mut connection: TcpStream) -> Response {
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    let (head, content) = text.split_once("\r\n\r\n").expect("a head");
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response { code, fields: head.to_owned() + "\r\n", content: content.to_owned() }
}

fn get(address: SocketAddr, path: &str, fields: &str) -> Response {
    send(address, format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n").as_bytes())
}

/// The value of a sample, by its name and, if it has one, the value of its label `code`.
fn sample(address: SocketAddr, family: &str, code: Option<&str>) -> f64 {
    let families = families(&get(address, "/metrics", OPEN_METRICS).content);
    let mut samples = families[family].samples.iter();
    samples.find(|sample| sample.labels.get("code").map(String::as_str) == code).unwrap().value
}

#[test]
fn the_totals_of_each_kind_of_server_are_there() {
    for transport in ["tcp", "udp"] {
        for concurrency in ["iterative", "threads", "processes", "events"] {
            let (server, address) = start(&format!("{transport} --concurrency {concurrency}"));
            let line = format!("client {transport} 127.0.0.1 {} hello", server.port());
            assert_eq!(words(&line).done().code, 0);
            let response = get(address, "/metrics", OPEN_METRICS);
            assert_eq!(response.code, 200, "{response:?}");
            let kind = "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n";
            assert!(response.fields.contains(kind), "{response:?}");
            assert!(response.fields.contains(&format!("Content-Length: {}\r\n", response.content.len())));
            let families = families(&response.content);
            let [requests] = &*families["capsock_requests"].samples else { panic!("one sample") };
            assert_eq!(requests.value, 1.0, "{transport} {concurrency}");
            assert_eq!(
                (&*requests.labels["transport"], &*requests.labels["concurrency"]),
                (transport, concurrency)
            );
            // Of the built-in service nothing is timed.
            assert!(!families.contains_key("capsock_handler_duration_seconds"));
        }
    }
}

#[test]
fn a_reader_without_open_metrics_gets_the_text_of_prometheus() {
    let (_server, address) = start("tcp");
    let response = get(address, "/metrics", "Accept: */*\r\n");
    assert!(response.fields.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert!(response.content.contains("\n# TYPE capsock_requests_total counter\n"), "{response:?}");
    assert!(response.content.contains("\n# TYPE capsock_metrics_responses_total counter\n"), "{response:?}");
    assert!(!response.content.contains("# EOF"), "{response:?}");
}

#[test]
fn each_request_gets_its_status_and_is_counted() {
    let (server, address) = start("tcp");
    let long = "a".repeat(8 << 10);
    let many = "a: b\r\n".repeat(65);
    let scenarios = [
        ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 200, "ok\n"),
        ("GET /readyz HTTP/1.0\r\n\r\n".to_owned(), 200, "ready\n"),
        (
            "GET /readyz?verbose HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n".to_owned(),
            200,
            "ready\n",
        ),
        ("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 200, ""),
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), 400, "Bad Request: "),
        ("hello\r\n\r\n".to_owned(), 400, "Bad Request: "),
        ("\x16\x03\x01".to_owned(), 400, "Bad Request: "),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 404, "Not Found: there are /metrics, "),
        ("GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 404, "Not Found: "),
        (
            "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
            405,
            "Method Not Allowed: ",
        ),
        (format!("GET /{long} HTTP/1.1\r\n"), 431, "Request Header Fields Too Large: "),
        (format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{many}\r\n"), 431, "Request Header Fields Too Large: "),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505, "HTTP Version Not Supported: "),
    ];
    for (request, code, content) in &scenarios {
        let response = send(address, request.as_bytes());
        assert_eq!(response.code, *code, "{request}: {response:?}");
        let exactly = content.ends_with('\n') || content.is_empty();
        assert!(
            response.content.starts_with(content) && (!exactly || response.content == *content),
            "{response:?}"
        );
        assert!(response.fields.contains("Connection: close\r\n"), "{response:?}");
        assert_eq!(response.fields.contains("Allow: GET, HEAD\r\n"), *code == 405);
    }
    for code in [200, 400, 404, 405, 431, 505] {
        let count = scenarios.iter().filter(|(_, one, _)| *one == code).count() as f64;
        assert_eq!(sample(address, "capsock_metrics_responses", Some(&code.to_string())), count);
    }
    // None of it has touched the server.
    assert_eq!(sample(address, "capsock_connections_accepted", None), 0.0);
    let done = words(&format!("client tcp 127.0.0.1 {} hello", server.port())).done();
    assert_eq!(done.text(), "HELLO\n");
}

#[test]
fn slow_clients_delay_no_scrape_and_are_ended() {
    let (_server, address) = start("tcp");
    // More than the endpoint has connections, each with the beginning of a request.
    let slow: Vec<_> = (0..40)
        .map(|_| {
            let mut connection = connect(address);
            connection.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
            connection
        })
        .collect();
    let begun = Instant::now();
    assert_eq!(get(address, "/healthz", "").code, 200);
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());

    let (mut cut, mut timed_out) = (0, 0);
    for mut connection in slow {
        let mut text = String::new();
        match connection.read_to_string(&mut text) {
            Ok(0) | Err(_) => cut += 1,
            Ok(_) if text.starts_with("HTTP/1.1 408 ") => timed_out += 1,
            Ok(_) => panic!("{text}"),
        }
    }
    // The oldest made room; the others had their time.
    assert!(cut >= 1 && cut + timed_out == 40, "{cut} {timed_out}");
    assert_eq!(sample(address, "capsock_metrics_responses", Some("408")), f64::from(timed_out));
    assert_eq!(sample(address, "capsock_metrics_unanswered", None), f64::from(cut));
}

#[test]
fn it_is_not_ready_while_it_drains() {
    let (server, address) =
        start("tcp --framing line --max-request 67108864 --write-timeout inf --stop-timeout inf");
    let mut connection = patient(TcpStream::connect(("127.0.0.1", server.port())).unwrap());
    let mut request = vec![b'a'; MORE_THAN_BUFFERS_HOLD];
    request.push(b'\n');
    connection.write_all(&request).unwrap();
    // The first byte of the reply shows that the whole line has been taken.
    connection.peek(&mut [0]).unwrap();
    assert_eq!(get(address, "/readyz", "").code, 200);

    server.running.signal(libc::SIGTERM);
    until("it is not ready", || get(address, "/readyz", "").code == 503);
    let (readiness, health) = (get(address, "/readyz", ""), get(address, "/healthz", ""));
    assert_eq!((&*readiness.content, health.code, &*health.content), ("draining\n", 200, "ok\n"));
    assert_eq!(sample(address, "capsock_connections_active", None), 1.0);

    connection.read_exact(&mut request).unwrap();
    drop(connection);
    assert_eq!(server.running.json_line()["event"], "stopped");
    assert_eq!(server.running.done().code, 143);
    assert!(TcpStream::connect(address).is_err(), "the endpoint ends with the server");
}

#[test]
fn a_stop_waits_for_no_client_of_the_endpoint() {
    let (server, address) = start("udp");
    let mut slow = connect(address);
    slow.write_all(b"GET ").unwrap();
    let begun = Instant::now();
    server.running.signal(libc::SIGINT);
    assert_eq!(server.running.done().code, 130);
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
}

#[test]
fn a_port_alone_is_for_this_machine_only() {
    let server = Server::start("tcp --metrics 0");
    let addresses = server.ready["metrics"].as_array().unwrap();
    let addresses: Vec<SocketAddr> =
        addresses.iter().map(|address| address.as_str().unwrap().parse().unwrap()).collect();
    assert!(!addresses.is_empty());
    for address in &addresses {
        assert_eq!((address.ip().is_loopback(), address.port()), (true, addresses[0].port()));
        assert_eq!(get(*address, "/healthz", "").code, 200);
    }
    let ready = server.running.error_line();
    assert!(ready.starts_with("capsock: serving tcp "), "{ready}");
    let urls: Vec<_> = addresses.iter().map(|address| format!("http://{address}/metrics")).collect();
    assert_eq!(server.running.error_line(), format!("capsock: serving metrics on {}", urls.join(" and ")));
}

#[test]
fn an_address_that_cannot_be_served_is_an_error_before_the_server_starts() {
    let (_server, taken) = start("tcp");
    let scenarios = [
        (taken.to_string(), 1, format!("capsock: could not serve the metrics on {taken}: ")),
        ("no.invalid:9100".to_owned(), 1, "capsock: could not find the address of ".to_owned()),
        ("::1:9100".to_owned(), 2, "error: invalid value '::1:9100' for '--metrics <ADDR>': ".to_owned()),
        ("localhost:70000".to_owned(), 2, "error: invalid value ".to_owned()),
        (String::new(), 2, "error: ".to_owned()),
    ];
    for (address, code, text) in scenarios {
        let line = ["serve", "tcp", "--port", "0", "--json", "--metrics", &address];
        let done = crate::support::capsock(line).done();
        assert_eq!(done.code, code, "{address}: {done:?}");
        assert!(done.stderr.starts_with(&text), "{address}: {done:?}");
        assert!(!done.text().contains("\"event\""), "{address}: {done:?}");
    }
}

#[test]
fn without_the_option_there_is_no_endpoint() {
    let server = Server::start("tcp --host 127.0.0.1");
    assert_eq!(server.ready.get("metrics"), None);
    server.running.signal(libc::SIGINT);
    let done = server.running.done();
    assert!(!done.stderr.contains("metrics"), "{done:?}");
    assert_eq!(server.ready["event"], json!("ready"));
}
