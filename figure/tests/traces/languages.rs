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
                "serverSocket1 = socket(AF_INET, SOCK_STREAM)",
                "serverSocket1.bind(*:12000)",
                "serverSocket1.listen(5)",
                "connectionSocket = serverSocket1.accept()",
                "clientSocket.connect(127.0.0.1:12000)",
                "clientSocket.send(\"hello\")",
                "connectionSocket.recv(9)",
                "clientSocket.shutdown(SHUT_WR)",
                "clientSocket.close()",
                "serverSocket2.recvfrom(2048)",
                "serverSocket2.sendto(\"HELLO\", 127.0.0.1:50002)",
            ],
        ),
        (
            "c",
            &[
                "serverSocket1 = socket(AF_INET, SOCK_STREAM)",
                "bind(serverSocket1, *:12000)",
                "listen(serverSocket1, 5)",
                "connectionSocket = accept(serverSocket1)",
                "connect(clientSocket, 127.0.0.1:12000)",
                "send(clientSocket, \"hello\")",
                "recv(connectionSocket, 9)",
                "shutdown(clientSocket, SHUT_WR)",
                "close(clientSocket)",
                "recvfrom(serverSocket2, 2048)",
                "sendto(serverSocket2, \"HELLO\", 127.0.0.1:50002)",
            ],
        ),
        (
            "java",
            &[
                "serverSocket1 = new ServerSocket()",
                "serverSocket1.bind(*:12000)",
                "serverSocket1.bind(backlog 5)",
                "connectionSocket = serverSocket1.accept()",
                "clientSocket = new Socket()",
                "clientSocket.connect(127.0.0.1:12000)",
                "clientSocket.getOutputStream().write(\"hello\")",
                "connectionSocket.getInputStream().read(9)",
                "clientSocket.shutdownOutput()",
                "clientSocket.close()",
                "serverSocket2 = new DatagramSocket()",
                "serverSocket2.receive(2048)",
                "serverSocket2.send(\"HELLO\", 127.0.0.1:50002)",
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
