//! Requests with a length before them and with a delimiter after them.

use std::time::Duration;

use capsock::{Endian, ErrorKind, Framing, Server, ServerOptions, TcpClient, TcpClientOptions, reply_text};

use crate::tools::{TcpServer, tcp_options};

fn length(length_bytes: u32) -> TcpClientOptions {
    TcpClientOptions { framing: Framing::Length, length_bytes, ..tcp_options() }
}

fn delimited(delimiter: &[u8]) -> TcpClientOptions {
    TcpClientOptions { framing: Framing::Delimiter, delimiter: delimiter.to_vec(), ..tcp_options() }
}

fn formats() -> [TcpClientOptions; 7] {
    [
        tcp_options(),
        length(1),
        length(2),
        TcpClientOptions { length_endian: Endian::Little, ..length(4) },
        TcpClientOptions { length_includes_itself: true, ..length(4) },
        delimited(b"\r\n"),
        delimited(b"<end of message>"),
    ]
}

/// A server of the client's framing.
fn server(client: &TcpClientOptions) -> ServerOptions {
    let mut options = Server::tcp(("127.0.0.1", 0));
    options.settings.framing = client.framing;
    options.settings.length_bytes = client.length_bytes;
    options.settings.length_endian = client.length_endian;
    options.settings.length_includes_itself = client.length_includes_itself;
    options.settings.delimiter.clone_from(&client.delimiter);
    options
}

#[test]
fn requests_are_framed_as_the_servers_are() {
    for options in formats() {
        let server = server(&options).start().unwrap();
        let what = format!("{options:?}");
        let client = TcpClient::connect_with(server.local_addr(), options).unwrap();
        for text in ["hello", "", "straße 😀", "a\rb"] {
            assert_eq!(client.request(text).unwrap(), text.to_uppercase(), "{what}");
            assert_eq!(client.request_bytes(b"\xff\0").unwrap(), b"\xff\0", "{what}");
        }
        let texts: Vec<String> = (0..3_000).map(|index| format!("number {index}")).collect();
        let replies = client.request_many(&texts).unwrap();
        assert!(replies.iter().eq(texts.iter().map(|text| text.to_uppercase()).collect::<Vec<_>>().iter()));
        assert_eq!(server.stats().connections_accepted, 1, "{what}");
    }
}

#[test]
fn payloads_may_contain_newlines_and_be_long() {
    for options in [length(4), delimited(b"\0")] {
        let server = server(&options).max_request(4 << 20).start().unwrap();
        let client = TcpClient::connect_with(server.local_addr(), options).unwrap();
        // The parts of the pipeline's chunks begin and end anywhere in a request.
        let sizes = [0, 1, 1 << 20, (256 << 10) - 4, (256 << 10) - 1, 256 << 10, 3 << 20, 5];
        let requests: Vec<String> = sizes.iter().map(|size| "ab\n\r".repeat(size / 4) + "x").collect();
        for request in &requests {
            assert!(client.request(request).unwrap() == request.to_uppercase());
        }
        let replies = client.request_many(&requests).unwrap();
        assert!(replies.iter().zip(&requests).all(|(reply, request)| *reply == request.to_uppercase()));
        assert_eq!(server.stats().connections_accepted, 1);
    }
}

