//! What the command asks of a link, of either kind.

use std::net::SocketAddr;

use capsock::Result;
use capsock_link::{DatagramLink, Direction, Event, StreamLink};
use serde_json::{Map, Value};

pub(super) trait Relay {
    fn transport(&self) -> &'static str;

    /// The addresses for clients; at least one.
    fn addresses(&self) -> &[SocketAddr];

    /// The addresses of the server; at least one.
    fn servers(&self) -> &[SocketAddr];

    fn relay(&mut self, stop: &dyn Fn() -> bool, report: &mut dyn FnMut(Event)) -> Result<()>;

    /// The totals as text and as an object.
    fn totals(&self) -> (String, Map<String, Value>);
}

impl Relay for DatagramLink {
    fn transport(&self) -> &'static str {
        "udp"
    }

    fn addresses(&self) -> &[SocketAddr] {
        self.local_addrs()
    }

    fn servers(&self) -> &[SocketAddr] {
        std::slice::from_ref(self.server_addr())
    }

    fn relay(&mut self, stop: &dyn Fn() -> bool, report: &mut dyn FnMut(Event)) -> Result<()> {
        self.run(stop, report)
    }

    fn totals(&self) -> (String, Map<String, Value>) {
        let (totals, held) = (self.totals(), self.held());
        let directions = Direction::BOTH.map(|direction| {
            let by_name = totals.get(direction).by_name().into_iter();
            (direction, by_name.chain([("held", *held.get(direction))]).collect())
        });
        described(&directions, &[("refused", self.refused())])
    }
}

impl Relay for StreamLink {
    fn transport(&self) -> &'static str {
        "tcp"
    }

    fn addresses(&self) -> &[SocketAddr] {
        self.local_addrs()
    }

    fn servers(&self) -> &[SocketAddr] {
        self.server_addrs()
    }

    fn relay(&mut self, stop: &dyn Fn() -> bool, report: &mut dyn FnMut(Event)) -> Result<()> {
        self.run(stop, report)
    }

    fn totals(&self) -> (String, Map<String, Value>) {
        let totals = self.totals();
        let directions =
            Direction::BOTH.map(|direction| (direction, totals.directions.get(direction).by_name().to_vec()));
        let all = [("accepted", totals.accepted), ("refused", totals.refused), ("failed", totals.failed)];
        described(&directions, &all)
    }
}

type Totals = Vec<(&'static str, u64)>;

/// `up received 3, sent 2, lost 1; down received 2, sent 2`: the first two always, others if they are not 0.
fn described(directions: &[(Direction, Totals); 2], all: &[(&str, u64)]) -> (String, Map<String, Value>) {
    let mut object = Map::new();
    let number = |(name, value): (&str, u64)| (name.replace(' ', "_"), Value::from(value));
    let mut parts = Vec::new();
    let shown: Vec<_> =
        all.iter().filter(|(_, value)| *value > 0).map(|(name, value)| format!("{name} {value}")).collect();
    if !shown.is_empty() {
        parts.push(shown.join(", "));
    }
    for (direction, totals) in directions {
        let shown = totals.iter().enumerate().filter(|(place, (_, value))| *place < 2 || *value > 0);
        let shown = shown.map(|(_, (name, value))| format!("{name} {value}")).collect::<Vec<_>>();
        parts.push(format!("{direction} {}", shown.join(", ")));
        object.insert(direction.name().to_owned(), totals.iter().copied().map(number).collect());
    }
    object.extend(all.iter().copied().map(number));
    (parts.join("; "), object)
}
