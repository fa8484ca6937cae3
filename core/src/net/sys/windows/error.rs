//! The thread's last error (GetLastError, which is WSAGetLastError).

use windows_sys::Win32::Foundation::SetLastError;

/// Sets the number that `io::Error::last_os_error` reads.
pub(crate) fn set_errno(errno: i32) {
    // SAFETY: the call takes a number.
    unsafe { SetLastError(errno.cast_unsigned()) };
}
