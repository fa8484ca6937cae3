//! The forms of a report.

use crate::support::servers;

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
    assert!(text.contains("The probe is not required.") && text.contains("clientSocket"), "{text}");
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
