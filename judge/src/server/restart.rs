//! The probe of Ctrl-C and a second start.

use std::path::Path;

use capsock::Transport;

use crate::options::Options;
use crate::recorder::Recorder;
use crate::stop::{Seen, Stop, fail};
use crate::wire::Connection;

use super::running::Running;
use super::trial::{Known, Trial};

/// Stops the server by Ctrl-C and starts it again on its port. `left` gets the one that runs at the end.
///
/// Over TCP a connection is there that the server has closed first, or closes as it ends: without SO_REUSEADDR its port is in
/// use then. The judge keeps its own end open until the second start is judged, and resets it, which frees the port.
pub(super) fn restarts(
    options: &Options,
    home: &Path,
    left: &mut Option<Running>,
    running: Running,
    record: &Recorder,
) -> Seen {
    let port = running.address.port();
    let first = running.watch(options);
    let mut kept = None;
    if options.transport == Transport::Tcp {
        let mut connection = Connection::open(&first, record, running.address)?;
        connection.send(b"hello\n")?;
        connection.reply(b"HELLO")?;
        kept = Some(connection);
    }
    running.submission.interrupt();
    let outcome = first.until(options.patience, || running.submission.succeeded().is_some());
    match outcome {
        Err(Stop::Interrupted) => return Err(Stop::Interrupted),
        Ok(false) => return fail(format!("it did not end {} after Ctrl-C (SIGINT)", first.within())),
        // It has ended, which a wait takes for a failure.
        Ok(true) | Err(_) => {}
    }
    let told = (options.port.is_some() || options.tells_port()).then_some(port);
    let again = Running::once(options, home, told)?;
    if let Some(connection) = kept {
        connection.reset();
    }
    let again = match again {
        Ok(again) => left.insert(again),
        Err(end) => return fail(format!("it could not be started again on port {port}: {}", end.seen)),
    };
    let known = Known::default();
    let trial = Trial {
        watch: again.watch(options),
        record: record.clone(),
        options,
        target: again.address,
        known: &known,
    };
    trial.ask("hello")?;
    Ok(format!("it ended by Ctrl-C, was started again at once, and answers on port {}", again.address.port()))
}
