//! `capsock step`: a server and its clients, as `capsock show` runs them, whose calls are let go one by one.
//!
//! The recorder of each program connects to [`control`] before a call and waits. [`board`] knows who is about to do what, from
//! that and from the record; [`stepper`] has its turn in the loops of `capsock show` and obeys the lines of the terminal
//! ([`input`], [`command`]) or the buttons of the [`page`]. Nothing here waits for a program: a call that blocks after it was
//! let go is one that waits, and the others' calls can be let go.
//!
//! A call is let go by the end of its connection. So the programs run on whatever ends this process, and unlike those of
//! `capsock show` they are not killed with it.

#[cfg(unix)]
mod board;
#[cfg(unix)]
mod call;
#[cfg(unix)]
mod command;
#[cfg(unix)]
mod control;
#[cfg(unix)]
mod input;
#[cfg(unix)]
mod page;
#[cfg(unix)]
mod stepper;

use crate::failure::{Failure, Result};
use crate::show::Staging;
#[cfg(unix)]
use page::Page;
#[cfg(unix)]
use stepper::{Person, Stepper};

const AFTER: &str = "\
Examples:
  capsock step UDPServer.py -- UDPClient.py
  capsock step --page --open TCPServer.py -- TCPClient.py
  capsock step -o run.svg tcp_server.c -- TCPClient.java
  printf '\\n\\nm\\ne\\n' | capsock step UDPServer.py -- UDPClient.py

Before each of its socket calls a program stops. Who is about to do what is printed, and a line lets it go:

  Enter        the next call: of the program that went last, and if that is not held, of the first one that is
  a number     the next call of the program with this number, or this name
  a            the next call of all that are held
  m            go on until a message has arrived: a receive has returned data
  e            go on to the end; so does the end of the input
  p            print the figure of what has happened so far, which a terminal shows above the list
  q            end the programs

A call that blocks after it was let go holds up nobody else. The clients start when the server is bound; when they have
ended and the server waits, it is stopped, and the figure is drawn, as by capsock show. --patience does not count the time in
which a program is held.";

/// Run a server and its clients, and let their socket calls go one by one.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Step {
    /// Serve a page with the figure and a button for each line, and print its address; --open opens it.
    #[arg(long)]
    page: bool,
    /// The port of the page [default: a free one].
    #[arg(long, value_name = "PORT", requires = "page", default_value_t = 0, hide_default_value = true)]
    port: u16,
    #[command(flatten)]
    staging: Staging,
}

#[cfg(unix)]
pub(crate) fn run(args: &Step) -> Result<()> {
    if args.staging.reads_input() && !args.page {
        return Err(Failure::usage("--input - is not possible here: standard input has the commands"));
    }
    let opens = args.staging.opens();
    crate::show::perform(&args.staging, opens && !args.page, |folder, record| {
        let person = if args.page {
            Person::Page(Page::new(record, args.port, args.staging.style(), opens)?)
        } else {
            Person::at_input()?
        };
        Ok(Box::new(Stepper::new(folder, record.to_owned(), person)?))
    })
}

#[cfg(not(unix))]
pub(crate) fn run(args: &Step) -> Result<()> {
    let _ = (args.page, args.port, &args.staging);
    Err(Failure::usage("capsock step works on Unix systems alone: its programs ask by a Unix domain socket"))
}
