//! The socket of a server, and its file: who may connect, what becomes of one that is left over, and when it is removed.
//!
//! A file stays when its server is killed, and bind(2) refuses a path that exists. A file that no socket is bound to any
//! more is therefore removed and bound again; that of a live server never is, nor is a file of another type or a symbolic
//! link. Two servers that start at the same time must not take each other's new file for a left-over one: each holds a lock
//! of the directory (flock(2)) from its look at the file until its socket is bound.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::{SockAddr, Type};

use super::socket::has_chosen_name;
use crate::error::{Error, ErrorKind, Result};
use crate::net::socket::Socket;
use crate::net::sys::{self, Errno, process_id};
use crate::net::wait::{Deadline, WaitOptions, no_interest, wait_for};
use crate::net::wait_error::WaitError;
use crate::netc;
use crate::unix_address::UnixAddress;

const SERVE: &str = "serve on";

/// The bits of a mode that are permissions.
const PERMISSIONS: u32 = 0o777;

/// How long another server may hold the lock of the directory, and how often it is tried.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const LOCK_INTERVAL: Duration = Duration::from_millis(5);

/// The file of a server's socket. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct SocketFile {
    /// Absolute: the current directory may change.
    path: PathBuf,
    identity: Identity,
    /// The process that has bound it. A forked child does not remove it.
    process: i32,
    removed: AtomicBool,
}

/// What tells a file from another one that has its path later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(file: &Metadata) -> Identity {
        Identity { device: file.dev(), inode: file.ino() }
    }
}

