//! The `capsock` command.

fn main() {
    let args: Vec<_> = std::env::args_os().collect();
    std::process::exit(capsock_cli::run(args));
}
