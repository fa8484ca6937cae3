//! The page: the picture of `capsock watch`, with who is about to do what and the buttons that let calls go.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use super::board::Entry;
use super::command::Command;
use crate::browser;
use crate::failure::{Failure, Result};
use crate::stdio::message;
use crate::watch::{Go, Pictures, Server, Style};

/// The page's server. Dropping it tells the pages that are open of the end.
pub(super) struct Page {
    pictures: Arc<Pictures>,
    server: Option<Server>,
    said: Receiver<Go>,
}

impl Page {
    /// Serves the page at this port, and opens it if it is to be opened.
    pub(super) fn new(record: &std::path::Path, port: u16, style: Style, open: bool) -> Result<Page> {
        let pictures = Arc::new(Pictures::new(record, style));
        let (go, said) = channel();
        let server = Server::start(port, &pictures, Some(go))?;
        let address = server.address();
        message(format_args!("stepping at {address}; Ctrl-C ends it"));
        if open && let Err(Failure { text: Some(text), .. }) = browser::open(address.as_ref()) {
            message(text);
        }
        Ok(Page { pictures, server: Some(server), said })
    }

    /// Draws what the record has got, or has begun `again` with.
    pub(super) fn draw(&self, bytes: &[u8], again: bool) {
        // A line that is no event is reported when all is drawn.
        let _ = if again { self.pictures.replace(bytes) } else { self.pictures.add(bytes) };
    }

    pub(super) fn tell(&self, entries: &[Entry]) {
        let program = |entry: &Entry| {
            // Those that have ended have no number, and none of them has another's place.
            let number = entry.number.map_or_else(|| json!(format!("ended {}", entry.name)), Value::from);
            json!({ "number": number, "name": entry.name, "text": entry.text, "held": entry.held })
        };
        self.pictures.tell(Value::from_iter(entries.iter().map(program)).to_string());
    }

    /// What a page has said.
    pub(super) fn command(&self) -> Option<Command> {
        Some(match self.said.try_recv().ok()? {
            Go::Next => Command::Next,
            Go::Of(number) => Command::NextOf(number.to_string()),
            Go::All => Command::All,
            Go::Message => Command::Message,
            Go::End => Command::End,
        })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.end();
        }
    }
}
