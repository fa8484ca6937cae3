//! The names of the probes, and what each shows.

use capsock::Transport;

use crate::options::Role;

/// A probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Its name.
    pub name: &'static str,
    /// The transports that it is for.
    pub transports: &'static [Transport],
    /// What a program shows that passes it.
    pub shows: &'static str,
}

const BOTH: &[Transport] = &[Transport::Tcp, Transport::Udp];
const TCP: &[Transport] = &[Transport::Tcp];
const UDP: &[Transport] = &[Transport::Udp];

const fn probe(name: &'static str, transports: &'static [Transport], shows: &'static str) -> Probe {
    Probe { name, transports, shows }
}

const SERVER: &[Probe] = &[
    probe("answers", BOTH, "a request gets its reply: \"hello\" gives \"HELLO\""),
    probe("unicode", BOTH, "letters of any script come back whole, in upper case"),
    probe("empty", BOTH, "a client that sends nothing does no harm"),
    probe("not-text", BOTH, "bytes that are no UTF-8 do no harm"),
    probe("long", BOTH, "a long request gets a reply as long"),
    probe("exact", BOTH, "the reply has no byte too many, also after a longer one"),
    probe("two-clients", BOTH, "each of two clients gets its own reply"),
    probe("silent-client", TCP, "a client that says nothing does not keep others waiting"),
    probe("split", TCP, "a request that arrives in two pieces is one request"),
    probe("joined", TCP, "two requests that arrive in one piece are two requests"),
    probe("leaves", TCP, "a client that closes its connection early does no harm and leaves nothing behind"),
    probe("reset", TCP, "a client whose connection is reset does no harm and leaves nothing behind"),
    probe("half-close", TCP, "a client that has sent its last request still gets the reply"),
    probe("many", BOTH, "50 clients at once get a reply each, their own"),
    probe("keeps-well", BOTH, "2,000 requests leave no descriptor, thread, process or memory behind"),
    probe("restarts", BOTH, "the server can be stopped by Ctrl-C and started again at once"),
];

const CLIENT: &[Probe] = &[
    probe("asks", BOTH, "what is typed arrives, the reply is printed, and the exit status is 0"),
    probe("pieces", TCP, "a reply that arrives in two pieces is printed whole"),
    probe("no-server", BOTH, "without a server the client reports an error, and does not hang"),
    probe("lost-reply", UDP, "without a reply the client asks again or reports an error, and does not hang"),
    probe("stranger", UDP, "a datagram of somebody else is not taken for the reply"),
    probe("empty-line", BOTH, "an empty line does not make the client hang"),
    probe("unicode", BOTH, "letters of any script arrive, and the reply is printed whole"),
    probe("long", BOTH, "a long line arrives, and the reply is printed whole"),
];

/// The probes for a program, in the order in which they are put.
pub fn probes(role: Role, transport: Transport) -> impl Iterator<Item = &'static Probe> {
    let all = match role {
        Role::Server => SERVER,
        Role::Client => CLIENT,
    };
    all.iter().filter(move |probe| probe.transports.contains(&transport))
}
