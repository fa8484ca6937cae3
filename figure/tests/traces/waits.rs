//! Calls that have not returned, and waits for several sockets.

use capsock_figure::{
    Model, PageOptions, TextOptions, gantt_text, html, link, mermaid, normalize, perfetto, read, svg, text,
};

const MS: u64 = 1_000_000;

/// A line of the process 7, the server, or 8, the client; times in milliseconds.
fn call(pid: u32, seq: u64, name: &str, (begin, end): (u64, u64), rest: &str) -> String {
    let (begin, end) = (begin * MS, end * MS);
    format!(
        "{{\"event\":\"call\",\"capsock\":1,\"pid\":{pid},\"tid\":{pid},\"seq\":{seq},\"begin\":{begin},\"end\":{end},\
         \"blocked\":{},\"call\":\"{name}\",{rest}}}\n",
        if name.starts_with("recv") || name == "accept" || name == "select" { end - begin } else { 0 },
    )
}

fn begin(pid: u32, tid: Option<u32>, name: &str, at: u64, rest: &str) -> String {
    let tid = tid.map(|tid| format!("\"tid\":{tid},")).unwrap_or_default();
    format!(
        "{{\"event\":\"begin\",\"capsock\":1,\"pid\":{pid},{tid}\"begin\":{},\"at\":{},\"call\":\"{name}\",{rest}}}\n",
        at * MS,
        (at + 10) * MS
    )
}

fn wide() -> TextOptions {
    TextOptions { width: 200, ..TextOptions::default() }
}

const SERVER: &str = r#""transport":"tcp","local":"127.0.0.1:12000""#;
const CONNECTION: &str = r#""fd":4,"transport":"tcp","local":"127.0.0.1:12000","peer":"127.0.0.1:50001""#;
const CLIENT: &str = r#""fd":3,"transport":"tcp","local":"127.0.0.1:50001","peer":"127.0.0.1:12000""#;

/// A client connects to a server, and each waits for the other to begin.
fn connected() -> String {
    let mut lines = String::new();
    for (pid, program) in [(7, "server.py"), (8, "client.py")] {
        lines.push_str(&format!(
            "{{\"event\":\"process\",\"capsock\":1,\"pid\":{pid},\"program\":\"{program}\",\"language\":\"python\",\
             \"at\":{MS},\"wall\":{MS}}}\n"
        ));
    }
    let ok = |rest: &str| format!("{rest},\"outcome\":\"ok\"");
    lines.push_str(&call(7, 0, "socket", (2, 2), &ok("\"fd\":3,\"transport\":\"tcp\"")));
    lines.push_str(&call(7, 1, "bind", (3, 3), &ok(&format!("\"fd\":3,{SERVER}"))));
    lines.push_str(&call(7, 2, "listen", (4, 4), &ok(&format!("\"fd\":3,{SERVER},\"argument\":1"))));
    lines.push_str(&call(8, 0, "socket", (5, 5), &ok("\"fd\":3,\"transport\":\"tcp\"")));
    lines.push_str(&call(8, 1, "connect", (6, 7), &ok(CLIENT)));
    let accepted = CONNECTION.replace("\"fd\":4", "\"fd\":3,\"accepted\":4");
    lines.push_str(&call(7, 3, "accept", (5, 8), &ok(&accepted)));
    lines
}

fn waits(pid: u32, at: u64, rest: &str) -> String {
    begin(pid, Some(pid), "recv", at, &format!("{rest},\"room\":2048"))
}

fn linked(lines: &str) -> Model {
    link(read([("trace.jsonl", lines.as_bytes())]).unwrap())
}

/// How many calls of each format's picture still wait.
fn counts(model: &Model) -> [usize; 5] {
    let options = PageOptions::default();
    let pictures =
        [text(model, &wide()), svg(model, &options), html(model, &options), mermaid(model), perfetto(model)];
    pictures.map(|picture| picture.matches("still waits").count())
}

#[test]
fn a_deadlock_is_drawn() {
    let lines = connected() + &waits(7, 9, CONNECTION) + &waits(8, 8, CLIENT);
    for model in [linked(&lines), normalize(linked(&lines))] {
        let counts = counts(&model);
        assert_eq!((counts[0], counts[3], counts[4]), (2, 2, 4), "{counts:?}");
        assert!(counts[1] >= 2 && counts[2] >= 2, "{counts:?}");
        let drawn = text(&model, &wide());
        assert!(drawn.contains("client.recv(2048) still waits"), "{drawn}");
        assert!(drawn.contains("connection.recv(2048) still waits"), "{drawn}");
        assert!(drawn.contains("waits in a call"), "{drawn}");
        assert!(!drawn.contains('✗'), "{drawn}");
    }
    // The client's wait is for a connection that holds the server.
    let chart = gantt_text(&linked(&lines), &TextOptions::default());
    assert!(chart.contains("holds the server"), "{chart}");
}

