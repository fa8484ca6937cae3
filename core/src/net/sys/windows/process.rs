//! The process and its threads; clocks; a write to a file.

use std::fs::File;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle};

use windows_sys::Win32::Foundation::FILETIME;
use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows_sys::Win32::System::SystemInformation::GetSystemTimePreciseAsFileTime;
use windows_sys::Win32::System::Threading::GetCurrentThreadId;

use crate::netc;

/// The number of this process.
pub(crate) fn process_id() -> i32 {
    std::process::id().cast_signed()
}

/// The number by which the system's tools show a thread.
pub(crate) fn thread_id() -> u32 {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { GetCurrentThreadId() }
}

/// Nanoseconds of a clock: of the performance counter, which all processes share, or since 1970.
pub(crate) fn nanoseconds(clock: i32) -> u64 {
    if clock == netc::CLOCK_MONOTONIC {
        let (mut count, mut frequency) = (0, 0);
        // SAFETY: the calls write a number each, and cannot fail since Windows XP.
        unsafe {
            QueryPerformanceCounter(&raw mut count);
            QueryPerformanceFrequency(&raw mut frequency);
        }
        let nanoseconds = i128::from(count) * 1_000_000_000 / i128::from(frequency.max(1));
        return u64::try_from(nanoseconds).unwrap_or(0);
    }
    /// The seconds from 1601 to 1970.
    const EPOCH: u64 = 11_644_473_600;
    let mut time = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    // SAFETY: the call writes the time.
    unsafe { GetSystemTimePreciseAsFileTime(&raw mut time) };
    let ticks = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    (ticks * 100).saturating_sub(EPOCH * 1_000_000_000)
}

/// A process is never forked.
pub(crate) fn generation() -> u32 {
    1
}

pub(crate) fn count_forks() {}

/// Runs `spawn`: there are no signals to block.
pub(crate) fn with_signals_blocked<T>(spawn: impl FnOnce() -> T) -> T {
    spawn()
}

/// WriteFile. No signal is raised.
///
/// # Errors
/// Those of WriteFile.
pub fn write_without_signals(handle: BorrowedHandle<'_>, data: &[u8]) -> io::Result<usize> {
    // SAFETY: the handle is open, and the file does not close it.
    let file = ManuallyDrop::new(unsafe { File::from_raw_handle(handle.as_raw_handle()) });
    (&*file).write(data)
}
