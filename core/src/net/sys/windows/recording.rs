//! The calls that a recording makes (`trace`): those on its file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::windows::io::{AsRawHandle, FromRawHandle, IntoRawHandle, RawHandle};
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle, LOCKFILE_EXCLUSIVE_LOCK, LockFileEx, UnlockFileEx,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use crate::net::sys::errno::{Errno, Sys};
use crate::netc;

/// The number of an open file: its handle.
pub(crate) type FileNumber = isize;

/// The file that a handle refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) file: u64,
}

/// CreateFileW to append, creating the file (FILE_APPEND_DATA). Several processes may append to it at once; a lock needs
/// the right to read.
pub(crate) fn open_to_append(path: &Path) -> Sys<FileNumber> {
    let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    Ok(file.into_raw_handle() as FileNumber)
}

/// GetFileInformationByHandle.
pub(crate) fn file_id(file: FileNumber) -> Sys<FileId> {
    let mut found = MaybeUninit::<BY_HANDLE_FILE_INFORMATION>::zeroed();
    // SAFETY: the call writes what it tells if it returns a number other than 0; zero is a value of it.
    unsafe {
        if GetFileInformationByHandle(file as RawHandle, found.as_mut_ptr()) == 0 {
            return Err(Errno::last());
        }
        let found = found.assume_init();
        let file = u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow);
        Ok(FileId { device: found.dwVolumeSerialNumber.into(), file })
    }
}

/// WriteFile of a whole line; a part of one is ENOSPC. A lock keeps the lines of threads and processes apart, since not every
/// file system appends at once.
pub(crate) fn write_line(file: FileNumber, line: &[u8]) -> Sys<()> {
    // SAFETY: the handle is the recording's, and the file does not close it.
    let file = ManuallyDrop::new(unsafe { File::from_raw_handle(file as RawHandle) });
    let _locked = Locked::new(&file)?;
    match (&*file).write(line)? {
        count if count == line.len() => Ok(()),
        _ => Err(Errno(netc::ENOSPC)),
    }
}

/// A lock on the file, of a byte behind all that it will have: others may read the file meanwhile.
struct Locked<'a>(&'a File);

impl<'a> Locked<'a> {
    fn new(file: &'a File) -> Sys<Locked<'a>> {
        let mut place = behind();
        // SAFETY: the file is open, and the call has ended when it returns.
        let locked =
            unsafe { LockFileEx(file.as_raw_handle(), LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &raw mut place) };
        if locked == 0 { Err(Errno::last()) } else { Ok(Locked(file)) }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let mut place = behind();
        // SAFETY: as for the lock.
        unsafe { UnlockFileEx(self.0.as_raw_handle(), 0, 1, 0, &raw mut place) };
    }
}

/// The place of the byte.
fn behind() -> OVERLAPPED {
    let mut place = OVERLAPPED::default();
    place.Anonymous.Anonymous.OffsetHigh = i32::MAX.cast_unsigned();
    place
}

/// Writes a message to standard error.
pub(crate) fn write_error(message: &[u8]) {
    let _ = std::io::stderr().write_all(message);
}

/// CloseHandle.
///
/// # Safety
/// The handle is the caller's to close, and nothing uses it again.
pub(crate) unsafe fn close_file(file: FileNumber) {
    // SAFETY: by this function's contract.
    drop(unsafe { File::from_raw_handle(file as RawHandle) });
}

/// The address of the controller of a program that is stepped: there is none here.
#[derive(Debug)]
pub(crate) struct ControllerAddress(());

impl ControllerAddress {
    /// EAFNOSUPPORT.
    pub(crate) fn new(_: &Path) -> Sys<ControllerAddress> {
        Err(Errno(netc::EAFNOSUPPORT))
    }

    /// EAFNOSUPPORT.
    pub(crate) fn connect(&self) -> Sys<FileNumber> {
        Err(Errno(netc::EAFNOSUPPORT))
    }
}

/// Whether the program has more privileges than its user, who controls its environment: no program has.
pub(crate) fn is_privileged() -> bool {
    false
}
