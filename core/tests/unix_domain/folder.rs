//! A folder for sockets, and servers in it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use capsock::{Concurrency, Framing, Server, ServerOptions, Transport, UnixAddress};

/// A folder of a test's own, with a short path, removed when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("capsock-unix-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of the files.
    pub(crate) fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.0).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The options of a server on a path.
pub(crate) fn options(transport: Transport, path: &Path) -> ServerOptions {
    ServerOptions::new(transport, path).workers(2).framing(Framing::Line)
}

pub(crate) fn start(transport: Transport, path: &Path) -> Server {
    options(transport, path).start().unwrap()
}

pub(crate) const TRANSPORTS: [Transport; 2] = [Transport::Tcp, Transport::Udp];

/// Those that call a handler.
pub(crate) const WITH_HANDLER: [Concurrency; 3] =
    [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events];

/// An abstract name that no other test has.
pub(crate) fn abstract_name() -> UnixAddress {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    UnixAddress::from_abstract_name(format!("capsock-test-{}-{number}", std::process::id()))
}
