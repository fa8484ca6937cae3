//! What is to hold of every trace: the order of its lines does not matter, bytes are neither lost nor made up, and no
//! effect comes before its cause.

use std::collections::BTreeMap;

use capsock_figure::{
    Conversation, MessageKind, Model, PageOptions, TextOptions, gantt_text, html, link, mermaid, normalize,
    perfetto, read, svg, text,
};
use serde_json::Value;

use super::golden::ALL;
use super::random::Random;
use super::script::{TICK, lines, trace};
use super::{model, scripts};

fn linked(trace: &str) -> Model {
    link(read([("trace.jsonl", trace.as_bytes())]).unwrap())
}

fn drawn(model: &Model) -> String {
    text(model, &TextOptions::default())
}

fn normal(model: Model) -> String {
    text(&normalize(model), &TextOptions { ordinals: true, ..TextOptions::default() })
}

/// The lines with those of different processes in another order.
fn mixed(lines: &[(u32, String)], random: &mut Random) -> Vec<String> {
    let mut of_process: BTreeMap<u32, Vec<&String>> = BTreeMap::new();
    for (pid, line) in lines.iter().rev() {
        of_process.entry(*pid).or_default().push(line);
    }
    let mut mixed = Vec::new();
    while !of_process.is_empty() {
        let pids: Vec<_> = of_process.keys().copied().collect();
        let pid = *random.of(&pids);
        let rest = of_process.get_mut(&pid).unwrap();
        mixed.push(rest.pop().unwrap().clone());
        if rest.is_empty() {
            of_process.remove(&pid);
        }
    }
    mixed
}

#[test]
fn the_order_of_lines_and_files_does_not_matter() {
    let mut random = Random::new(1);
    for (name, script) in ALL {
        let (lines, expected) = (lines(script), drawn(&model(script)));
        for _ in 0..20 {
            assert_eq!(drawn(&linked(&mixed(&lines, &mut random).join("\n"))), expected, "{name}");
        }
        let mut files: BTreeMap<u32, String> = BTreeMap::new();
        for (pid, line) in &lines {
            files.entry(*pid).or_default().extend([line, "\n"]);
        }
        let backwards = files.values().rev().map(|file| ("", file.as_bytes()));
        assert_eq!(drawn(&link(read(backwards).unwrap())), expected, "{name}");
    }
}

/// The same run with other pids, threads, ports, descriptors and, within a third of a second, times.
fn rerun(script: &str, random: &mut Random) -> String {
    let mut late: BTreeMap<u64, u64> = BTreeMap::new();
    let ports = (random.below(9000), 40_000 + random.below(1000));
    let fd = random.below(5);
    let mut text = String::new();
    for (_, line) in lines(script) {
        let mut line: Value = serde_json::from_str(&line).unwrap();
        let pid = line["pid"].as_u64().unwrap();
        // Each process runs a bit later than it did, and ever more so.
        let more = random.below(TICK / 10);
        let late = late.entry(pid).and_modify(|late| *late += more).or_insert(more);
        for key in ["at", "begin", "end"] {
            if let Some(time) = line[key].as_u64() {
                line[key] = (time + *late + 77 * TICK).into();
            }
        }
        for key in ["pid", "tid", "parent"] {
            if let Some(number) = line[key].as_u64() {
                line[key] = (number * 3 + ports.0).into();
            }
        }
        for key in ["fd", "accepted"] {
            if let Some(number) = line[key].as_u64() {
                line[key] = (number + fd).into();
            }
        }
        let mut line = line.to_string();
        for ephemeral in 50_001..50_003 {
            line = line.replace(&format!(":{ephemeral}\""), &format!(":{}\"", ports.1 + 50_003 - ephemeral));
        }
        text += &(line.replace(":50123\"", &format!(":{}\"", ports.1)) + "\n");
    }
    text
}

#[test]
fn normalised_runs_that_did_the_same_give_the_same() {
    let mut random = Random::new(2);
    for (name, script) in ALL {
        let expected = normal(model(script));
        for _ in 0..30 {
            let again = normal(linked(&rerun(script, &mut random)));
            assert!(again == expected, "{name}:\n{expected}\n{again}");
        }
    }
}

