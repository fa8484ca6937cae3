//! The library's initialiser, which runs before the program's `main`.

use std::path::PathBuf;

use capsock::trace::preload;

use crate::{descriptors, guard::Guard, process, program, real};

extern "C" fn initialise() {
    real::resolve_all();
    // The recorder's own calls are not the program's, and no signal interrupts them.
    let Some(_guard) = Guard::new() else { return };
    if std::env::var_os("CAPSOCK_TRACE").is_none_or(|file| file.is_empty()) {
        return;
    }
    process::initialise();
    let command = std::fs::read("/proc/self/cmdline").unwrap_or_default();
    let arguments: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
    let executable = std::fs::read_link("/proc/self/exe").unwrap_or_else(|_| PathBuf::from("?"));
    if preload::start(&program::name(&executable, &arguments)) {
        descriptors::activate();
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = initialise;
