//! What `capsock serve` tells systemd: that it is ready, that it stops, and that it makes progress (sd_notify(3)).

mod notifier;
mod watchdog;

pub(crate) use notifier::Notifier;
pub(crate) use watchdog::Watchdog;
