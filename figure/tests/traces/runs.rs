//! Which programs of a trace are of its last run.

use capsock_figure::{link, link_last_run, read};

use super::script::trace;

/// A server's start, and an exchange of a client with it.
const SERVER: &str = "
    S Server.py python
    S socket 3 udp
    S bind 3 local=0.0.0.0:12000
";
const EXCHANGE: &str = "
    C Client.py python
    C socket 3 udp
    C sendto 3 local=0.0.0.0:50123 peer=127.0.0.1:12000 data=hello
    S recvfrom 3 peer=127.0.0.1:50123 room=2048 data=hello
    S sendto 3 peer=127.0.0.1:50123 data=HELLO
    C recvfrom 3 peer=127.0.0.1:12000 room=2048 data=HELLO
    C close 3
";
/// A client that no server receives from.
const IN_VAIN: &str = "
    C Client.py python
    C socket 3 tcp
    C connect 3 peer=127.0.0.1:12000 outcome=ECONNREFUSED
    C close 3
";

/// A part with the names of its server and its client.
fn part(script: &str, server: &str, client: &str) -> String {
    script.replace("    S ", &format!("    {server} ")).replace("    C ", &format!("    {client} "))
}

fn programs(trace: &str) -> (Vec<u32>, usize) {
    let model = link_last_run(read([("run.jsonl", trace.as_bytes())]).unwrap());
    let all = link(read([("run.jsonl", trace.as_bytes())]).unwrap());
    let mut pids: Vec<_> = model.programs.iter().flat_map(|program| program.pids.clone()).collect();
    pids.sort_unstable();
    assert!(all.remarks.is_empty(), "{:?}", all.remarks);
    let remark = model.remarks.iter().find_map(|remark| remark.strip_prefix("this is the last of "));
    let number = remark.map_or(1, |rest| rest.split(' ').next().unwrap().parse().unwrap());
    assert_eq!(number == 1, model == all, "only a run that is not the only one is chosen");
    (pids, number)
}

#[test]
fn the_last_run_begins_with_a_server_that_starts_after_an_exchange() {
    let (start, exchange, alone) = (
        |server: &str| part(SERVER, server, ""),
        |server: &str, client: &str| part(EXCHANGE, server, client),
        |client: &str| part(IN_VAIN, "", client),
    );
    let run = |nth: u32| start(&format!("s{nth}")) + &exchange(&format!("s{nth}"), &format!("c{nth}"));
    let pause = "pause\n";
    let another = start("s2").replace("Server.py", "Other.py");
    // The pids are 100, 200 and so on, in the order of the programs' start.
    let cases: [(&str, String, &[u32], usize); 13] = [
        ("one run", run(1), &[100, 200], 1),
        ("two runs", run(1) + &run(2), &[300, 400], 2),
        ("three runs with pauses", run(1) + pause + &run(2) + pause + &run(3), &[500, 600], 3),
        (
            "a server that stays up",
            run(1) + pause + &exchange("s1", "c2") + pause + &exchange("s1", "c3"),
            &[100, 200, 300, 400],
            1,
        ),
        (
            "a client between two exchanges that is refused",
            run(1) + &alone("x") + pause + &exchange("s1", "c3"),
            &[100, 200, 300, 400],
            1,
        ),
        ("a client before the server", alone("x") + &run(1), &[100, 200, 300], 1),
        ("a client after the server", run(1) + pause + &alone("x"), &[100, 200, 300], 1),
        ("an early client of the second run", run(1) + pause + &alone("x") + &run(2), &[300, 400, 500], 2),
        ("a late client of the first run", run(1) + &alone("x") + pause + &run(2), &[400, 500], 2),
        (
            "two servers that start before the exchange",
            start("s1") + &another + &exchange("s2", "c"),
            &[100, 200, 300],
            1,
        ),
        ("the server again after a client in vain", start("s1") + &alone("x") + &run(2), &[300, 400], 2),
        ("another server meanwhile", start("s1") + &run(2) + &exchange("s1", "c1"), &[100, 200, 300, 400], 1),
        ("no server was recorded", alone("x") + pause + &alone("y"), &[200], 2),
    ];
    for (what, script, expected, runs) in cases {
        assert_eq!(programs(&trace(&script)), (expected.to_vec(), runs), "{what}");
    }
}

#[test]
fn a_server_that_forks_is_of_one_run() {
    let script = "
        server Server.py python
        server socket 3 tcp
        server bind 3 local=127.0.0.1:12000
        server listen 3 argument=5
        child Server.py python server
        client Client.py python
        client socket 3 tcp
        client connect 3 local=127.0.0.1:50123 peer=127.0.0.1:12000
        child accept 3 accepted=4 tcp local=127.0.0.1:12000 peer=127.0.0.1:50123
        client close 3
        pause
        other Server.py python server
        late Client.py python
        late socket 3 tcp
        late connect 3 local=127.0.0.1:50124 peer=127.0.0.1:12000
        other accept 3 accepted=4 tcp local=127.0.0.1:12000 peer=127.0.0.1:50124
        late close 3";
    assert_eq!(programs(&trace(script)), (vec![100, 200, 300, 400, 500], 1));
    // A second run of all of them: the children are the second server's.
    let twice: String = ["a", "b"]
        .map(|run| {
            let mut again = script.to_owned();
            for name in ["server", "child", "client", "other", "late"] {
                again = again.replace(&format!(" {name}\n"), &format!(" {name}{run}\n"));
                again = again.replace(&format!("        {name} "), &format!("        {name}{run} "));
            }
            again + "\npause\n"
        })
        .concat();
    assert_eq!(programs(&trace(&twice)), (vec![600, 700, 800, 900, 1000], 2));
}