#[test]
fn no_effect_comes_before_its_cause_whatever_the_clocks_say() {
    let mut random = Random::new(3);
    for (name, script) in ALL {
        let right = model(script);
        for _ in 0..30 {
            let mut ahead: BTreeMap<u64, u64> = BTreeMap::new();
            let mut text = String::new();
            for (_, line) in lines(script) {
                let mut line: Value = serde_json::from_str(&line).unwrap();
                // A child has the clock of its parent.
                let machine = line["pid"].as_u64().unwrap() % 200;
                let ahead = ahead.entry(machine).or_insert_with(|| random.below(90 * TICK));
                for key in ["at", "begin", "end"] {
                    if let Some(time) = line[key].as_u64() {
                        line[key] = (time + *ahead).into();
                    }
                }
                text += &(line.to_string() + "\n");
            }
            let model = linked(&text);
            for message in &model.messages {
                assert!(
                    message.from.zip(message.to).is_none_or(|(from, to)| from < to),
                    "{name}: {message:?}"
                );
            }
            let arrows = |model: &Model| {
                let mut all: Vec<_> = model
                    .messages
                    .iter()
                    .map(|message| {
                        let at = |step: Option<usize>| {
                            step.map(|step| (model.steps[step].call.pid, model.steps[step].call.seq))
                        };
                        (at(message.from), at(message.to), message.offset, message.bytes)
                    })
                    .collect();
                all.sort_unstable();
                all
            };
            // Datagrams that got lost are told by time, and cannot be where clocks are wrong.
            if name != "lost" {
                assert_eq!(arrows(&model), arrows(&right), "{name}");
            }
        }
    }
}

#[test]
fn streams_keep_their_bytes_however_they_are_cut() {
    let text = "the quick brown fox jumps over the lazy dog and goes on";
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let pieces = |limit: usize, random: &mut Random| {
            let mut cuts = vec![0];
            while *cuts.last().unwrap() < limit {
                cuts.push((cuts.last().unwrap() + 1 + random.below(20) as usize).min(limit));
            }
            cuts
        };
        let limits = [text.len() - random.below(20) as usize, text.len() - random.below(20) as usize];
        let (sends, receives) = (pieces(limits[0], &mut random), pieces(limits[1], &mut random));
        let mut script = String::from(
            "server a c\nclient b c\nserver socket 3 tcp\nserver bind 3 local=127.0.0.1:12000\nserver listen 3\n\
             client socket 3 tcp\nclient connect 3 local=127.0.0.1:50123 peer=127.0.0.1:12000\n\
             server accept 3 accepted=4 local=127.0.0.1:12000 peer=127.0.0.1:50123\n",
        );
        for (who, cuts) in [("client send 3", &sends), ("server recv 4", &receives)] {
            for cut in cuts.windows(2) {
                script += &format!("{who} data={}\n", text[cut[0]..cut[1]].replace(' ', "␠"));
            }
        }
        let model = linked(&trace(&script));
        let mut next = 0;
        for message in model.messages.iter().filter(|message| message.kind == MessageKind::Stream) {
            if message.from.is_some() && message.to.is_some() {
                assert_eq!(message.offset, next);
                next += message.bytes;
            }
            let (from, bytes) = (message.offset as usize, message.bytes as usize);
            assert_eq!(message.data.as_deref(), Some(&text.as_bytes()[from..from + bytes]), "{seed}");
        }
        assert_eq!(next as usize, limits[0].min(limits[1]), "{seed}");
    }
}