#[test]
fn requests_that_cannot_be_framed_are_refused_before_anything_is_sent() {
    let table = [
        (length(1), vec![b'a'; 256], ErrorKind::TooLarge, "the request has 256 bytes, and 255 are the most"),
        (
            TcpClientOptions { length_includes_itself: true, ..length(2) },
            vec![b'a'; 65_534],
            ErrorKind::TooLarge,
            "65533 are the most with length_bytes 2",
        ),
        (delimited(b"\r\n"), b"a\r\nb".to_vec(), ErrorKind::InvalidArgument, "contains the delimiter"),
        (delimited(b"aa"), b"ba".to_vec(), ErrorKind::InvalidArgument, "contains the delimiter"),
        (tcp_options(), b"a\n".to_vec(), ErrorKind::InvalidArgument, "has a newline"),
    ];
    for (options, request, kind, why) in table {
        let server = server(&options).start().unwrap();
        let client = TcpClient::connect_with(server.local_addr(), options).unwrap();
        for error in [
            client.request_bytes(&request).unwrap_err(),
            client.request_many_bytes(&[b"x", &request[..]]).unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
        assert_eq!(client.request("next").as_deref(), Ok("NEXT"));
        assert_eq!(server.stats().requests, 1);
    }
}

#[test]
fn options_out_of_their_range_are_refused() {
    let table = [
        (TcpClientOptions { framing: Framing::Stream, ..tcp_options() }, "the framing stream"),
        (TcpClientOptions { framing: Framing::Once, ..tcp_options() }, "the framing once"),
        (length(3), "length_bytes is 3"),
        (delimited(b""), "the delimiter is empty"),
        (delimited(&[b'a'; 256]), "255 are the most"),
    ];
    let server = TcpServer::uppercase();
    for (options, why) in table {
        let error = TcpClient::connect_with(server.address, options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(server.accepted(), 0);
}

/// A client's options, what its server sends before it closes the connection, and what the client makes of it.
type Row<'a> = (TcpClientOptions, &'static [&'static [u8]], Result<&'a [u8], ErrorKind>);

#[test]
fn replies_in_pieces_and_bad_ones() {
    let short = |options: TcpClientOptions| TcpClientOptions { max_reply: 4, ..options };
    let hello: Result<&[u8], ErrorKind> = Ok(b"hello");
    let table: &[Row<'_>] = &[
        (length(2), &[b"\0", b"\x05h", b"ell", b"o"], hello),
        (length(2), &[b"\0\0"], Ok(b"")),
        (length(2), &[b"\0\x05hel"], Err(ErrorKind::ConnectionClosed)),
        (length(2), &[b"\0"], Err(ErrorKind::ConnectionClosed)),
        (length(2), &[], Err(ErrorKind::ConnectionClosed)),
        (short(length(4)), &[b"\0\0\0\x04four"], Ok(b"four")),
        (short(length(4)), &[b"\xff\xff\xff\xff"], Err(ErrorKind::TooLarge)),
        (TcpClientOptions { length_includes_itself: true, ..length(2) }, &[b"\0\x01"], Err(ErrorKind::Other)),
        (delimited(b"\r\n"), &[b"hel", b"lo\r", b"\n"], hello),
        (delimited(b"\r\n"), &[b"hello"], hello),
        (delimited(b"\r\n"), &[b"hello\r"], Ok(b"hello\r")),
        (delimited(b"\r\n"), &[], Err(ErrorKind::ConnectionClosed)),
        (short(delimited(b"\r\n")), &[b"four\r", b"\n"], Ok(b"four")),
        (short(delimited(b"\r\n")), &[b"four\r"], Err(ErrorKind::TooLarge)),
        (short(delimited(b"\r\n")), &[b"fours", b"\r\n"], Err(ErrorKind::TooLarge)),
        (short(tcp_options()), &[b"four\n"], Ok(b"four")),
        (short(tcp_options()), &[b"fours"], Err(ErrorKind::TooLarge)),
    ];
    for (options, said, expected) in table {
        let said = *said;
        let server = TcpServer::start(move |_, mut peer| {
            peer.piece(100);
            for piece in said {
                peer.say(piece);
                peer.wait_until_delivered();
            }
        });
        let client = TcpClient::connect_with(server.address, options.clone()).unwrap();
        let reply = client.request_bytes(b"x").map_err(|error| error.kind());
        assert_eq!(reply.as_deref(), expected.as_ref().map(|reply| *reply), "{options:?} {said:?}");
    }
}

#[test]
fn a_server_that_answers_too_much_is_noticed_in_a_call_with_many_requests() {
    for (options, reply) in [(length(1), b"\x01x".as_slice()), (delimited(b"\0"), b"x\0")] {
        // The replies to three requests, and one more.
        let server = TcpServer::start(move |_, mut peer| {
            for _ in 0..2 {
                peer.piece(2);
                peer.say(reply);
            }
            peer.piece(2);
            peer.say(reply.repeat(2));
            peer.piece(1);
        });
        let client = TcpClient::connect_with(server.address, options).unwrap();
        let error = client.request_many(&["a", "b", "c"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other, "{error}");
        assert!(error.to_string().contains("more replies"), "{error}");
    }
}

#[test]
fn a_call_with_many_requests_ends_with_a_connection_in_a_reply() {
    for (options, reply, last, expected) in [
        (length(1), b"\x01x".as_slice(), b"\x02y".as_slice(), Err(ErrorKind::ConnectionClosed)),
        (delimited(b"\0"), b"x\0", b"y", Ok(vec!["x", "x", "y"])),
    ] {
        let server = TcpServer::start(move |_, mut peer| {
            for _ in 0..2 {
                peer.piece(2);
                peer.say(reply);
            }
            peer.piece(2);
            peer.say(last);
        });
        let client = TcpClient::connect_with(server.address, options).unwrap();
        let mut replies = Vec::new();
        let outcome = client.request_many_with(&["a", "b", "c"], |_, reply| {
            replies.push(reply_text(0, reply)?.to_owned());
            Ok(())
        });
        let expected = expected.map(|texts: Vec<&str>| texts.iter().map(ToString::to_string).collect());
        assert_eq!(outcome.map(|()| replies).map_err(|error| error.kind()), expected);
    }
}

#[test]
fn the_time_limit_applies_to_a_reply_that_does_not_end() {
    let timeout = Some(Duration::from_millis(50));
    for (options, said) in [(length(2), b"\0\x05h".as_slice()), (delimited(b"\r\n"), b"h\r")] {
        let server = TcpServer::start(move |_, mut peer| {
            peer.piece(100);
            peer.say(said);
            peer.piece(1);
        });
        let options = TcpClientOptions { timeout, ..options };
        let client = TcpClient::connect_with(server.address, options).unwrap();
        assert_eq!(client.request("x").unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