impl SocketFile {
    /// Removes the file, once, if it is still that of the socket. The socket must be open: its inode is not another file's
    /// until it is closed.
    pub(crate) fn remove(&self) {
        if process_id() == self.process
            && !self.removed.swap(true, Ordering::AcqRel)
            && fs::symlink_metadata(&self.path).is_ok_and(|file| Identity::of(&file) == self.identity)
        {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// It stays, because others have the socket as well.
    pub(crate) fn keep(&self) {
        self.removed.store(true, Ordering::Release);
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Binds a socket, and prepares it by `prepare` (listen(2)) before anyone else may take its file for a left-over one. The
/// file has the permissions `mode`, or those that the umask leaves if that is 0. An abstract name has no file.
///
/// # Errors
/// `AddressInUse` if a server is live on it, or another file has the path; `PermissionDenied`, `InvalidArgument`,
/// `Unsupported`; `TimedOut` if another process keeps the directory locked; those of bind(2).
pub(crate) fn bind_unix(
    kind: Type,
    address: &UnixAddress,
    mode: u32,
    prepare: impl FnOnce(&Socket) -> std::result::Result<(), Errno>,
) -> Result<(Socket, Option<SocketFile>)> {
    let name = address.to_system(SERVE)?;
    if has_chosen_name(address) {
        // Replies to such a name are sent without regard to loops of servers.
        let why = "Linux chooses names of five hexadecimal digits for clients";
        return Err(Error::invalid(SERVE, why).at(address).advise("take another name"));
    }
    let failed = |errno: Errno| Error::os(errno.0, SERVE).at(address);
    let socket = Socket::unix(kind).map_err(failed)?;
    let Some(path) = address.as_path() else {
        socket.bind_unix(&name).map_err(|errno| match errno {
            Errno(netc::EADDRINUSE) => failed(errno).advise("stop the other program, or take another name"),
            errno => failed(errno),
        })?;
        prepare(&socket).map_err(failed)?;
        return Ok((socket, None));
    };
    let io_failed = |error: io::Error| failed(Errno::from(error));
    let path = std::path::absolute(path).map_err(io_failed)?;
    // Until the socket is prepared.
    let _lock = lock(&path, address)?;
    if mode != 0 {
        // Linux gives the file no more than this from its first moment on; what the umask takes away is given below.
        let _ = restrict(&socket, mode);
    }
    bind(&socket, &name, &path, address)?;
    let bound = fs::symlink_metadata(&path).map_err(io_failed)?;
    let file = SocketFile {
        identity: Identity::of(&bound),
        path,
        process: process_id(),
        removed: AtomicBool::new(false),
    };
    if mode != 0 && bound.mode() & PERMISSIONS != mode {
        fs::set_permissions(&file.path, Permissions::from_mode(mode)).map_err(io_failed)?;
    }
    prepare(&socket).map_err(failed)?;
    Ok((socket, Some(file)))
}

/// fchmod(2) of a socket that is not bound yet.
fn restrict(socket: &Socket, mode: u32) -> io::Result<()> {
    File::from(socket.as_fd().try_clone_to_owned()?).set_permissions(Permissions::from_mode(mode))
}

/// Locks the directory of a path until the file is dropped. `None` if it cannot be locked: it cannot be read, or its file
/// system has no locks.
fn lock(path: &Path, address: &UnixAddress) -> Result<Option<File>> {
    let Some(Ok(directory)) = path.parent().map(File::open) else { return Ok(None) };
    let deadline = Deadline::after(Some(LOCK_TIMEOUT));
    loop {
        match sys::lock_directory(directory.as_fd()) {
            Ok(()) => return Ok(Some(directory)),
            Err(errno) if errno.would_block() && deadline.passed() => {
                let why = "another process keeps its directory locked (flock)";
                return Err(Error::new(ErrorKind::TimedOut, SERVE, why).at(address));
            }
            Err(errno) if errno.would_block() || errno == Errno(netc::EINTR) => {
                let pause = WaitOptions::until(Deadline::after(Some(LOCK_INTERVAL)));
                let _: std::result::Result<(), WaitError> = wait_for(&mut [no_interest()], pause);
            }
            Err(_) => return Ok(None),
        }
    }
}

/// bind(2), after the removal of a file that is left over.
fn bind(socket: &Socket, name: &SockAddr, path: &Path, address: &UnixAddress) -> Result<()> {
    let failed = |errno: Errno| {
        let error = Error::os(errno.0, SERVE).at(address);
        match errno {
            Errno(netc::ENOENT) => error.advise("create its directory first"),
            errno => error.advise_on_path(errno),
        }
    };
    match socket.bind_unix(name) {
        Err(Errno(netc::EADDRINUSE)) => {}
        other => return other.map_err(failed),
    }
    remove_left_over(name, path, address)?;
    socket.bind_unix(name).map_err(failed)
}

/// Removes a file that no socket is bound to.
fn remove_left_over(name: &SockAddr, path: &Path, address: &UnixAddress) -> Result<()> {
    let in_use = |why: &str, advice: &str| {
        Err(Error::os(netc::EADDRINUSE, SERVE).at(address).adding(why).advise(advice))
    };
    let failed = |errno: Errno| Error::os(errno.0, SERVE).at(address).advise_on_path(errno);
    let file = match fs::symlink_metadata(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error.into())),
    };
    if file.is_symlink() {
        return in_use("it is a symbolic link", "remove it, or name what it points to");
    }
    if !file.file_type().is_socket() {
        return in_use("it is a file that is no socket", "take another path, or remove the file");
    }
    // A datagram socket, for any server: that of a stream refuses it by its type (EPROTOTYPE), without a connection.
    let probe = Socket::unix(Type::DGRAM).map_err(failed)?;
    match probe.connect_unix(name) {
        Err(Errno(netc::ECONNREFUSED)) => {}
        Err(Errno(netc::ENOENT)) => return Ok(()),
        Ok(()) | Err(Errno(netc::EPROTOTYPE)) => {
            return in_use("a server is running on it", "stop that server, or take another path");
        }
        Err(errno) => {
            let why = "whether a server is running on it cannot be told";
            return Err(failed(errno).adding(why).advise("remove the file, or take another path"));
        }
    }
    let unchanged = |now: Metadata| Identity::of(&now) == Identity::of(&file);
    if fs::symlink_metadata(path).is_ok_and(unchanged) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(error.into()).adding("a file is left over from a server that has ended"));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Error {
    /// The same error of a path, with what to try.
    fn advise_on_path(self, errno: Errno) -> Error {
        match errno {
            Errno(netc::EACCES | netc::EPERM) => {
                self.advise("this user needs permission to write to its directory")
            }
            _ => self,
        }
    }
}