#[test]
fn a_call_that_returned_is_drawn_once() {
    let recv = |rest: &str| format!("{rest},\"room\":2048,\"bytes\":0,\"outcome\":\"ok\"");
    let close = |rest: &str| format!("{rest},\"outcome\":\"ok\"");
    let endings = [
        // Its own line.
        call(8, 2, "recv", (8, 40), &recv(CLIENT)),
        // A later call of its thread.
        call(8, 2, "socket", (30, 30), &close("\"fd\":5,\"transport\":\"udp\"")),
        // Its thread waits again, for something else.
        begin(8, Some(8), "recv", 30, &CLIENT.replace("\"fd\":3", "\"fd\":99")),
        // A close of its descriptor by another thread does not end it.
        call(8, 2, "close", (30, 30), &close(CLIENT)).replace("\"tid\":8", "\"tid\":9"),
    ];
    for (nth, ending) in endings.into_iter().enumerate() {
        let model = linked(&(connected() + &waits(8, 8, CLIENT) + &ending));
        assert_eq!(counts(&model)[0], usize::from(nth >= 2), "{nth}");
    }
}

#[test]
fn a_virtual_thread_waits_without_a_thread() {
    let other = call(8, 2, "socket", (50, 50), "\"fd\":5,\"transport\":\"udp\",\"outcome\":\"ok\"");
    let parked = begin(8, None, "recv", 8, CLIENT);
    assert_eq!(counts(&linked(&(connected() + &parked + &other)))[0], 1);
    let recv = call(8, 3, "recv", (8, 60), &format!("{CLIENT},\"room\":9,\"bytes\":0,\"outcome\":\"ok\""));
    assert_eq!(counts(&linked(&(connected() + &parked + &other + &recv)))[0], 0);
    let close = call(8, 3, "close", (60, 60), &format!("{CLIENT},\"outcome\":\"ok\""));
    assert_eq!(counts(&linked(&(connected() + &parked + &other + &close)))[0], 0);
}

#[test]
fn a_wait_for_several_sockets_is_a_wait_and_no_message() {
    let select = "\"fd\":-1,\"waited_in\":[0,3,4],\"ready_in\":[4],\"outcome\":\"ok\"";
    let nothing = "\"fd\":-1,\"waited_in\":[3],\"outcome\":\"timeout\"";
    let unknown = "\"fd\":-1,\"waited_in\":[77],\"ready_in\":[77],\"outcome\":\"ok\"";
    let sent = "\"room\":5,\"bytes\":5,\"data\":\"hello\",\"outcome\":\"ok\"";
    let lines = connected()
        + &call(7, 4, "select", (9, 30), select)
        + &call(8, 2, "send", (20, 21), &format!("{CLIENT},{sent}"))
        + &call(
            7,
            5,
            "recv",
            (31, 31),
            &format!("{CONNECTION},{}", sent.replace(":5,\"bytes\"", ":9,\"bytes\"")),
        )
        + &call(7, 6, "select", (32, 50), nothing)
        + &call(7, 7, "select", (51, 52), unknown)
        + &begin(7, Some(7), "epoll_wait", 60, "\"fd\":9,\"waited_in\":[3,4]");
    // Of ordinals, the wait may end with the step at which it began.
    for (model, has_times) in [(linked(&lines), true), (normalize(linked(&lines)), false)] {
        let drawn = text(&model, &wide());
        let begins = drawn.find("select(server, connection, 1 other)").expect(&drawn);
        let sends = drawn.find("client.send(\"hello\")").expect(&drawn);
        let returns = drawn.rfind("= connection ").expect(&drawn);
        assert!(begins < returns && sends < returns, "{drawn}");
        assert!(begins < sends || !has_times, "{drawn}");
        assert!(drawn.contains("= time is over"), "{drawn}");
        assert!(drawn.contains("epoll_wait(server, connection) still"), "{drawn}");
        assert_eq!(drawn.matches("select(").count(), 2, "{drawn}");
        assert!(!drawn.contains('✗'), "{drawn}");
        assert_eq!(model.messages.iter().filter(|message| message.data.is_some()).count(), 1);
        let page = html(&model, &PageOptions::default());
        assert!(page.contains("returns: connection ready") && page.contains("man 2 epoll_wait"));
    }
}

/// Another thread closes a connection that a wait is for, and its descriptor is used again before the wait ends.
#[test]
fn a_wait_is_for_the_sockets_that_were_open_when_it_began() {
    let closes = call(7, 4, "close", (12, 12), &format!("{CONNECTION},\"outcome\":\"ok\""));
    let next = CONNECTION.replace("\"fd\":4", "\"fd\":3,\"accepted\":4").replace("50001", "50002");
    let accepts = call(7, 5, "accept", (13, 14), &format!("{next},\"outcome\":\"ok\""));
    let waits = call(7, 6, "poll", (10, 20), "\"fd\":-1,\"waited_in\":[4],\"outcome\":\"timeout\"");
    let in_a_thread = |line: &str| line.replace("\"tid\":7", "\"tid\":70");
    let lines = connected() + &in_a_thread(&closes) + &in_a_thread(&accepts) + &waits;
    let model = linked(&lines);
    let wait = model.steps.iter().find(|step| step.call.call == "poll").unwrap();
    let first = model.steps.iter().find_map(|step| step.accepted).unwrap();
    assert_eq!(wait.waited, [first]);
}

