//! What a server is configured with: its options, their defaults and checks.

mod options;
mod setters;
mod settings;
mod sockets;
mod validate;

pub use options::ServerOptions;
pub use settings::ServerSettings;
pub(super) use validate::{pending_limit, proxies, proxies_have_no_address, settings_from};
