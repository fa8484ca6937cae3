//! The phases of each client over time (connecting, queued, served and others), from which the Gantt charts are drawn.

use super::{Conversation, Model};

/// The rows, and their time span.
pub(super) struct Gantt {
    pub(super) begin: u64,
    pub(super) end: u64,
    pub(super) rows: Vec<Row>,
}

/// The row of a conversation.
pub(super) struct Row {
    pub(super) label: String,
    /// In order of time, without overlaps.
    pub(super) segments: Vec<Segment>,
}

/// An interval of time in one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) phase: Phase,
    pub(super) begin: u64,
    pub(super) end: u64,
}

/// The phase of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its connect has not returned.
    Connecting,
    /// It is connected, and no accept has taken it.
    Queued,
    /// The server has received its request and has not sent the reply.
    Served,
    /// The server's thread that accepts connections waits for this client's request, and can accept no other client.
    Holding,
    /// The client waits for a reply that does not come.
    Unanswered,
    /// The connection is accepted, and the server waits for a request or serves other clients.
    Waiting,
}

impl Phase {
    pub(super) const ALL: [Self; 6] =
        [Self::Connecting, Self::Queued, Self::Served, Self::Holding, Self::Unanswered, Self::Waiting];

    /// The phases of the legend: the usual ones, and those that a row contains.
    pub(super) fn explained(gantt: &Gantt) -> impl Iterator<Item = Self> {
        let unusual = [Self::Holding, Self::Unanswered];
        let occurs = |phase| gantt.rows.iter().flat_map(|row| &row.segments).any(|one| one.phase == phase);
        Self::ALL.into_iter().filter(move |phase| !unusual.contains(phase) || occurs(*phase))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Queued => "queued",
            Self::Served => "served",
            Self::Holding => "holds the server",
            Self::Unanswered => "no reply",
            Self::Waiting => "waiting",
        }
    }
}

/// The rows; with `until`, up to this time after the first one begins, in nanoseconds.
pub(super) fn layout(model: &Model, until: Option<u64>) -> Gantt {
    // Without a connect, the row begins with the client's first send.
    let mut sends: Vec<Option<u64>> = vec![None; model.sockets.len()];
    let mut last = 0;
    for step in &model.steps {
        last = last.max(step.call.end);
        if step.call.call.starts_with("send") {
            sends[step.socket].get_or_insert(step.call.begin);
        }
    }
    let mut rows: Vec<Row> = model
        .conversations
        .iter()
        .map(|one| Row {
            label: label(model, one),
            segments: segments(one, one.client.and_then(|client| sends[client]), last),
        })
        .collect();
    let all = || rows.iter().flat_map(|row| &row.segments);
    let begin = all().map(|segment| segment.begin).min().unwrap_or(0);
    let end = all().map(|segment| segment.end).max().unwrap_or(begin);
    let end = until.map_or(end, |until| begin.saturating_add(until));
    for row in &mut rows {
        row.segments.retain(|segment| segment.begin < end);
        row.segments.iter_mut().for_each(|segment| segment.end = segment.end.min(end));
    }
    Gantt { begin, end, rows }
}

/// The name of the client's program, with the socket's name if the program has several conversations.
fn label(model: &Model, one: &Conversation) -> String {
    let Some(client) = one.client else {
        return match one.server {
            Some(server) => format!("client of {}", model.sockets[server].name),
            None => "unseen client".to_owned(),
        };
    };
    let socket = &model.sockets[client];
    let others = model.conversations.iter().filter_map(|other| other.client);
    let several = others.filter(|&other| model.sockets[other].program == socket.program).nth(1).is_some();
    let program = &model.programs[socket.program].name;
    if several { format!("{program} {}", socket.name) } else { program.clone() }
}

