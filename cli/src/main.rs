//! The `capsock` command.

fn main() {
    let args: Vec<_> = std::env::args_os().collect();
    let code = capsock_cli::start_script(&args).unwrap_or_else(|| capsock_cli::run(args));
    std::process::exit(code);
}
