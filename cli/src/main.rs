//! The `capsock` command.

fn main() {
    std::process::exit(capsock_cli::run(std::env::args_os().collect()));
}