#[test]
fn a_trace_may_begin_in_the_middle_of_a_run() {
    for (name, script) in ALL {
        let lines = lines(script);
        for first in 0..lines.len() {
            let text: String = lines[first..].iter().map(|(_, line)| line.clone() + "\n").collect();
            let model = linked(&text);
            let calls = text.matches("\"event\":\"call\"").count();
            assert_eq!(model.steps.len(), calls, "{name}");
            assert!(model.steps.iter().all(|step| !model.sockets[step.socket].name.is_empty()), "{name}");
        }
    }
    // Nothing is seen of the sockets' making, but their addresses tell who talks with whom.
    let middle: Vec<_> = lines(scripts::UDP)
        .into_iter()
        .map(|(_, line)| line)
        .filter(|line| !line.contains("\"socket\"") && !line.contains("\"bind\""))
        .collect();
    let model = linked(&middle.join("\n"));
    assert_eq!(
        model.messages.iter().filter(|message| message.from.is_some() && message.to.is_some()).count(),
        2
    );
    assert_eq!(model.remarks, ["sockets whose making was not recorded: 2"]);
}

#[test]
fn a_descriptor_used_again_is_another_socket_and_an_inherited_one_the_same() {
    let names =
        |script: &str| model(script).sockets.into_iter().map(|socket| socket.name).collect::<Vec<_>>();
    assert_eq!(names(scripts::ITERATIVE), ["server", "client", "connection1", "client", "connection2"]);
    let forked = model(scripts::FORKED);
    assert_eq!(names(scripts::FORKED), ["server", "client", "connection"]);
    assert_eq!((forked.programs.len(), forked.programs[0].pids.len()), (2, 2));
}

#[test]
fn a_long_run_is_folded_and_says_so() {
    let mut script = String::from(
        "server s c\nclient c c\nserver socket 3 udp\nserver bind 3 local=127.0.0.1:9\nclient socket 3 udp\n",
    );
    for round in 0..1_000 {
        let number = format!("{round:05}");
        script += &format!("client sendto 3 local=127.0.0.1:50123 peer=127.0.0.1:9 data={number}\n");
        script += &format!("server recvfrom 3 peer=127.0.0.1:50123 room=99 data={number}\n");
        script += &format!("server sendto 3 peer=127.0.0.1:50123 data={number}{number}\n");
        script += &format!("client recvfrom 3 peer=127.0.0.1:9 room=99 data={number}{number}\n");
    }
    let model = linked(&trace(&script));
    assert!(model.messages.iter().all(|message| message.to == message.from.map(|from| from + 1)));
    let (figure, diagram) = (drawn(&model), mermaid(&model));
    assert!(figure.contains("⋮ 999 more rounds of the 6 rows above, 3,996 calls"), "{figure}");
    assert!(diagram.contains("999 more rounds of the 6 lines above, 3996 calls"), "{diagram}");
    // Rounds that differ each time are left out in the middle.
    let mut random = Random::new(5);
    let calls: Vec<_> = (0..3_000)
        .map(|_| {
            *random.of(&["sendto 3 peer=127.0.0.1:9", "recvfrom 3 outcome=timeout", "bind 3 outcome=EINVAL"])
        })
        .collect();
    let model = linked(&trace(
        &("client c c\nclient socket 3 udp\n".to_owned()
            + &calls.iter().map(|call| format!("client {call}\n")).collect::<String>()),
    ));
    let figure = drawn(&model);
    assert!(figure.contains("calls are not drawn"), "{figure}");
    assert!(figure.lines().count() < 2_000 && mermaid(&model).len() < 50_000);
}

