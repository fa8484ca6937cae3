//! A FILE whose reads and writes are recorded.
//!
//! The C library reads and writes a FILE by functions of its own, which no library can replace. glibc also makes a FILE from
//! functions that it is given (fopencookie(3)): those of a socket's FILE are `read`, `write` and `close` of this library. musl's
//! cannot be told apart, and its reads and writes are not recorded.

use std::ffi::{c_char, c_int};

use libc::FILE;

#[cfg(not(all(target_env = "gnu", target_pointer_width = "64")))]
pub(crate) unsafe fn open(_: c_int, _: *const c_char) -> *mut FILE {
    std::ptr::null_mut()
}

#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
pub(crate) use glibc::open;

#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
mod glibc {
    use std::ffi::{CStr, c_void};
    use std::ptr;
    use std::sync::atomic::{AtomicU8, Ordering};

    use libc::{off64_t, size_t, ssize_t};

    use super::{FILE, c_char, c_int};
    use crate::{descriptors, real, wrap};

    #[repr(C)]
    struct Functions {
        read: Option<unsafe extern "C-unwind" fn(*mut c_void, *mut c_char, size_t) -> ssize_t>,
        write: Option<unsafe extern "C-unwind" fn(*mut c_void, *const c_char, size_t) -> ssize_t>,
        seek: Option<unsafe extern "C-unwind" fn(*mut c_void, *mut off64_t, c_int) -> c_int>,
        close: Option<unsafe extern "C-unwind" fn(*mut c_void) -> c_int>,
    }

    unsafe extern "C" {
        fn fopencookie(cookie: *mut c_void, mode: *const c_char, functions: Functions) -> *mut FILE;
    }

    /// Where a FILE has its descriptor (`_fileno`), which fileno(3) returns: part of glibc's ABI, in its header struct_FILE.h.
    const DESCRIPTOR: usize = 112;
    /// What glibc writes there for a FILE that has none.
    const NONE: c_int = -2;

    const UNTRIED: u8 = 0;
    const FOUND: u8 = 1;
    const OTHER: u8 = 2;
    static LAYOUT: AtomicU8 = AtomicU8::new(UNTRIED);

    /// Whether the descriptor is where it should be.
    fn is_known_layout() -> bool {
        if LAYOUT.load(Ordering::Relaxed) == UNTRIED {
            let nothing = Functions { read: None, write: None, seek: None, close: None };
            // SAFETY: the FILE is new, longer than that, and closed again.
            let found = unsafe {
                let stream = fopencookie(ptr::null_mut(), c"r".as_ptr(), nothing);
                if stream.is_null() {
                    return false;
                }
                let found = stream.cast::<u8>().add(DESCRIPTOR).cast::<c_int>().read();
                real::fclose(stream);
                found
            };
            LAYOUT.store(if found == NONE { FOUND } else { OTHER }, Ordering::Relaxed);
        }
        LAYOUT.load(Ordering::Relaxed) == FOUND
    }

    /// The FILE of a socket; null for a mode that fdopen(3) refuses, and where it is not possible.
    ///
    /// # Safety
    /// The mode is NUL-terminated.
    pub(crate) unsafe fn open(fd: c_int, mode: *const c_char) -> *mut FILE {
        // SAFETY: by this function's contract.
        let mode = unsafe { CStr::from_ptr(mode) }.to_bytes();
        let both = mode.iter().take(5).any(|byte| *byte == b'+');
        let mode = match (mode.first(), both) {
            (Some(b'r'), false) => c"r",
            (Some(b'w'), false) => c"w",
            (Some(b'r' | b'w'), true) => c"r+",
            _ => return ptr::null_mut(),
        };
        if !is_known_layout() {
            return ptr::null_mut();
        }
        let functions =
            Functions { read: Some(read), write: Some(write), seek: Some(seek), close: Some(close) };
        // SAFETY: the cookie is a number; the FILE is new and has the layout that was tried.
        unsafe {
            let stream = fopencookie(fd as usize as *mut c_void, mode.as_ptr(), functions);
            if !stream.is_null() {
                stream.cast::<u8>().add(DESCRIPTOR).cast::<c_int>().write(fd);
                descriptors::set_stream(fd);
            }
            stream
        }
    }

    fn fd(cookie: *mut c_void) -> c_int {
        cookie as usize as c_int
    }

    unsafe extern "C-unwind" fn read(cookie: *mut c_void, data: *mut c_char, length: size_t) -> ssize_t {
        // SAFETY: the buffer is the FILE's.
        unsafe { wrap::read(fd(cookie), data.cast(), length) }
    }

    /// As glibc writes a FILE: until all is written, or an error.
    unsafe extern "C-unwind" fn write(cookie: *mut c_void, data: *const c_char, length: size_t) -> ssize_t {
        let mut written = 0;
        while written < length {
            // SAFETY: the rest of the FILE's buffer.
            let result = unsafe { wrap::write(fd(cookie), data.add(written).cast(), length - written) };
            match usize::try_from(result) {
                Ok(count) => written += count,
                Err(_) => break,
            }
        }
        written as ssize_t
    }

    unsafe extern "C-unwind" fn seek(cookie: *mut c_void, offset: *mut off64_t, whence: c_int) -> c_int {
        // SAFETY: the offset is glibc's. It fails, with the error that it has for a socket.
        unsafe { if libc::lseek64(fd(cookie), *offset, whence) < 0 { -1 } else { 0 } }
    }

    unsafe extern "C-unwind" fn close(cookie: *mut c_void) -> c_int {
        // SAFETY: the FILE is being closed.
        unsafe { wrap::close(fd(cookie)) }
    }
}