/// A connect that returned before the connection was made, as a non-blocking one does.
#[test]
fn a_connect_that_goes_on_is_the_one_of_its_connection() {
    let ok = format!("{CLIENT},\"outcome\":\"ok\"");
    let lines = connected();
    for (outcome, again, setups) in
        [("EINPROGRESS", true, 1), ("EINPROGRESS", false, 0), ("ETIMEDOUT", true, 0)]
    {
        let failed =
            "\"fd\":3,\"transport\":\"tcp\",\"local\":\"127.0.0.1:50001\",\"peer\":\"127.0.0.1:12000\"";
        let mut lines = lines.replace(&ok, &format!("{failed},\"outcome\":\"{outcome}\""));
        if again {
            lines.push_str(&call(8, 2, "send", (9, 9), &format!("{ok},\"bytes\":2,\"room\":2")));
        }
        let drawn = text(&linked(&lines), &wide());
        let made =
            drawn.lines().filter(|line| line.contains("setup") && !line.contains("no send seen")).count();
        assert_eq!(made, setups, "{outcome} {again}: {drawn}");
        let goes_on = outcome == "EINPROGRESS";
        assert_eq!(drawn.contains("connect(127.0.0.1:12000) in progress"), goes_on, "{drawn}");
        assert_eq!(drawn.contains(&format!("✗ {outcome}")), !goes_on, "{drawn}");
    }
}

/// Its line comes when the program learns how it ended, after calls that waited for its effects.
#[test]
fn a_connect_comes_before_the_calls_that_its_thread_made_while_it_went_on() {
    let udp = |fd: i32, local: u16, rest: &str| {
        format!("\"fd\":{fd},\"transport\":\"udp\",\"local\":\"127.0.0.1:{local}\",\"outcome\":\"ok\"{rest}")
    };
    let to = |peer: u16| format!(",\"peer\":\"127.0.0.1:{peer}\",\"room\":4,\"bytes\":2,\"data\":\"go\"");
    let ok = format!("{CLIENT},\"outcome\":\"ok\"");
    let connect = call(8, 1, "connect", (6, 7), &ok);
    let late = call(8, 12, "connect", (6, 30), &ok);
    let lines = connected().replace(&connect, &late)
        + &call(8, 10, "bind", (5, 5), &udp(5, 50002, ""))
        + &call(7, 4, "sendto", (9, 9), &udp(6, 50003, &to(50002)))
        + &call(8, 11, "recvfrom", (10, 10), &udp(5, 50002, &to(50003)));
    for model in [linked(&lines), normalize(linked(&lines))] {
        assert_eq!(model.remarks, ["sockets whose making was not recorded: 2"]);
        let order: Vec<_> = model.steps.iter().map(|step| &*step.call.call).skip(5).collect();
        assert_eq!(order, ["connect", "accept", "sendto", "recvfrom"]);
    }
}

/// A server that a link stands before.
#[test]
fn a_bind_is_drawn_as_the_program_asked_for_it() {
    let ok = |local: &str| format!("\"fd\":3,\"transport\":\"tcp\",\"local\":\"{local}\",\"outcome\":\"ok\"");
    let lines = connected().replace("127.0.0.1:12000", "127.0.0.1:40001");
    let bound = ok("127.0.0.1:40001");
    let moved = bound.replace("\"outcome\"", "\"asked\":\"127.0.0.1:40000\",\"outcome\"");
    let lines = lines.replace(&format!("\"call\":\"bind\",{bound}"), &format!("\"call\":\"bind\",{moved}"));
    // The link, whose name is before the server's.
    let link = r#"{"event":"process","capsock":1,"pid":9,"program":"a link","language":"rust","at":4500000,"wall":1}"#;
    let listens = |name: &str, seq, rest: &str| {
        let rest = format!("{}{rest}", ok("127.0.0.1:40000"));
        call(9, seq, name, (4, 4), &rest)
    };
    let made = call(9, 0, "socket", (4, 4), "\"fd\":3,\"transport\":\"tcp\",\"outcome\":\"ok\"");
    let of_link = [made, listens("bind", 1, ""), listens("listen", 2, ",\"argument\":1")].concat();
    let model = linked(&format!("{lines}{link}\n{of_link}"));
    let (plain, normal) = (text(&model, &wide()), text(&normalize(model), &wide()));
    assert!(plain.contains("server.bind(127.0.0.1:40000)"), "{plain}");
    assert!(plain.contains("client.connect(127.0.0.1:40001)"), "{plain}");
    for drawn in [&plain, &normal] {
        let first = drawn.lines().next().unwrap();
        let columns: Vec<_> = first.split("  ").map(str::trim).filter(|name| !name.is_empty()).collect();
        assert_eq!(columns, ["server.py", "a link", "client.py"], "{drawn}");
    }
    assert!(normal.contains("server.bind(127.0.0.1:50002)"), "{normal}");
    assert!(normal.contains("client.connect(127.0.0.1:50003)"), "{normal}");
}
