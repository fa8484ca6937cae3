//! Parses any text as an endpoint and formats any bytes as a `struct sockaddr`.
#![no_main]

use std::ffi::CStr;

use capsock_c_library::address::{
    CAPSOCK_ADDRESS_SIZE, CAPSOCK_UNIX_ADDRESS_SIZE, capsock_address_format, capsock_address_parse,
};
use capsock_c_library::status::capsock_status;

#[path = "../../core/tests/properties/invariants.rs"]
#[allow(dead_code, reason = "each target checks some of them")]
mod invariants;

libfuzzer_sys::fuzz_target!(|input: (&[u8], &str)| {
    invariants::endpoint(input.1);
    // A copy of the exact length, so that AddressSanitizer detects a read beyond it.
    let raw = input.0.to_vec().into_boxed_slice();
    let mut text = [0x55_u8; CAPSOCK_UNIX_ADDRESS_SIZE];
    // SAFETY: the address has the bytes that its length says, and the buffer those of its size.
    let status = unsafe {
        let length = raw.len() as libc::socklen_t;
        capsock_address_format(raw.as_ptr().cast(), length, text.as_mut_ptr().cast(), text.len())
    };
    if status != capsock_status::CAPSOCK_OK {
        assert_eq!(status, capsock_status::CAPSOCK_INVALID_ARGUMENT, "{raw:?}");
        assert_eq!(text, [0x55; CAPSOCK_UNIX_ADDRESS_SIZE], "nothing is written on a failure");
        return;
    }
    let text = CStr::from_bytes_until_nul(&text).expect("a text that ends");
    // That of a Unix domain socket is for people, with escapes.
    if text.to_bytes().starts_with(b"unix:") {
        assert!(!text.to_bytes().iter().any(u8::is_ascii_control), "{text:?}");
        return;
    }
    // The formatted text parses as the same address, and is short. The time limit of 0 rules out a name lookup.
    assert!(text.to_bytes_with_nul().len() <= CAPSOCK_ADDRESS_SIZE, "{text:?}");
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
        // The scope is no interface of this machine.
        assert!(text.to_bytes().contains(&b'%'), "{text:?} of {raw:?}: {status:?}");
    }
});
