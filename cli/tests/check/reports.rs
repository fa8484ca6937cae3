//! The forms of a report.

use crate::support::{check, folder, servers};

#[test]
fn a_report_has_the_same_results_in_each_form() {
    let folder = tempfile::tempdir().unwrap();
    let (junit, html) = (folder.path().join("junit.xml"), folder.path().join("page.html"));
    let program = servers("answers").into_iter().find(|program| program.kind == "python udp").unwrap();
    let found = program.run(&[
        "--only",
        "answers,exact,many",
        "--require",
        "answers,many",
        "--junit",
        junit.to_str().unwrap(),
        "--html",
        html.to_str().unwrap(),
    ]);
    assert_eq!(found.code, 1, "{found:?}");
    let text = &found.stdout;
    assert!(
        text.contains("answers        fail            it replied \"hello\" instead of \"HELLO\"\n"),
        "{text}"
    );
    assert!(text.contains("The probe is not required.") && text.contains("client."), "{text}");
    assert!(
        text.ends_with("0 passed, 3 failed, 0 not applicable; 2 of the failed were required\n"),
        "{text}"
    );

    let xml = std::fs::read_to_string(&junit).unwrap();
    well_formed(&xml);
    assert!(xml.contains("tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"1\""), "{xml}");
    assert!(
        xml.contains("<failure message=\"it replied &quot;hello&quot; instead of &quot;HELLO&quot;\">"),
        "{xml}"
    );
    assert!(xml.contains("<skipped message=\"not required; failed: "), "{xml}");

    let page = std::fs::read_to_string(&html).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("<svg "), "{page}");
    assert!(page.contains("<td class=\"fail\">fail (not required)</td>"), "{page}");
    assert!(!page.contains("<script"), "{page}");

    let json = program.check(&["--only", "answers"]).json();
    assert_eq!(json["probes"][0]["outcome"], "fail");
    assert_eq!(json["probes"][0]["seen"], "it replied \"hello\" instead of \"HELLO\"");
    assert_eq!(json["passed"], false);
    assert!(json["program"].as_str().unwrap().ends_with("udp_server.py {port} answers"), "{json}");
}

/// Checks that a document is well-formed, with Python's parser.
fn well_formed(xml: &str) {
    use std::io::Write;
    let mut child = std::process::Command::new("python3")
        .args(["-c", "import sys, xml.etree.ElementTree as tree; tree.parse(sys.stdin.buffer)"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{xml}");
}

#[test]
fn a_folder_of_submissions_gives_a_table_and_pages() {
    let class = tempfile::tempdir().unwrap();
    let pages = class.path().join(".pages");
    let junit = class.path().join(".junit.xml");
    let put = |name: &str, text: &str| {
        let file = class.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let python = "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('127.0.0.1', 0))\n\
                  while True:\n    m, c = s.recvfrom(2048)\n    s.sendto(m.upper(), c)\n";
    let c = std::fs::read_to_string(folder().join("server.c")).unwrap();
    let c = c.replace("argc != 4", "argc > 9").replace("fault = argv[3]", "fault = \"\"");
    let c = c.replace("argv[1]", "\"tcp\"").replace("atoi(argv[2])", "0");
    put("ada/UDPServer.py", python);
    put("bob/udp_server.py", &python.replace("m.upper()", "m"));
    put("cleo/tcp_server.c", &c);
    put("dan/TCPServer.c", "int main(void) { return no; }");
    put("dan/notes.txt", "TCP server");
    let all = ["--all", class.path().to_str().unwrap(), "--only", "answers,exact", "--require", "answers"];
    let more = ["--html", pages.to_str().unwrap(), "--junit", junit.to_str().unwrap()];
    let found = check(all.iter().chain(&more));
    assert_eq!(found.code, 1, "{found:?}");
    let rows: Vec<Vec<&str>> =
        found.stdout.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            vec!["ada/UDPServer.py", "udp", "server", "2", "0", "0"],
            vec!["bob/udp_server.py", "udp", "server", "0", "2", "0", "answers", "exact"],
            vec!["cleo/tcp_server.c", "tcp", "server", "2", "0", "0"],
            vec!["dan/TCPServer.c", "tcp", "server", "0", "2", "0", "answers", "exact"],
        ],
        "{found:?}"
    );
    well_formed(&std::fs::read_to_string(&junit).unwrap());
    let index = std::fs::read_to_string(pages.join("index.html")).unwrap();
    for page in ["001-ada-UDPServer.py.html", "004-dan-TCPServer.c.html"] {
        assert!(index.contains(&format!("href=\"{page}\"")) && pages.join(page).exists(), "{index}");
    }

    let json = check(["server", "udp", "--json"].iter().chain(&all)).json();
    assert_eq!(json["submissions"].as_array().unwrap().len(), 2, "{json}");
    let ada = ["server", "udp", "--all", class.path().to_str().unwrap(), "--only", "answers"];
    let found = check(ada.iter().chain(&["--", "python3", "{file}/UDPServer.py"]));
    assert!(found.stdout.contains("ada         udp server       1       0    0\n"), "{found:?}");
    let empty = tempfile::tempdir().unwrap();
    let found = check(["--all", empty.path().to_str().unwrap()]);
    assert!(found.code == 2 && found.stderr.contains("has no submission"), "{found:?}");
}
