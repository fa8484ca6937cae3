//! Decodes the fuzzer's bytes as calls and arguments that the contract of `capsock.h` permits. Hosts, ports and options
//! come from tables, so that no traffic leaves the machine.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use libfuzzer_sys::arbitrary::{self, Arbitrary};

/// A handle, as an index into a pool; an index beyond the last is NULL.
pub type Handle = u8;

/// The handles that exist before the first call, so that the fuzzer starts from useful states.
#[derive(Arbitrary, Debug)]
pub enum Scene {
    Nothing,
    /// A server, and a client of its transport.
    Served {
        udp: bool,
        concurrency: u8,
        line: bool,
        handler: u8,
    },
    /// Two connected sockets.
    Connected {
        udp: bool,
    },
}

#[derive(Arbitrary, Debug)]
pub enum Call<'a> {
    Uppercase(Data<'a>, bool),
    StreamNew,
    StreamPush(Handle, Data<'a>, bool),
    StreamFinish(Handle, bool),
    StreamFree(Handle),
    ServerStart(Options<'a>),
    ServerAsk(Handle, u8),
    ServerStop(Handle, Millis, bool),
    ServerRequestStop(Handle),
    ServerPause(Handle, bool),
    ServerDrain(Handle, Millis, bool),
    ServerWait(Handle, Millis),
    ServerFree(Handle),
    TcpConnect(Host<'a>, Port, Millis, u16, Framing<'a>),
    TcpAsk(Handle, Text<'a>, bool),
    TcpAskBytes(Handle, Data<'a>, bool),
    TcpAskMany(Handle, Vec<Data<'a>>, u8),
    TcpCopy(Handle, Data<'a>, Descriptor, Descriptor, bool),
    TcpAddresses(Handle, bool),
    TcpClose(Handle),
    TcpFree(Handle),
    UdpConnect(Host<'a>, Port, Millis, u8),
    UdpAsk(Handle, Text<'a>, bool),
    UdpAskBytes(Handle, Data<'a>, bool),
    UdpAskMany(Handle, Vec<Data<'a>>, u8),
    UdpAddresses(Handle, bool),
    UdpClose(Handle),
    UdpFree(Handle),
    SocketNew(u8, u8, u8),
    SocketTimeout(Handle, Millis),
    SocketInterruptible(Handle, bool),
    SocketBind(Handle, Address<'a>),
    SocketBindTo(Handle, Host<'a>, Port),
    SocketListen(Handle, i32),
    SocketAccept(Handle, u8, bool, bool),
    SocketConnect(Handle, Address<'a>),
    SocketConnectTo(Handle, Host<'a>, Port),
    SocketShutdown(Handle, i8),
    SocketNames(Handle, u8, bool),
    SocketSend(Handle, Data<'a>, Flags, bool),
    SocketSendTo(Handle, Data<'a>, Flags, Address<'a>, bool),
    SocketReceive(Handle, u16, Flags, bool),
    SocketReceiveFrom(Handle, u16, Flags, u8, bool),
    SocketGetOption(Handle, u8, u8),
    SocketSetOption(Handle, u8, Data<'a>),
    SocketClose(Handle),
    SocketFree(Handle),
    AddressParse(Text<'a>, u8, u8),
}

/// A payload, which may be large.
#[derive(Arbitrary, Debug)]
pub struct Data<'a> {
    bytes: &'a [u8],
    null: bool,
    times: u8,
}

impl Data<'_> {
    /// A copy of the exact length, so that AddressSanitizer detects a read beyond it.
    pub fn exact(&self) -> Box<[u8]> {
        let times = if self.times == 255 { 70_000 / self.bytes.len().max(1) } else { 1 };
        self.bytes.repeat(times.max(1)).into_boxed_slice()
    }

    /// Whether to pass NULL as the pointer.
    pub fn null(&self) -> bool {
        self.null
    }
}

/// A C text, or NULL.
#[derive(Arbitrary, Debug)]
pub enum Text<'a> {
    Null,
    Bytes(&'a [u8]),
}

impl Text<'_> {
    pub fn with<T>(&self, call: impl FnOnce(*const c_char) -> T) -> T {
        match self {
            Text::Null => call(ptr::null()),
            Text::Bytes(bytes) => {
                let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                call(CString::new(bytes).expect("cut at the first NUL").as_ptr())
            }
        }
    }
}

/// A framing with its options, of a server or a client.
#[derive(Arbitrary, Debug)]
pub struct Framing<'a> {
    pub choice: u8,
    pub length_bytes: u8,
    pub length_endian: u8,
    pub length_includes_itself: bool,
    pub delimiter: Data<'a>,
}

impl Framing<'_> {
    /// The framing of that number, with the default options.
    pub fn plain(choice: u8) -> Framing<'static> {
        let delimiter = Data { bytes: b"\r\n", null: false, times: 1 };
        Framing { choice, length_bytes: 4, length_endian: 0, length_includes_itself: false, delimiter }
    }

    pub fn number(&self) -> i32 {
        if self.choice > 250 { i32::from(self.choice) - 253 } else { i32::from(self.choice % 6) }
    }

    /// Mostly 1, 2 or 4.
    pub fn length_bytes(&self) -> u32 {
        [1, 2, 4, 1, 2, 4, 0, 3][usize::from(self.length_bytes % 8)]
    }
}

/// A host of this machine, or text that is no host.
#[derive(Arbitrary, Debug)]
pub enum Host<'a> {
    V4,
    V6,
    Localhost,
    Empty,
    Brackets,
    NoSuchScope,
    NotUtf8,
    Null,
    /// Arbitrary bytes behind an invalid UTF-8 prefix, which rules out a name lookup.
    Other(&'a [u8]),
}

impl Host<'_> {
    pub fn with<T>(&self, call: impl FnOnce(*const c_char) -> T) -> T {
        let text: &CStr = match self {
            Host::V4 => c"127.0.0.1",
            Host::V6 => c"::1",
            Host::Localhost => c"localhost",
            Host::Empty => c"",
            Host::Brackets => c"[::1]",
            Host::NoSuchScope => c"fe80::1%250",
            Host::NotUtf8 => c"a\xff",
            Host::Null => return call(ptr::null()),
            Host::Other(bytes) => return Text::Bytes(&[b"\xff", *bytes].concat()).with(call),
        };
        call(text.as_ptr())
    }
}

/// A port of a handle that exists, or an unused one.
#[derive(Arbitrary, Debug)]
pub enum Port {
    OfServer(Handle),
    OfSocket(Handle),
    Free,
    Nobodys,
    Negative,
    TooHigh,
}

/// A `struct sockaddr`, complete or truncated.
#[derive(Arbitrary, Debug)]
pub enum Address<'a> {
    Null(bool),
    V4(Port, u8),
    V6(Port, u8),
    /// Of another address family.
    Other(&'a [u8]),
}

/// A short timeout.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Millis(u8);

impl Millis {
    pub const FEW: Millis = Millis(3);

    pub fn number(self) -> i64 {
        match self.0 % 16 {
            15 => -1,
            14 => i64::MIN,
            13 => 0,
            number => i64::from(number % 4) + 1,
        }
    }
}

/// MSG_ flags without effects beyond the sockets of this machine.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Flags(u8);

impl Flags {
    pub fn number(self) -> i32 {
        let table = [
            libc::MSG_PEEK,
            libc::MSG_TRUNC,
            libc::MSG_DONTWAIT,
            libc::MSG_OOB,
            libc::MSG_MORE,
            libc::MSG_WAITALL,
            libc::MSG_NOSIGNAL,
            libc::MSG_FASTOPEN,
        ];
        // Few at once.
        let bits = if self.0 & 0x80 == 0 { 0 } else { self.0 };
        table.iter().enumerate().map(|(bit, flag)| if bits >> bit & 1 == 1 { *flag } else { 0 }).sum()
    }
}

#[derive(Arbitrary, Debug, Clone, Copy)]
pub enum Descriptor {
    Good,
    Closed,
    Negative,
    /// A pipe whose other end is closed.
    Broken,
}

#[derive(Arbitrary, Debug)]
pub struct Options<'a> {
    pub null: bool,
    pub transport: u8,
    pub host: Host<'a>,
    pub port: u8,
    pub concurrency: u8,
    pub framing: Framing<'a>,
    pub backlog: u32,
    pub workers: u8,
    pub max_connections: u8,
    pub max_request: u16,
    pub idle: Millis,
    pub write: Millis,
    pub busy_poll: u8,
    pub handler: u8,
}
