//! Where the systems' socket options differ: their presence, numbers and values, each as the JDK has it there.

/// The level and the number of an option (setsockopt(2)).
pub(super) type SystemOption = (i32, i32);

#[cfg(target_os = "linux")]
mod system {
    use super::SystemOption;

    pub(in super::super) const TCP_QUICKACK: Option<SystemOption> =
        Some((libc::IPPROTO_TCP, libc::TCP_QUICKACK));
    pub(in super::super) const SO_INCOMING_NAPI_ID: Option<SystemOption> =
        Some((libc::SOL_SOCKET, libc::SO_INCOMING_NAPI_ID));
    pub(in super::super) const TCP_KEEPIDLE: i32 = libc::TCP_KEEPIDLE;
    pub(in super::super) const IP_DONTFRAGMENT: i32 = libc::IP_MTU_DISCOVER;
    pub(in super::super) const IPV6_DONTFRAGMENT: i32 = libc::IPV6_MTU_DISCOVER;
    pub(in super::super) const IPV6_JOIN_GROUP: i32 = libc::IPV6_ADD_MEMBERSHIP;
    pub(in super::super) const IPV6_LEAVE_GROUP: i32 = libc::IPV6_DROP_MEMBERSHIP;

    /// The values of IP_DONTFRAGMENT that are off and on.
    pub(in super::super) const FRAGMENTS: i32 = libc::IP_PMTUDISC_DONT;
    pub(in super::super) const FRAGMENTS_NOT: i32 = libc::IP_PMTUDISC_DO;

    /// The size of a buffer is reported as so many times what was set, for Linux' own use.
    pub(in super::super) const BUFFER_FACTOR: i32 = 2;
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::SystemOption;

    pub(in super::super) const TCP_QUICKACK: Option<SystemOption> = None;
    pub(in super::super) const SO_INCOMING_NAPI_ID: Option<SystemOption> = None;
    #[cfg(target_vendor = "apple")]
    pub(in super::super) const TCP_KEEPIDLE: i32 = libc::TCP_KEEPALIVE;
    #[cfg(not(target_vendor = "apple"))]
    pub(in super::super) const TCP_KEEPIDLE: i32 = libc::TCP_KEEPIDLE;
    pub(in super::super) const IP_DONTFRAGMENT: i32 = libc::IP_DONTFRAG;
    pub(in super::super) const IPV6_DONTFRAGMENT: i32 = libc::IPV6_DONTFRAG;
    pub(in super::super) const IPV6_JOIN_GROUP: i32 = libc::IPV6_JOIN_GROUP;
    pub(in super::super) const IPV6_LEAVE_GROUP: i32 = libc::IPV6_LEAVE_GROUP;
    pub(in super::super) const FRAGMENTS: i32 = 0;
    pub(in super::super) const FRAGMENTS_NOT: i32 = 1;
    pub(in super::super) const BUFFER_FACTOR: i32 = 1;
}

pub(super) use system::*;

/// Whether an IPv6 socket takes the options of IPv4 as well, for the IPv4 addresses that it has.
pub(super) const TAKES_BOTH_FAMILIES: bool = cfg!(target_os = "linux");

/// Whether an IPv6 socket joins IPv4 groups by their IPv4-mapped addresses, and not by the option of IPv4.
pub(super) const JOINS_MAPPED_GROUPS: bool = cfg!(target_vendor = "apple");

/// Whether several datagram sockets can bind one address only if SO_REUSEPORT is set with SO_REUSEADDR.
pub(super) const NEEDS_REUSEPORT: bool = cfg!(not(target_os = "linux"));