fn segments(one: &Conversation, first_send: Option<u64>, last: u64) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut add = |phase, begin: u64, end: u64| {
        if begin < end {
            segments.push(Segment { phase, begin, end });
        }
    };
    let end = one.end.unwrap_or(last);
    let mut at = match one.connect {
        Some((begin, connected)) => {
            add(Phase::Connecting, begin, connected);
            // If accept returns before connect does, the connection was not queued.
            let accepted = one.accepted.unwrap_or(end).max(connected);
            add(Phase::Queued, connected, accepted);
            accepted
        }
        None => {
            let seen = one.served.first().into_iter().chain(one.unanswered.first()).map(|first| first.0);
            one.accepted.or(first_send).or(seen.min()).unwrap_or(end)
        }
    };
    let mut idle: Vec<Segment> = Vec::new();
    for (phase, intervals) in [(Phase::Unanswered, &one.unanswered), (Phase::Holding, &one.held)] {
        idle.extend(intervals.iter().map(|&(begin, end)| Segment { phase, begin, end }));
    }
    idle.sort_by_key(|segment| (segment.begin, segment.phase as u8));
    // Within a time in which it is not served, a client waits, unless something else is known of it.
    let mut unserved = |mut at: u64, until: u64| {
        for &Segment { phase, begin, end } in idle.iter().filter(|segment| segment.begin < until) {
            let (begin, end) = (begin.max(at), end.min(until));
            if begin < end {
                add(Phase::Waiting, at, begin);
                add(phase, begin, end);
                at = end;
            }
        }
        add(Phase::Waiting, at, until);
    };
    let mut served = Vec::with_capacity(one.served.len());
    for &(begin, done) in &one.served {
        let begin = begin.max(at);
        unserved(at, begin);
        served.push((Phase::Served, begin, done));
        at = at.max(done);
    }
    unserved(at, end);
    for (phase, begin, done) in served {
        add(phase, begin, done);
    }
    segments.sort_by_key(|segment| segment.begin);
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    type Phases = &'static [(Phase, u64, u64)];

    fn conversation() -> Conversation {
        Conversation::default()
    }

    #[test]
    fn a_client_is_in_one_phase_after_the_other() {
        use Phase::{Connecting, Holding, Queued, Served, Unanswered, Waiting};
        let tcp = Conversation {
            connect: Some((10, 20)),
            accepted: Some(50),
            served: vec![(60, 70), (65, 80)],
            end: Some(90),
            ..conversation()
        };
        let early =
            Conversation { connect: Some((10, 20)), accepted: Some(15), end: Some(30), ..conversation() };
        let never = Conversation { connect: Some((10, 20)), ..conversation() };
        let udp = Conversation { served: vec![(40, 50)], end: Some(60), ..conversation() };
        let holder = Conversation {
            connect: Some((10, 20)),
            accepted: Some(30),
            held: vec![(25, 60), (80, 95)],
            served: vec![(60, 70)],
            end: Some(90),
            ..conversation()
        };
        let pings = Conversation {
            served: vec![(15, 16), (42, 43), (65, 66)],
            unanswered: vec![(20, 40), (60, 80)],
            end: Some(80),
            ..conversation()
        };
        let cases: [(Conversation, Option<u64>, Phases); 6] = [
            (
                tcp,
                None,
                &[
                    (Connecting, 10, 20),
                    (Queued, 20, 50),
                    (Waiting, 50, 60),
                    (Served, 60, 70),
                    (Served, 70, 80),
                    (Waiting, 80, 90),
                ],
            ),
            (early, None, &[(Connecting, 10, 20), (Waiting, 20, 30)]),
            (never, None, &[(Connecting, 10, 20), (Queued, 20, 100)]),
            (udp, Some(30), &[(Waiting, 30, 40), (Served, 40, 50), (Waiting, 50, 60)]),
            (
                holder,
                None,
                &[
                    (Connecting, 10, 20),
                    (Queued, 20, 30),
                    (Holding, 30, 60),
                    (Served, 60, 70),
                    (Waiting, 70, 80),
                    (Holding, 80, 90),
                ],
            ),
            (
                pings,
                Some(14),
                &[
                    (Waiting, 14, 15),
                    (Served, 15, 16),
                    (Waiting, 16, 20),
                    (Unanswered, 20, 40),
                    (Waiting, 40, 42),
                    (Served, 42, 43),
                    (Waiting, 43, 60),
                    (Unanswered, 60, 65),
                    (Served, 65, 66),
                    (Unanswered, 66, 80),
                ],
            ),
        ];
        for (one, first_send, expected) in cases {
            let found: Vec<_> = segments(&one, first_send, 100)
                .into_iter()
                .map(|segment| (segment.phase, segment.begin, segment.end))
                .collect();
            assert_eq!(found, expected, "{one:?}");
        }
    }
}
