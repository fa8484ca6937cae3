//! Buffers in the form of socket2.

use std::mem::MaybeUninit;
use std::ptr;

/// A buffer as socket2 takes it.
pub(crate) fn uninit(buffer: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the layouts are the same, and the receiving calls write initialised bytes only.
    unsafe { &mut *(ptr::from_mut(buffer) as *mut [MaybeUninit<u8>]) }
}
