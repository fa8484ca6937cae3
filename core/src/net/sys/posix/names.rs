//! Names of hosts and interfaces (getaddrinfo(3), if_nametoindex(3)).

use std::ffi::{CStr, CString};
use std::net::SocketAddr;
use std::{mem, ptr};

use super::address::address_at;
use crate::net::sys::errno::Errno;

/// The error of getaddrinfo(3): its code, errno with `EAI_SYSTEM`, and its text.
#[derive(Debug)]
pub(crate) struct GaiError {
    pub(crate) code: i32,
    pub(crate) errno: Option<i32>,
    pub(crate) text: String,
}

/// getaddrinfo(3) for any family, in its order, without duplicates. Blocks as long as the system's resolver does.
pub(crate) fn addresses_of(host: &CStr, port: u16) -> Result<Vec<SocketAddr>, GaiError> {
    // SAFETY: addrinfo is plain data for which zero is a value.
    let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
    hints.ai_family = libc::AF_UNSPEC;
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list: *mut libc::addrinfo = ptr::null_mut();
    // SAFETY: the host is NUL-terminated, the hints are initialised, the result goes to `list`.
    let code = unsafe { libc::getaddrinfo(host.as_ptr(), ptr::null(), &raw const hints, &raw mut list) };
    if code != 0 {
        let errno = (code == libc::EAI_SYSTEM).then(|| Errno::last().0);
        // SAFETY: gai_strerror returns a constant string for every number.
        let text = unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_string_lossy().into_owned();
        return Err(GaiError { code, errno, text });
    }
    let mut found = Vec::new();
    let mut entry = list;
    // SAFETY: the list is getaddrinfo's until freeaddrinfo; each ai_addr is valid for ai_addrlen bytes.
    unsafe {
        while let Some(info) = entry.as_ref() {
            if let Some(mut address) = address_at(info.ai_addr.cast(), info.ai_addrlen) {
                address.set_port(port);
                if !found.contains(&address) {
                    found.push(address);
                }
            }
            entry = info.ai_next;
        }
        libc::freeaddrinfo(list);
    }
    Ok(found)
}

/// The index of a network interface (if_nametoindex(3)).
pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name is NUL-terminated.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => None,
        index => Some(index),
    }
}