/// A trace that no program wrote: any call on any descriptor with any address.
fn nonsense(random: &mut Random) -> String {
    let calls =
        "socket bind listen accept connect send recv sendto recvfrom sendmsg recvmsg shutdown close dup";
    let calls: Vec<_> = calls.split(' ').collect();
    let addresses =
        ["127.0.0.1:1", "0.0.0.0:1", "[::ffff:127.0.0.1]:2", "[::]:2", "255.255.255.255:3", "10.0.0.1:50000"];
    let numbers = [0, 1, 2, 3, 10, 1_000_000_000, i64::MAX as u64];
    let mut text = String::new();
    for _ in 0..60 {
        let pid = 1 + random.below(3);
        let times = [*random.of(&numbers), *random.of(&numbers)];
        let (begin, end) = (times[0].min(times[1]), times[0].max(times[1]));
        let mut line = serde_json::json!({
            "event": "call", "capsock": 1, "pid": pid, "tid": pid + random.below(2), "seq": random.below(30),
            "begin": begin, "end": end, "blocked": random.of(&numbers),
            "call": random.of(&calls), "fd": random.below(4) as i64 - 1, "transport": random.of(&["tcp", "udp"]),
            "outcome": random.of(&["ok", "ok", "ok", "ECONNRESET", "timeout", "closed"]),
            "accepted": random.below(4), "bytes": random.of(&[0, 1, 2, 3, u64::from(u32::MAX)]), "room": random.of(&numbers), "data": "ab",
        });
        for key in ["local", "peer", "accepted", "bytes", "room", "data"] {
            let address = *random.of(&addresses);
            match (random.below(3), key) {
                (0, _) => drop(line.as_object_mut().unwrap().remove(key)),
                (_, "local" | "peer") => line[key] = address.into(),
                _ => {}
            }
        }
        let lists = |random: &mut Random, line: &mut Value| {
            for key in ["waited_in", "waited_out", "ready_in", "ready_out"] {
                line[key] = (0..random.below(3)).map(|_| random.below(5) as i64 - 1).collect();
            }
        };
        if random.below(5) == 0 {
            line["call"] = (*random.of(&["select", "poll", "epoll_wait"])).into();
            line.as_object_mut().unwrap().remove("transport");
            lists(random, &mut line);
        }
        text += &(line.to_string() + "\n");
        if random.below(3) == 0 {
            line["event"] = "begin".into();
            line["at"] = end.into();
            if random.below(4) == 0 {
                line.as_object_mut().unwrap().remove("tid");
            }
            text += &(line.to_string() + "\n");
        }
        if random.below(9) == 0 {
            let language = *random.of(&["c", "java", "python", "rust"]);
            let at = *random.of(&numbers);
            text += &format!(
                "{{\"event\":\"process\",\"capsock\":1,\"pid\":{pid},\"parent\":{},\"program\":\"p\",\"language\":\"{language}\",\"at\":{at},\"wall\":{}}}\n",
                random.below(5),
                random.of(&numbers)
            );
        }
    }
    text
}

#[test]
fn any_events_are_drawn() {
    let mut random = Random::new(6);
    for _ in 0..25 {
        let text = nonsense(&mut random);
        for model in [linked(&text), normalize(linked(&text)), linked(&text).without_payload()] {
            let options = TextOptions { width: 40 + random.below(90) as usize, ..TextOptions::default() };
            let drawn = capsock_figure::text(&model, &options);
            for drawn in [drawn, gantt_text(&model, &options)] {
                let long = drawn.lines().find(|line| line.chars().count() > options.width);
                assert_eq!(long, None, "{}", options.width);
            }
            assert!(!mermaid(&model).is_empty());
            assert!(serde_json::from_str::<Value>(&perfetto(&model)).is_ok());
            assert!(!svg(&model, &PageOptions::default()).is_empty());
            assert!(!html(&model, &PageOptions::default()).is_empty());
        }
    }
}

#[test]
fn a_datagram_that_was_waited_for_is_the_last_one_sent() {
    // The client sends the same again and again; what does not get lost is received at once.
    let mut random = Random::new(7);
    let mut script = String::from(
        "server s c\nclient c c\nserver socket 3 udp\nserver bind 3 local=127.0.0.1:9\nclient socket 3 udp\n",
    );
    let (mut tick, mut sent, mut since, mut arrived) = (5, 0, 5, Vec::new());
    for _ in 0..1_000 {
        script += "client sendto 3 local=127.0.0.1:50123 peer=127.0.0.1:9 data=hello\n";
        (tick, sent) = (tick + 1, sent + 1);
        if random.below(2) == 0 {
            script += &format!("server recvfrom 3 peer=127.0.0.1:50123 room=99 data=hello since={since}\n");
            tick += 1;
            since = tick;
            arrived.push(sent);
        }
    }
    let model = linked(&trace(&script));
    let received = model.messages.iter().filter(|message| message.to.is_some());
    // A client's first call is socket.
    let nth = |step: usize| model.steps[step].call.seq - 1;
    assert_eq!(received.map(|message| message.from.map_or(0, nth)).collect::<Vec<_>>(), arrived);
}

