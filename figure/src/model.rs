//! What a trace shows, its calls linked to each other: what every picture is drawn from.

use capsock::trace::Call;

/// Who did what, in an order in which no effect comes before its cause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// The programs: a column each, servers first, then in the order of their first call.
    pub programs: Vec<Program>,
    /// The sockets, in the order of their first step.
    pub sockets: Vec<Socket>,
    /// The calls.
    pub steps: Vec<Step>,
    /// What went from one program to another, in the order of the step that began it.
    pub messages: Vec<Message>,
    /// A row each in the picture of who waited: the connections, and over UDP the exchanges of a client's socket
    /// with a server's.
    pub conversations: Vec<Conversation>,
    /// What the reader left out, for people: lines cut short, calls whose beginning was not recorded.
    pub remarks: Vec<String>,
}

/// A running program: one process, and those that it forked to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name, made different from the others' by a number where it has to be.
    pub name: String,
    /// `c`, `java`, `python`, `rust`.
    pub language: String,
    /// Its processes, the first one first.
    pub pids: Vec<u32>,
    /// Whether it listens, or receives before it sends over UDP.
    pub serves: bool,
}

/// A socket from the call that made it to the one that closed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// The program that has it: an index into [`Model::programs`].
    pub program: usize,
    /// What the lecture calls it: `serverSocket`, `connectionSocket`, `clientSocket`, with a number where there are
    /// several.
    pub name: String,
}

/// A call in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The program: an index into [`Model::programs`].
    pub program: usize,
    /// The thread of the program that made the call, from 0 in the order of appearance.
    pub thread: usize,
    /// The socket: an index into [`Model::sockets`].
    pub socket: usize,
    /// For `accept`, the socket of the new connection.
    pub accepted: Option<usize>,
    /// The call as it was recorded.
    pub call: Call<'static>,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub kind: MessageKind,
    /// The step that sent it: an index into [`Model::steps`]; `None` if that was not recorded.
    pub from: Option<usize>,
    /// The step that received it; `None` if no receive was seen.
    pub to: Option<usize>,
    /// Bytes of the payload that went this way: of a stream, those that both steps share.
    pub bytes: u64,
    /// The bytes' place in the stream of this direction; 0 for others.
    pub offset: u64,
    /// The first bytes of the payload, as far as they were recorded.
    pub data: Option<Vec<u8>>,
    /// Bytes of a datagram that the receiver's buffer had no room for.
    pub cut: u64,
}

/// What an arrow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A connect: it ends in the backlog, from where `accept` takes it (`to`).
    Handshake,
    /// A piece of a stream.
    Stream,
    /// A datagram.
    Datagram,
    /// The end of one direction of a connection: a shutdown or close, seen by a receive of 0 bytes.
    HalfClose,
    /// The end of a connection by a reset.
    Reset,
    /// A connect that was refused: no program's step received it.
    Refused,
}

/// One client's time with a server: times in nanoseconds of the trace's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The client's socket, if its program recorded.
    pub client: Option<usize>,
    /// The server's socket of it, if its program recorded and accepted.
    pub server: Option<usize>,
    /// When connect began, and ended: then it stands in the backlog.
    pub connect: Option<(u64, u64)>,
    /// When accept returned it.
    pub accepted: Option<u64>,
    /// From each receive of a request to the reply's last send, in order.
    pub served: Vec<(u64, u64)>,
    /// When the client had its last byte or closed.
    pub end: Option<u64>,
}
