//! `capsock check` with programs in Python and C: a good one passes each probe, and one made for a probe fails it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bounds;
mod reports;
mod support;

use support::{Program, clients, outcome, servers};

#[test]
fn a_good_server_passes_every_probe() {
    for program in servers("none") {
        let only = program.good("unicode");
        let found = program.check(&["--patience", "10", "--only", &only]);
        assert_eq!(found.code, 0, "{found:?}");
        let outcomes: Vec<_> = found.probes().into_iter().map(|(_, outcome)| outcome).collect();
        assert!(outcomes.iter().all(|outcome| outcome == "pass"), "{found:?}");
    }
}

#[test]
fn a_good_client_passes_every_probe() {
    for program in clients("none") {
        let found = program.check(&["--patience", "10"]);
        assert_eq!(found.code, 0, "{found:?}");
        assert!(found.probes().iter().all(|(_, outcome)| outcome == "pass"), "{found:?}");
    }
}

/// Each row: the language and transport, and the probes for which there is a bad server.
const BAD_SERVERS: &[(&str, &str)] = &[
    (
        "python tcp",
        "answers unicode empty not-text long exact two-clients silent-client split joined leaves reset half-close many \
         keeps-well restarts",
    ),
    ("python udp", "answers unicode empty not-text long exact two-clients many keeps-well restarts"),
    (
        "c tcp",
        "answers empty not-text long exact silent-client split joined leaves reset half-close keeps-well restarts",
    ),
    ("c udp", "answers empty not-text long exact two-clients keeps-well restarts"),
];

const BAD_CLIENTS: &[(&str, &str)] = &[
    ("python tcp", "asks pieces no-server empty-line unicode long"),
    ("python udp", "asks no-server lost-reply stranger empty-line unicode long"),
    ("c tcp", "asks pieces long"),
    ("c udp", "asks lost-reply stranger long"),
];

fn each_fails_its_probe(rows: &[(&str, &str)], first: &str, programs: fn(&str) -> Vec<Program>) {
    for (kind, faults) in rows {
        std::thread::scope(|scope| {
            for fault in faults.split_whitespace() {
                scope.spawn(move || {
                    let program = programs(fault).into_iter().find(|program| program.kind == *kind).unwrap();
                    let only = if fault == first { first.to_owned() } else { format!("{first},{fault}") };
                    let found = program.check(&["--patience", "4", "--only", &only]);
                    assert_eq!(outcome(&found, fault), "fail", "{kind}: {found:?}");
                    assert!(fault == first || outcome(&found, first) == "pass", "{kind}: {found:?}");
                    assert_eq!(found.code, 1, "{kind}: {found:?}");
                });
            }
        });
    }
}

#[test]
fn a_server_made_for_a_probe_fails_it() {
    each_fails_its_probe(BAD_SERVERS, "answers", servers);
}

#[test]
fn a_client_made_for_a_probe_fails_it() {
    each_fails_its_probe(BAD_CLIENTS, "asks", clients);
}

#[test]
fn more_ways_to_fail() {
    let python =
        |all: Vec<Program>, kind: &str| all.into_iter().find(|program| program.kind == kind).unwrap();
    for (program, probe, seen) in [
        (python(servers("ctrl-c"), "python tcp"), "restarts", "it did not end within 4 s after Ctrl-C"),
        (python(servers("wrong-port"), "python udp"), "answers", "the reply \"HELLO\" came from"),
        (python(clients("exit"), "python tcp"), "asks", "the program ended with exit status 3"),
        (python(clients("exit"), "python udp"), "asks", "the program ended with exit status 3"),
        (python(clients("invents"), "python tcp"), "asks", "and not the reply \"ONE FINE DAY 4711\""),
    ] {
        let found = program.check(&["--patience", "4", "--only", probe]);
        assert_eq!(outcome(&found, probe), "fail", "{found:?}");
        assert!(found.seen(probe).contains(seen), "{found:?}");
    }
}

#[test]
fn what_the_probes_do_not_ask_of_a_program() {
    let program = servers("silent-client").into_iter().find(|program| program.kind == "python tcp").unwrap();
    let found = program.check(&["--iterative", "--only", "answers,silent-client"]);
    assert_eq!((found.code, outcome(&found, "silent-client").as_str()), (0, "not-applicable"), "{found:?}");
    let found = program.check(&["--require", "answers,many", "--only", "answers,silent-client"]);
    assert_eq!((found.code, outcome(&found, "silent-client").as_str()), (0, "fail"), "{found:?}");
}

#[test]
fn a_server_that_a_probe_has_killed_is_started_afresh() {
    let program = servers("not-text").into_iter().find(|program| program.kind == "c udp").unwrap();
    let found = program.check(&["--only", "answers,not-text,two-clients"]);
    assert_eq!(outcome(&found, "not-text"), "fail", "{found:?}");
    assert!(found.seen("not-text").contains("was ended by SIGABRT"), "{found:?}");
    assert_eq!(found.probe("not-text")["ended"], true);
    assert_eq!(outcome(&found, "two-clients"), "pass", "{found:?}");
}
