//! The service: upper case of a whole text, and of a text in pieces.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, PoisonError};

use capsock::UppercaseStream;

use crate::bytes::{capsock_bytes, give_bytes};
use crate::guard::{guard, guard_or};
use crate::pointer::{bytes, give_handle, given};
use crate::status::capsock_status;

/// Maps UTF-8 text to upper case by Unicode's full mapping, the same in every locale: "straße"
/// becomes "STRASSE". Bytes that are not valid UTF-8 are copied unchanged. A NUL is a character
/// like any other.
///
/// `upper` is freed with `capsock_bytes_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_uppercase(
    input: *const c_void,
    length: usize,
    upper: Option<&mut MaybeUninit<capsock_bytes>>,
) -> capsock_status {
    guard(|| {
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let input = unsafe { bytes(input, length, "input") }?;
        give_bytes(given(upper, "upper")?, capsock::uppercase(input))
    })
}

/// Converts text to upper case incrementally. A piece may end within a character.
#[derive(Debug)]
pub struct capsock_uppercase_stream(Mutex<UppercaseStream>);

impl capsock_uppercase_stream {
    /// A panic in the middle of a piece leaves the stream at some beginning, which is harmless.
    fn lock(&self) -> MutexGuard<'_, UppercaseStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a stream, which is freed with `capsock_uppercase_stream_free`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_uppercase_stream_new(
    stream: Option<&mut MaybeUninit<Option<Box<capsock_uppercase_stream>>>>,
) -> capsock_status {
    guard(|| {
        let new = capsock_uppercase_stream(Mutex::new(UppercaseStream::new()));
        give_handle(given(stream, "stream")?, new);
        Ok(())
    })
}

/// Returns the upper case of all characters that are complete so far. Up to 3 bytes of an
/// incomplete character are kept for the next call. `upper`, which may be empty, is freed with
/// `capsock_bytes_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_uppercase_stream_push(
    stream: Option<&capsock_uppercase_stream>,
    input: *const c_void,
    length: usize,
    upper: Option<&mut MaybeUninit<capsock_bytes>>,
) -> capsock_status {
    guard(|| {
        let stream = given(stream, "stream")?;
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let input = unsafe { bytes(input, length, "input") }?;
        let upper = given(upper, "upper")?;
        let mut output = Vec::new();
        stream.lock().push(input, &mut output);
        give_bytes(upper, output)
    })
}

/// Ends the text: returns the bytes of an incomplete character unchanged, and resets the stream for
/// another text. `upper` is freed with `capsock_bytes_free`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_uppercase_stream_finish(
    stream: Option<&capsock_uppercase_stream>,
    upper: Option<&mut MaybeUninit<capsock_bytes>>,
) -> capsock_status {
    guard(|| {
        let stream = given(stream, "stream")?;
        let upper = given(upper, "upper")?;
        let mut output = Vec::new();
        stream.lock().finish(&mut output);
        give_bytes(upper, output)
    })
}

/// Frees a stream. NULL has no effect.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_uppercase_stream_free(stream: Option<Box<capsock_uppercase_stream>>) {
    guard_or((), || {
        drop(stream);
        Ok(())
    });
}