#[test]
fn a_program_whose_address_is_in_use_was_to_be_a_server() {
    let model = model(
        "
        server TCPServer.py python
        again TCPServer.py python
        client TCPClient.py python
        server socket 3 tcp
        server bind 3 local=0.0.0.0:12000
        server listen 3 argument=1
        again socket 3 tcp
        again bind 3 outcome=EADDRINUSE
        client socket 3 tcp
        client bind 3 local=127.0.0.1:50001
        client connect 3 local=127.0.0.1:50001 peer=127.0.0.1:12000
        ",
    );
    let serves: Vec<_> = model.programs.iter().map(|program| program.serves).collect();
    assert_eq!(serves, [true, true, false]);
}

#[test]
fn the_other_end_is_not_traced_if_its_address_is_of_no_recorded_socket() {
    let udp_server = "
        server UDPServer.py python
        server socket 3 udp
        server bind 3 local=0.0.0.0:12000
        server recvfrom 3 peer=127.0.0.1:50123 room=2048 data=hello
        server sendto 3 peer=127.0.0.1:50123 data=HELLO
        server sendto 3 peer=127.0.0.1:50999 data=nobody";
    let udp_client = "
        client UDPClient.py python
        client socket 3 udp
        client sendto 3 local=0.0.0.0:50123 peer=127.0.0.1:53 data=lost
        client sendto 3 local=0.0.0.0:50123 peer=127.0.0.1:53 data=hello
        client recvfrom 3 peer=127.0.0.1:53 room=2048 data=HELLO";
    let tcp_client = "
        client TCPClient.py python
        client socket 3 tcp
        client connect 3 local=127.0.0.1:50123 peer=127.0.0.1:80
        client send 3 data=hello
        client recv 3 data=HELLO room=64
        client recv 3 room=64
        client socket 4 tcp
        client connect 4 peer=127.0.0.1:81 outcome=ECONNREFUSED";
    let never_accepted = "
        server TCPServer.py python
        server socket 3 tcp
        server bind 3 local=0.0.0.0:80
        server listen 3 argument=1
        client TCPClient.py python
        client socket 3 tcp
        client connect 3 local=127.0.0.1:50123 peer=127.0.0.1:80
        client send 3 data=hello";
    let cases: [(&str, &str, usize, usize); 6] = [
        ("a browser", scripts::BROWSER, 9, 0),
        ("a client over UDP", udp_server, 2, 1),
        ("a server over UDP", udp_client, 3, 0),
        ("a server over TCP", tcp_client, 4, 1),
        ("a server that does not accept", never_accepted, 0, 2),
        ("a datagram that got lost", scripts::LOST, 0, 1),
    ];
    for (what, script, untraced, unmatched) in cases {
        let messages = model(script).messages;
        let one_end = || messages.iter().filter(|message| message.from.is_none() || message.to.is_none());
        let found = one_end().filter(|message| message.untraced).count();
        assert_eq!((found, one_end().count() - found), (untraced, unmatched), "{what}: {messages:?}");
        let both = messages.iter().filter(|message| message.from.is_some() && message.to.is_some());
        assert!(both.clone().all(|message| !message.untraced), "{what}");
    }
}

