//! Any text as an endpoint, and any bytes as a `struct sockaddr`.
#![no_main]

use std::ffi::CStr;

use capsock_c_door::address::{CAPSOCK_ADDRESS_SIZE, capsock_address_format, capsock_address_parse};
use capsock_c_door::status::capsock_status;

#[path = "../../core/tests/properties/judges.rs"]
#[allow(dead_code, reason = "each target asks some")]
mod judges;

libfuzzer_sys::fuzz_target!(|input: (&[u8], &str)| {
    judges::endpoint(input.1);
    // A copy of exactly its length, so that a byte read beyond it is seen.
    let raw = input.0.to_vec().into_boxed_slice();
    let mut text = [0x55_u8; CAPSOCK_ADDRESS_SIZE];
    // SAFETY: the address has the bytes that its length says, and the buffer those of its size.
    let status = unsafe {
        let length = raw.len() as libc::socklen_t;
        capsock_address_format(raw.as_ptr().cast(), length, text.as_mut_ptr().cast(), text.len())
    };
    if status != capsock_status::CAPSOCK_OK {
        assert_eq!(status, capsock_status::CAPSOCK_INVALID_ARGUMENT, "{raw:?}");
        assert_eq!(text, [0x55; CAPSOCK_ADDRESS_SIZE], "nothing is written on a failure");
        return;
    }
    // What was written is read back as the same address; no name is asked for, with the limit 0.
    let text = CStr::from_bytes_until_nul(&text).expect("a text that ends");
    let mut back = vec![0_u8; size_of::<libc::sockaddr_storage>()].into_boxed_slice();
    let mut length = back.len() as libc::socklen_t;
    // SAFETY: as above.
    let status = unsafe {
        capsock_address_parse(text.as_ptr(), libc::AF_UNSPEC, 0, back.as_mut_ptr().cast(), Some(&mut length))
    };
    let mut again = [0_u8; CAPSOCK_ADDRESS_SIZE];
    if status == capsock_status::CAPSOCK_OK {
        // SAFETY: as above.
        let status = unsafe {
            capsock_address_format(back.as_ptr().cast(), length, again.as_mut_ptr().cast(), again.len())
        };
        assert_eq!(status, capsock_status::CAPSOCK_OK, "{text:?}");
        assert_eq!(CStr::from_bytes_until_nul(&again), Ok(text), "{raw:?}");
    } else {
        // A scope that no interface has.
        assert!(text.to_bytes().contains(&b'%'), "{text:?} of {raw:?}: {status:?}");
    }
});
