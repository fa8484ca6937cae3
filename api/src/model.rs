//! What a description consists of.
//!
//! A sentence and a paragraph are prose with words in backticks: the name of an option, of a total or of a choice's
//! value is rendered as each language writes it, and anything else as code.

/// A number from a list: of an option, or of a line of the log.
#[derive(Debug)]
pub struct Choice {
    /// `concurrency`
    pub name: &'static str,
    /// What is chosen.
    pub sentence: &'static str,
    /// The name of the value that is the default, if there is one.
    pub default: Option<&'static str>,
    /// Whether the Java package has it as an enum of its own.
    pub in_java: bool,
    /// The values, in the order of their numbers.
    pub values: &'static [Value],
}

/// One value of a choice, a feature of the system, or a kind of error.
#[derive(Debug)]
pub struct Value {
    /// `udp-gro`, in the case of the command: words separated by hyphens.
    pub name: &'static str,
    /// Never changed, and never used for another value.
    pub number: u64,
    /// What it means.
    pub sentence: &'static str,
}

/// A kind of error.
#[derive(Debug)]
pub struct ErrorKind {
    /// Its name, number and meaning.
    pub value: Value,
    /// The exception of the Java package.
    pub java: &'static str,
    /// The exception of the Python package; those of `OSError` have the system's number.
    pub python: &'static str,
}

/// Whose options they are.
#[derive(Debug)]
pub struct Options {
    /// `server`, `tcp_client`, `udp_client`.
    pub owner: &'static str,
    /// In their order.
    pub options: &'static [Opt],
}

/// The transport protocols that an option of a server has an effect with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// TCP and UDP.
    Both,
    /// TCP alone.
    Tcp,
    /// UDP alone.
    Udp,
}

/// What the value of an option is, from which its type in each language follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The host to listen on.
    Host,
    /// The port to listen on.
    Port,
    /// One of the choice of that name.
    Choice(&'static str),
    /// A number of at most 32 bits.
    Number,
    /// A number of the machine's size.
    Size,
    /// A time, or no limit. C: milliseconds; Python and the command: seconds.
    Limit,
    /// A time, or for ever. As a limit; Java has no value for ever.
    Pause,
    /// A short time. C and the command: microseconds; Python: seconds.
    Micros,
    /// Whether a signal handler ends a blocking call. Only C has it: the other languages decide it for themselves.
    Interruptible,
}

/// A default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// The core's constant for the host or the port.
    Constant,
    /// A number.
    Number(u64),
    /// A time in milliseconds.
    Millis(u64),
    /// The value of that name.
    Value(&'static str),
    /// No.
    False,
}

/// An option.
#[derive(Debug)]
pub struct Opt {
    /// `max_connections`
    pub name: &'static str,
    /// What it has an effect with.
    pub over: Over,
    /// What its value is.
    pub kind: Kind,
    /// What is counted: `bytes`, `connections`. Empty if the kind says it.
    pub unit: &'static str,
    /// What counts if it is not set.
    pub default: Default,
    /// The values that are accepted, in words; empty for all of the type.
    pub range: &'static str,
    /// The first version that has it.
    pub since: &'static str,
    /// How an error names it.
    pub error: &'static str,
    /// What it is, in one sentence.
    pub sentence: &'static str,
    /// What else a caller has to know; empty for nothing.
    pub paragraph: &'static str,
}

/// A number that is counted.
#[derive(Debug)]
pub struct Total {
    /// `bytes_received`
    pub name: &'static str,
    /// The first version that has it.
    pub since: &'static str,
    /// What is counted.
    pub sentence: &'static str,
}