#[test]
fn a_request_without_a_reply_is_not_served_and_an_idle_client_may_hold_the_server() {
    // The client, the second process, is not traced.
    let of_server = |(pid, line): (u32, String)| (pid == 100).then(|| line + "\n");
    let server_alone: String = lines(scripts::PINGS).into_iter().filter_map(of_server).collect();
    // As many replies as requests, in another order.
    let overlapping = "
        server UDPServer.py python
        server socket 3 udp
        server bind 3 local=0.0.0.0:12000
        server recvfrom 3 peer=127.0.0.1:50123 room=64 data=one
        server recvfrom 3 peer=127.0.0.1:50123 room=64 data=two
        server sendto 3 peer=127.0.0.1:50123 data=ONE
        server sendto 3 peer=127.0.0.1:50123 data=TWO";
    // An event loop does not block in the receives of a connection.
    let event_loop = scripts::ITERATIVE.replace(" since=9", "");
    let cases = [
        ("a client's timeouts", model(scripts::PINGS), [2, 2, 0]),
        ("a server's receives", linked(&server_alone), [2, 2, 0]),
        ("overlapping requests", model(overlapping), [1, 0, 0]),
        ("an iterative server", model(scripts::ITERATIVE), [2, 0, 1]),
        ("an event loop", model(&event_loop), [2, 0, 0]),
        ("a thread for each client", model(scripts::CONCURRENT), [2, 0, 0]),
    ];
    for (what, linked, expected) in cases {
        for model in [linked.clone(), normalize(linked)] {
            let sum =
                |count: fn(&Conversation) -> usize| model.conversations.iter().map(count).sum::<usize>();
            let found =
                [sum(|one| one.served.len()), sum(|one| one.unanswered.len()), sum(|one| one.held.len())];
            assert_eq!(found, expected, "{what}: {:?}", model.conversations);
        }
    }
    let waits: Vec<_> =
        model(scripts::PINGS).conversations[0].unanswered.iter().map(|(begin, end)| end - begin).collect();
    assert!(waits.iter().all(|wait| (1_000_000_000..1_010_000_000).contains(wait)), "{waits:?}");
}

#[test]
fn only_some_programs_are_drawn_and_what_went_to_the_others() {
    let all = model(scripts::ITERATIVE);
    assert_eq!(all.clone().only(&["TCPServer.py", "nobody"]), Err("nobody"));
    let mut everything = all.clone().only(&["TCPServer.py", "TCPClient.py"]).unwrap();
    assert_eq!(everything, all);
    everything = all.clone().only(&["TCPServer.py"]).unwrap();
    assert_eq!((everything.programs.len(), everything.conversations.len()), (1, 0));
    let second = all.clone().only(&["TCPServer.py", "TCPClient.py 2"]).unwrap();
    let names: Vec<_> = second.programs.iter().map(|program| &*program.name).collect();
    assert_eq!(names, ["TCPServer.py", "TCPClient.py 2"]);
    assert_eq!(second.messages.len(), all.messages.len());
    let hidden = second.messages.iter().filter(|message| message.untraced).count();
    assert_eq!((hidden, second.hidden, second.conversations.len()), (3, true, 1));
    let client_alone = all.clone().only(&["TCPClient.py 2"]).unwrap();
    assert_eq!(client_alone.messages.len(), 3);
    for model in [everything, second, client_alone] {
        for step in &model.steps {
            let was = all.steps.iter().find(|was| was.call == step.call).unwrap();
            assert_eq!(model.programs[step.program], all.programs[was.program]);
            assert_eq!(model.sockets[step.socket].name, all.sockets[was.socket].name);
        }
        let drawn = text(&model, &TextOptions::default());
        assert!(drawn.contains("other programs") && drawn.contains("calls are not shown"), "{drawn}");
        assert!(svg(&model, &PageOptions::default()).contains(">other programs</text>"));
        assert!(html(&model, &PageOptions::default()).contains(" a program that is not shown"));
        assert!(mermaid(&model).contains(" as other programs\n"));
    }
}

#[test]
fn a_range_of_calls_is_drawn_with_the_numbers_that_they_have() {
    let all = model(scripts::TCP);
    let rows = Some((4, 7));
    let picture = svg(&all, &PageOptions { rows, ..PageOptions::default() });
    for number in 1..=12 {
        let title = format!("<title>{number}: ");
        assert_eq!(picture.contains(&title), (4..=7).contains(&number), "{number}: {picture}");
    }
    let drawn = text(&all, &TextOptions { rows, ..TextOptions::default() });
    assert!(drawn.contains("client.connect(") && !drawn.contains("client.close()"), "{drawn}");
    let nothing = PageOptions { rows: Some((100, 200)), ..PageOptions::default() };
    for script in [scripts::TCP, scripts::BROWSER] {
        assert!(!svg(&model(script), &nothing).contains("<title>1: "));
    }
}
