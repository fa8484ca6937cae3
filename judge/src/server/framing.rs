//! Probes of where a request ends in a stream.

use crate::stop::{Seen, Stop};

use super::trial::Trial;

pub(super) fn split(trial: &Trial<'_>) -> Seen {
    let mut connection = trial.open()?;
    trial.send_split(&mut connection, "hello world", 3)?;
    connection.reply(b"HELLO WORLD")?;
    trial.finish(connection)?;
    Ok("a request in two pieces gives one reply".to_owned())
}

pub(super) fn joined(trial: &Trial<'_>) -> Seen {
    if !trial.several()? {
        return Err(Stop::NotApplicable("the server answers one request per connection".to_owned()));
    }
    trial.record.forget();
    let mut connection = trial.open()?;
    connection.send(b"one\ntwo\n")?;
    connection.reply(b"ONE")?;
    connection.reply(b"TWO")?;
    trial.finish(connection)?;
    Ok("two requests in one piece give two replies".to_owned())
}
