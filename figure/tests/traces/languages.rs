//! Calls have the names of the program's language.

use capsock_figure::{TextOptions, text};

use super::model;

/// The calls of a server and a client over TCP and of one over UDP, of programs in this language.
fn drawn(language: &str) -> String {
    let tcp = format!(
        "
        server Server {language}
        client Client {language}
        server socket 3 tcp
        server bind 3 local=0.0.0.0:12000
        server listen 3 argument=5
        client socket 3 tcp
        client connect 3 local=127.0.0.1:50001 peer=127.0.0.1:12000
        server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50001
        client send 3 local=127.0.0.1:50001 peer=127.0.0.1:12000 data=hello
        server recv 4 local=127.0.0.1:12000 peer=127.0.0.1:50001 room=9 data=hello
        client shutdown 3 argument=1
        client close 3
        server socket 5 udp
        server bind 5 local=0.0.0.0:9
        server recvfrom 5 peer=127.0.0.1:50002 room=2048 data=hello
        server sendto 5 peer=127.0.0.1:50002 data=HELLO
        "
    );
    text(&model(&tcp), &TextOptions { width: 240, ..TextOptions::default() })
}

#[test]
fn calls_have_the_names_of_the_language() {
    let cases: [(&str, &[&str]); 3] = [
        (
            "python",
            &[
                "server1 = socket(AF_INET, SOCK_STREAM)",
                "server1.bind(*:12000)",
                "server1.listen(5)",
                "connection = server1.accept()",
                "client.connect(127.0.0.1:12000)",
                "client.send(\"hello\")",
                "connection.recv(9)",
                "client.shutdown(SHUT_WR)",
                "client.close()",
                "server2.recvfrom(2048)",
                "server2.sendto(\"HELLO\", 127.0.0.1:50002)",
            ],
        ),
        (
            "c",
            &[
                "server1 = socket(AF_INET, SOCK_STREAM)",
                "bind(server1, *:12000)",
                "listen(server1, 5)",
                "connection = accept(server1)",
                "connect(client, 127.0.0.1:12000)",
                "send(client, \"hello\")",
                "recv(connection, 9)",
                "shutdown(client, SHUT_WR)",
                "close(client)",
                "recvfrom(server2, 2048)",
                "sendto(server2, \"HELLO\", 127.0.0.1:50002)",
            ],
        ),
        (
            "java",
            &[
                "server1 = new ServerSocket()",
                "server1.bind(*:12000)",
                "server1.bind(backlog 5)",
                "connection = server1.accept()",
                "client = new Socket()",
                "client.connect(127.0.0.1:12000)",
                "client.getOutputStream().write(\"hello\")",
                "connection.getInputStream().read(9)",
                "client.shutdownOutput()",
                "client.close()",
                "server2 = new DatagramSocket()",
                "server2.receive(2048)",
                "server2.send(\"HELLO\", 127.0.0.1:50002)",
            ],
        ),
    ];
    for (language, calls) in cases {
        let drawn = drawn(language);
        for call in calls {
            assert!(drawn.contains(call), "{language}: {call}\n{drawn}");
        }
    }
    assert!(!drawn("java").contains("recv"), "{}", drawn("java"));
}

/// The names of the sockets of a program that are drawn, by a trace in which its calls have these variables.
fn named(variables: [&str; 3]) -> Vec<String> {
    let [first, second, third] = variables.map(|name| match name {
        "" => String::new(),
        name => format!(" variable={name}"),
    });
    let script = format!(
        "
        server Server python
        client Client python
        server socket 3 tcp
        server bind 3 local=0.0.0.0:12000{first}
        server listen 3 argument=5
        client socket 3 tcp
        client connect 3 local=127.0.0.1:50001 peer=127.0.0.1:12000
        server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50001 variable=later
        server recv 4 local=127.0.0.1:12000 peer=127.0.0.1:50001 room=9 data=hello{second}
        client connect 4 local=127.0.0.1:50002 peer=127.0.0.1:12000
        server accept 3 accepted=5 local=127.0.0.1:12000 peer=127.0.0.1:50002
        server recv 5 local=127.0.0.1:12000 peer=127.0.0.1:50002 room=9 data=x{third}
        "
    );
    let model = model(&script);
    let server = model.programs.iter().position(|program| program.name == "Server").unwrap();
    let mut names: Vec<_> = model
        .sockets
        .iter()
        .filter(|socket| socket.program == server)
        .map(|socket| socket.name.clone())
        .collect();
    names.sort();
    names
}

#[test]
fn a_socket_has_the_name_of_the_programs_variable_where_it_is_known() {
    let long = "n".repeat(65);
    let table: [([&str; 3], [&str; 3]); 5] = [
        (["welcome", "conn", "conn"], ["conn1", "conn2", "welcome"]),
        (["welcome", "self.conn", "data"], ["data", "self.conn", "welcome"]),
        (["welcome", "conn", ""], ["conn", "connection", "welcome"]),
        (["", "", ""], ["connection1", "connection2", "later"]),
        // Names that no recorder writes.
        (["a\tb", &long, ""], ["connection1", "connection2", "later"]),
    ];
    for (variables, expected) in table {
        assert_eq!(named(variables), expected, "{variables:?}");
    }
}
