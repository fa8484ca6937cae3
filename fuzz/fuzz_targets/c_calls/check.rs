//! The checks after every call.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};
use std::{fs, thread};

use capsock_c_library::bytes::{capsock_bytes, capsock_bytes_free, capsock_string_free};
use capsock_c_library::error::capsock_last_error;
use capsock_c_library::status::capsock_status;
use libc::c_char;

const POISON: u8 = 0xa5;

/// No call returns an internal error, and each failure sets a message.
pub fn status(status: capsock_status) -> bool {
    if status == capsock_status::CAPSOCK_OK {
        return true;
    }
    // SAFETY: the text is this thread's, which makes no other call meanwhile.
    let text = unsafe { CStr::from_ptr(capsock_last_error()) };
    let text = text.to_str().expect("an error's text is UTF-8");
    assert_ne!(status, capsock_status::CAPSOCK_INTERNAL, "{text}");
    assert!(!text.is_empty() && !text.contains(|shown: char| shown.is_control()), "{text:?}");
    false
}

/// A call with an out-parameter, which may be written on success only.
pub fn out<T>(wanted: bool, call: impl FnOnce(Option<&mut MaybeUninit<T>>) -> capsock_status) -> Option<T> {
    let mut place = MaybeUninit::<T>::uninit();
    // SAFETY: bytes are written over the whole place.
    unsafe { place.as_mut_ptr().write_bytes(POISON, 1) };
    if status(call(wanted.then_some(&mut place))) {
        // SAFETY: written on success.
        return wanted.then(|| unsafe { place.assume_init() });
    }
    // SAFETY: all bytes of the place were written above.
    let raw = unsafe { std::slice::from_raw_parts(place.as_ptr().cast::<u8>(), size_of::<T>()) };
    assert!(raw.iter().all(|byte| *byte == POISON), "written on a failure");
    None
}

pub fn bytes(given: Option<capsock_bytes>) -> Option<Vec<u8>> {
    let mut given = given?;
    // SAFETY: the library gave so many bytes and a NUL.
    let with_nul = unsafe { std::slice::from_raw_parts(given.data, given.length + 1) }.to_vec();
    capsock_bytes_free(Some(&mut given));
    assert!(given.data.is_null() && given.length == 0, "freed bytes are empty");
    capsock_bytes_free(Some(&mut given));
    assert_eq!(with_nul.last(), Some(&0));
    Some(with_nul[..with_nul.len() - 1].to_vec())
}

pub fn text(given: Option<*mut c_char>) -> Option<String> {
    let given = given?;
    // SAFETY: the library gave a text that ends with a NUL.
    let text = unsafe { CStr::from_ptr(given) }.to_str().expect("UTF-8").to_owned();
    // SAFETY: it was not freed before.
    unsafe { capsock_string_free(given) };
    Some(text)
}

/// The descriptors and threads of the process, which could leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    descriptors: usize,
    threads: usize,
}

impl Held {
    pub fn now() -> Held {
        let count = |folder: &str| fs::read_dir(folder).expect("/proc").count();
        Held { descriptors: count("/proc/self/fd"), threads: count("/proc/self/task") }
    }

    /// Waits for threads that were requested to end.
    pub fn no_more_is_held(self) {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let now = Held::now();
            if now.descriptors <= self.descriptors && now.threads <= self.threads {
                return;
            }
            assert!(Instant::now() < until, "held before: {self:?}, and now: {now:?}: {:?}", open());
            thread::yield_now();
        }
    }
}

/// The file that each descriptor refers to.
fn open() -> Vec<String> {
    let entries = fs::read_dir("/proc/self/fd").expect("/proc").flatten();
    entries.filter_map(|entry| Some(fs::read_link(entry.path()).ok()?.display().to_string())).collect()
}
