//! What a server is configured with: its options, their defaults and checks, and the optional system calls it uses.

mod feature_table;
mod features;
mod options;
mod setters;
mod settings;
mod validate;

pub use features::Features;
pub use options::ServerOptions;
pub use settings::ServerSettings;
pub(super) use validate::settings_from;
