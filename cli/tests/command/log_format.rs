//! `capsock serve --log-format json`: the lines on standard error as objects.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::{Server, patient, words};

/// The object of a line, with the members that each has.
fn object(line: &str) -> Value {
    let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let time = object["time"].as_str().unwrap();
    let digits: String =
        time.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert_eq!(digits, "0000-00-00T00:00:00.000000Z", "{line}");
    assert!(["info", "warning", "error"].contains(&object["level"].as_str().unwrap()), "{line}");
    assert!(!object["message"].as_str().unwrap().is_empty(), "{line}");
    object
}

#[test]
fn each_line_is_an_object() {
    let server = Server::start(
        "tcp --host 127.0.0.1 --framing line --max-request 4 --stats --metrics 127.0.0.1:0 --log-format json",
    );
    let ready = object(&server.running.error_line());
    assert_eq!(
        (&ready["event"], &ready["level"], &ready["port"]),
        (&json!("ready"), &json!("info"), &json!(server.port()))
    );
    let message = format!(
        "serving tcp (events) on 127.0.0.1:{}, for this machine only; Ctrl-C stops it",
        server.port()
    );
    assert_eq!(ready["message"], message);
    let metrics = object(&server.running.error_line());
    assert_eq!((&metrics["event"], &metrics["addresses"]), (&json!("metrics"), &server.ready["metrics"]));
    let features = object(&server.running.error_line());
    assert_eq!((&features["event"], &features["features"]), (&json!("features"), &json!([])));

    // A line of the server's own log.
    let mut connection = patient(TcpStream::connect(("127.0.0.1", server.port())).unwrap());
    connection.write_all(b"too long\n").unwrap();
    let _ = connection.read(&mut [0]);
    let mut line = object(&server.running.error_line());
    while line["event"] == "stats" {
        line = object(&server.running.error_line());
    }
    let message = "a request of more than 4 bytes got no reply (max_request)";
    assert_eq!(
        (&line["level"], &line["message"], line.get("event")),
        (&json!("warning"), &json!(message), None)
    );

    while line["event"] != "stats" {
        line = object(&server.running.error_line());
    }
    assert_eq!(line["stats"]["connections_accepted"], 1, "{line}");
    server.running.signal(libc::SIGINT);
    let done = server.running.done();
    assert_eq!(done.code, 130, "{done:?}");
    let last = object(done.stderr.lines().last().unwrap());
    assert_eq!((&last["event"], &last["completed"], &last["cut"]), (&json!("stopped"), &json!(0), &json!(0)));
    assert!(
        last["message"].as_str().unwrap().starts_with("stopped: connections accepted 1, requests 0, "),
        "{last}"
    );
    assert_eq!(last["stats"]["oversized_requests"], 1, "{last}");
}

#[test]
fn a_failure_is_an_object_as_well() {
    let server = Server::start("tcp --host 127.0.0.1");
    let line = format!("serve tcp --host 127.0.0.1 --port {} --log-format json", server.port());
    let done = words(&line).done();
    assert_eq!((done.code, done.text().as_str()), (1, ""), "{done:?}");
    let failure = object(done.stderr.trim_end());
    assert_eq!((&failure["level"], &failure["event"]), (&json!("error"), &json!("failed")));
    assert_eq!(
        (&failure["kind"], &failure["errno"], &failure["status"]),
        (&json!("AddressInUse"), &json!(libc::EADDRINUSE), &json!(1))
    );
    assert!(failure["message"].as_str().unwrap().starts_with("could not "), "{failure}");
}

#[test]
fn text_is_the_default() {
    for option in ["", "--log-format text"] {
        let server = Server::start(&format!("tcp --host 127.0.0.1 {option}"));
        let line = server.running.error_line();
        assert!(line.starts_with("capsock: serving tcp (events) on 127.0.0.1:"), "{line}");
    }
    assert_eq!(words("serve tcp --log-format xml").done().code, 2);
}
