//! The first bytes of what is sent or received, and the length of all.

use std::ffi::c_void;

use capsock::trace::preload::PAYLOAD;
use libc::iovec;

pub(crate) struct Gathered {
    bytes: [u8; PAYLOAD],
    filled: usize,
    /// The length of all buffers.
    pub(crate) room: usize,
}

impl Gathered {
    fn empty() -> Gathered {
        Gathered { bytes: [0; PAYLOAD], filled: 0, room: 0 }
    }

    /// The beginning of one buffer, of which `moved` bytes were sent or received.
    ///
    /// # Safety
    /// That many bytes can be read there.
    pub(crate) unsafe fn of(data: *const c_void, room: usize, moved: usize) -> Gathered {
        let mut gathered = Gathered::empty();
        // SAFETY: by this function's contract.
        unsafe { gathered.add(data.cast(), room, moved) };
        gathered
    }

    /// The beginning of several buffers, into which `moved` bytes were received, or from which they were sent.
    ///
    /// # Safety
    /// The list has `count` buffers, and `moved` bytes can be read in them.
    pub(crate) unsafe fn of_list(buffers: *const iovec, count: usize, mut moved: usize) -> Gathered {
        let mut gathered = Gathered::empty();
        if buffers.is_null() {
            return gathered;
        }
        for index in 0..count {
            // SAFETY: by this function's contract.
            unsafe {
                let buffer = buffers.add(index).read_unaligned();
                let part = moved.min(buffer.iov_len);
                gathered.add(buffer.iov_base.cast(), buffer.iov_len, part);
                moved -= part;
            }
        }
        gathered
    }

    unsafe fn add(&mut self, data: *const u8, room: usize, moved: usize) {
        let part = moved.min(PAYLOAD - self.filled);
        self.room = self.room.saturating_add(room);
        if part == 0 || data.is_null() {
            return;
        }
        if let Some(free) = self.bytes.get_mut(self.filled..self.filled + part) {
            // SAFETY: the caller's bytes can be read, and are not these.
            unsafe { std::ptr::copy_nonoverlapping(data, free.as_mut_ptr(), part) };
            self.filled += part;
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }
}
