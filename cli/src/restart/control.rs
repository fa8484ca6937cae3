//! The Unix socket at which a server waits for its successors.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::failure::{Failure, Result};

/// Connections that wait for their turn.
const BACKLOG: i32 = 16;

/// Who may connect: the server's user, and root.
const MODE: u32 = 0o600;

/// The listener. Dropping it removes its file, if it is this server's.
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
    /// Whether nobody else has the listener.
    owns_file: bool,
}

impl Control {
    /// Listens at `path`, where nobody does: what is left of a server that was killed is removed.
    pub(crate) fn bind(path: &Path) -> Result<Control> {
        let failed = |error: io::Error| {
            Failure::new(format!("could not listen for successors at {}: {error}", path.display()))
        };
        if path.symlink_metadata().is_ok() {
            check_stale(path)?;
            fs::remove_file(path).map_err(failed)?;
        }
        let address = SockAddr::unix(path).map_err(failed)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
        socket.bind(&address).map_err(failed)?;
        // Before it listens: nobody has connected until then.
        let listening = fs::set_permissions(path, fs::Permissions::from_mode(MODE))
            .and_then(|()| socket.listen(BACKLOG))
            .map_err(failed);
        let control = Control { listener: socket.into(), path: path.to_owned(), owns_file: true };
        listening.map(|()| control)
    }

    /// The listener of the server that this one is to replace, and whose file it is until then.
    pub(super) fn inherited(listener: UnixListener, path: &Path) -> Control {
        Control { listener, path: path.to_owned(), owns_file: false }
    }

    /// The server has been replaced.
    pub(super) fn take_over(&mut self) {
        self.owns_file = true;
    }

    pub(super) fn listener(&self) -> &UnixListener {
        &self.listener
    }

    /// The file is the successor's from now on.
    pub(super) fn hand_over(mut self) {
        self.owns_file = false;
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if self.owns_file {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What is at a path at which nobody listens is a socket, not a file of somebody's.
pub(super) fn check_stale(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(data) if data.file_type().is_socket() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(Failure::usage(format!("{} is no socket, and is not replaced", path.display()))),
        Err(error) => Err(Failure::new(format!("could not look at {}: {error}", path.display()))),
    }
}
