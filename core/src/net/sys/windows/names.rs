//! Names of hosts and interfaces.

use std::ffi::{CStr, CString};
use std::io;
use std::net::SocketAddr;
use std::sync::Once;
use std::{mem, ptr};

use windows_sys::Win32::NetworkManagement::IpHelper::if_nametoindex;
use windows_sys::Win32::Networking::WinSock::{
    ADDRINFOW, AF_UNSPEC, FreeAddrInfoW, GetAddrInfoW, SOCK_STREAM, WSADATA, WSAStartup,
};

use super::address::address_at;
use crate::netc;

/// The error of GetAddrInfoW: its number and its text.
#[derive(Debug)]
pub(crate) struct GaiError {
    pub(crate) code: i32,
    pub(crate) errno: Option<i32>,
    pub(crate) text: String,
}

/// Winsock 2.2, which a process has to ask for before its first call. It is never given back.
fn start_winsock() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // SAFETY: the call writes what it tells of itself; zero is a value of it.
        unsafe {
            let mut data: WSADATA = mem::zeroed();
            WSAStartup(0x0202, &raw mut data);
        }
    });
}

/// GetAddrInfoW for any family, in its order, without duplicates. Blocks as long as the system's resolver does.
pub(crate) fn addresses_of(host: &CStr, port: u16) -> Result<Vec<SocketAddr>, GaiError> {
    start_winsock();
    let name: Vec<u16> = host.to_string_lossy().encode_utf16().chain([0]).collect();
    // SAFETY: these are plain data for which zero is a value.
    let mut hints: ADDRINFOW = unsafe { mem::zeroed() };
    hints.ai_family = AF_UNSPEC.into();
    hints.ai_socktype = SOCK_STREAM;
    let mut list: *mut ADDRINFOW = ptr::null_mut();
    // SAFETY: the host is NUL-terminated, the hints are initialised, the result goes to `list`.
    let code = unsafe { GetAddrInfoW(name.as_ptr(), ptr::null(), &raw const hints, &raw mut list) };
    if code != 0 {
        return Err(GaiError { code, errno: Some(code), text: text_of(code) });
    }
    let mut found = Vec::new();
    let mut entry = list;
    // SAFETY: the list is GetAddrInfoW's until FreeAddrInfoW; each ai_addr is valid for ai_addrlen bytes.
    unsafe {
        while let Some(info) = entry.as_ref() {
            let length = netc::socklen_t::try_from(info.ai_addrlen).unwrap_or(0);
            if let Some(mut address) = address_at(info.ai_addr.cast(), length) {
                address.set_port(port);
                if !found.contains(&address) {
                    found.push(address);
                }
            }
            entry = info.ai_next;
        }
        FreeAddrInfoW(list);
    }
    Ok(found)
}

fn text_of(code: i32) -> String {
    let text = io::Error::from_raw_os_error(code).to_string();
    text.split(" (os error").next().unwrap_or(&text).trim_end_matches(['.', '\r', '\n', ' ']).to_owned()
}

/// The index of a network interface.
pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name is NUL-terminated.
    match unsafe { if_nametoindex(name.as_ptr().cast()) } {
        0 => None,
        index => Some(index),
    }
}
