//! The `capsock` command as a person or a script meets it: words in; lines and an exit code out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod demo;
mod filter;
mod link;
mod log_format;
mod metrics;
mod open_metrics;
#[cfg(all(unix, feature = "pictures"))]
mod renderers;
mod run;
mod serve;
mod show;
mod show_link;
mod step;
mod support;
mod trace;
#[cfg(unix)]
mod unix_domain;
mod watch;
mod words;
