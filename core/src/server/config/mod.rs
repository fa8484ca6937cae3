//! What a server is configured with: its options, their defaults and checks, and the optional system calls it uses.

mod feature_table;
mod features;
mod options;
mod resolve;
mod setters;
mod settings;

pub use features::Features;
pub use options::ServerOptions;
pub(super) use resolve::resolve;
pub use settings::ServerSettings;
