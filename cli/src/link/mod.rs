//! `capsock link`: a link between clients and a server that impairs what it relays.
//!
//! [`Background`] is the one of `capsock show --link`, whose options are a [`LinkText`].

mod background;
mod options;
mod relay;
mod reporter;
mod text;

use capsock_link::{DatagramLink, StreamLink};

use crate::failure::Result;
use crate::signals;
pub(crate) use background::{Background, Between};
pub(crate) use options::Link;
use options::{Common, On};
use relay::Relay;
use reporter::Reporter;
pub(crate) use text::LinkText;

pub(crate) fn run(link: &Link) -> Result<()> {
    capsock::trace::set_process_info("rust", "capsock link");
    let common = match &link.on {
        On::Udp(udp) => &udp.common,
        On::Tcp(tcp) => &tcp.common,
    };
    let seed = common.seed();
    let _recording = common.trace.start()?;
    match &link.on {
        On::Udp(udp) => relay(DatagramLink::bind(&udp.options(seed)?)?, common, seed),
        On::Tcp(tcp) => relay(StreamLink::bind(&tcp.options(seed)?)?, common, seed),
    }
}

/// Relays until a signal.
fn relay(mut link: impl Relay, common: &Common, seed: u64) -> Result<()> {
    let mut reporter = Reporter::new(common)?;
    reporter.ready(&link, seed, &format!("; {} stops it", signals::stop()))?;
    reporter::relay(&mut link, common, &mut reporter, &signals::once)?;
    reporter.totals("stopped", "stopped: ", &link)
}
