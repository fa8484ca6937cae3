//! Whether the clients ask where the server is: the textbook's programs have several ports, and one of a pair is easily
//! that of another.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use capsock_figure::{Model, Step};

/// A transport and a port.
type Port<'a> = (&'a str, u16);

/// If no client has asked at a port of a server: a sentence that says where each is.
pub(super) fn mismatch(model: &Model) -> Option<String> {
    let is_bound = |step: &&Step| {
        let binds = if step.call.transport == "udp" { "bind" } else { "listen" };
        model.programs[step.program].serves && step.call.call == binds && step.call.outcome == "ok"
    };
    let asks = |step: &&Step| {
        !model.programs[step.program].serves
            && (step.call.call == "connect" || step.call.call.starts_with("send"))
    };
    let servers = ports(model.steps.iter().filter(is_bound), |step| step.call.local);
    let clients = ports(model.steps.iter().filter(asks), |step| step.call.peer);
    if servers.is_empty() || clients.is_empty() || !servers.is_disjoint(&clients) {
        return None;
    }
    let (asked, bound) = (named(&clients), named(&servers));
    Some(format!("the client asks at {asked}, but the server is at {bound}: one of the two has to change"))
}

fn ports<'a>(
    steps: impl Iterator<Item = &'a Step>,
    address: impl Fn(&Step) -> Option<SocketAddr>,
) -> BTreeSet<Port<'a>> {
    steps.filter_map(|step| Some((&*step.call.transport, address(step)?.port()))).collect()
}

fn named(ports: &BTreeSet<Port<'_>>) -> String {
    let names: Vec<_> =
        ports.iter().map(|(transport, port)| format!("{} port {port}", transport.to_uppercase())).collect();
    names.join(" and ")
}
