//! The model of a trace, from which every figure is drawn: programs, sockets, calls and messages.

use capsock::trace::Call;

/// A linked trace. Its steps are in causal order: no effect precedes its cause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// The programs, servers first, then in the order of their first call.
    pub programs: Vec<Program>,
    /// The sockets, in the order of their first step.
    pub sockets: Vec<Socket>,
    /// The calls.
    pub steps: Vec<Step>,
    /// What one program sent to another, in the order of the sending steps.
    pub messages: Vec<Message>,
    /// The connections, and over UDP the exchanges of a client's socket with a server's: the rows of the Gantt chart.
    pub conversations: Vec<Conversation>,
    /// Messages about incomplete input, such as truncated lines and calls whose beginning was not recorded.
    pub remarks: Vec<String>,
    /// Whether messages go to or come from programs that were recorded, and [left out](Model::only).
    pub hidden: bool,
}

/// A program: a process and the children that it forked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name, with a number if several programs have the same name.
    pub name: String,
    /// `c`, `java`, `python`, `rust`.
    pub language: String,
    /// Its processes, in the order of their start.
    pub pids: Vec<u32>,
    /// Whether it is a server: it listens, or over UDP receives before it sends.
    pub serves: bool,
}

/// A socket, from its creation to its close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Its program: an index into [`Model::programs`].
    pub program: usize,
    /// The name of the program's variable where the trace has it; else `server`, `connection`, `client` or `socket`, by what
    /// it does. With a number if there are several.
    pub name: String,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The program: an index into [`Model::programs`].
    pub program: usize,
    /// The thread of the program, from 0 in the order of appearance.
    pub thread: usize,
    /// The socket: an index into [`Model::sockets`].
    pub socket: usize,
    /// For `accept`, the socket of the new connection.
    pub accepted: Option<usize>,
    /// For a wait for several descriptors, the sockets that it waits for, of which `socket` is one.
    pub waited: Vec<usize>,
    /// Of these, those that it found ready.
    pub ready: Vec<usize>,
    /// The call as it was recorded. One that had not returned lasts to the end of the trace, with the outcome `waiting`.
    pub call: Call<'static>,
}

/// A message from one step to another: an arrow in the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its kind.
    pub kind: MessageKind,
    /// The step that sent it: an index into [`Model::steps`]; `None` if that was not recorded.
    pub from: Option<usize>,
    /// The step that received it; `None` if no receive was seen.
    pub to: Option<usize>,
    /// The length of the payload; of a stream, the bytes that both steps share.
    pub bytes: u64,
    /// The offset of the bytes in their direction of the stream; 0 for other kinds.
    pub offset: u64,
    /// The first bytes of the payload, as far as they were recorded.
    pub data: Option<Vec<u8>>,
    /// Bytes of a datagram that did not fit into the receiver's buffer.
    pub cut: u64,
    /// Whether the end without a step is a program that is not traced. Otherwise no program is known to have sent or
    /// received the message.
    pub untraced: bool,
}

/// The kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A connect. The connection waits in the backlog until an `accept` (`to`) returns it.
    Handshake,
    /// Bytes of a stream.
    Stream,
    /// A datagram.
    Datagram,
    /// The end of one direction of a connection: a shutdown or close, and the receive that returned 0 bytes.
    HalfClose,
    /// A reset of the connection.
    Reset,
    /// A refused connect, which has no receiving step.
    Refused,
}

/// A connection, or an exchange over UDP, of one client with a server. Times are in nanoseconds of the trace's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The client's socket, if its program was recorded.
    pub client: Option<usize>,
    /// The server's socket, if its program was recorded and accepted the connection.
    pub server: Option<usize>,
    /// When connect began and when it returned; from then on the connection is in the backlog.
    pub connect: Option<(u64, u64)>,
    /// When accept returned the connection.
    pub accepted: Option<u64>,
    /// The intervals from the receive of a request to the last send of its reply, in order.
    pub served: Vec<(u64, u64)>,
    /// The intervals from a request to the end of the client's wait for a reply that did not come, in order. If the
    /// client's wait is not known: from the receive of a datagram to that of the next one, without a reply in between.
    pub unanswered: Vec<(u64, u64)>,
    /// The intervals in which the server's thread that accepts connections was blocked in a receive from this one, so
    /// that it could accept no other, in order.
    pub held: Vec<(u64, u64)>,
    /// When the client received its last byte or closed the socket.
    pub end: Option<u64>,
}
