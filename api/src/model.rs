//! The types of the description.
//!
//! A sentence or a paragraph may contain words in backticks. The name of an option, of a total or of a choice's value
//! is rendered as each language writes it, any other word as code.

/// An enum: the type of an option, or the level of a line of the log.
#[derive(Debug)]
pub struct Choice {
    /// `concurrency`
    pub name: &'static str,
    /// Its documentation.
    pub sentence: &'static str,
    /// The name of the default value, if there is one.
    pub default: Option<&'static str>,
    /// Whether the Java package has an enum for it.
    pub in_java: bool,
    /// The values, in the order of their numbers.
    pub values: &'static [Value],
}

/// One value of a choice, a feature of the system, or a kind of error.
#[derive(Debug)]
pub struct Value {
    /// The name in the command, words separated by hyphens: `udp-gro`.
    pub name: &'static str,
    /// A number is never changed or reused.
    pub number: u64,
    /// Its documentation.
    pub sentence: &'static str,
}

/// A kind of error.
#[derive(Debug)]
pub struct ErrorKind {
    /// Its name, number and meaning.
    pub value: Value,
    /// The exception of the Java package.
    pub java: &'static str,
    /// The exception of the Python package. `OSError` and its subclasses have the system's number.
    pub python: &'static str,
}

/// The options of an object.
#[derive(Debug)]
pub struct Options {
    /// `server`, `tcp_client`, `udp_client`.
    pub owner: &'static str,
    /// The options, in the order of the documentation.
    pub options: &'static [Opt],
}

/// The transport protocols with which an option of a server has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// TCP and UDP.
    Both,
    /// TCP alone.
    Tcp,
    /// UDP alone.
    Udp,
}

/// The kind of an option's value, which determines its type in each language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The host to listen on.
    Host,
    /// The port to listen on.
    Port,
    /// A value of the choice with this name.
    Choice(&'static str),
    /// A number of at most 32 bits.
    Number,
    /// A number of the size of a pointer.
    Size,
    /// The permissions of a file, as in chmod(2): in octal where a person writes them.
    Mode,
    /// A time, or no limit. In C in milliseconds, in Python and the command in seconds.
    Limit,
    /// A time, or forever, in the units of a limit. Java has no value for forever.
    Pause,
    /// A short time. In C and the command in microseconds, in Python in seconds.
    Micros,
    /// Yes or no.
    Flag,
    /// A byte string.
    Bytes,
    /// A text.
    Text,
    /// Whether a signal handler ends a blocking call. Only C has it: in the other languages the binding decides.
    Interruptible,
}

/// The default of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// The core's constant for the host or the port.
    Constant,
    /// A number.
    Number(u64),
    /// A time in milliseconds.
    Millis(u64),
    /// The value of the choice with this name.
    Value(&'static str),
    /// `false`.
    False,
    /// Carriage return and line feed (13, 10).
    CrLf,
    /// The empty text.
    Empty,
}

/// An option.
#[derive(Debug)]
pub struct Opt {
    /// `max_connections`
    pub name: &'static str,
    /// The transport protocols with which it has an effect.
    pub over: Over,
    /// The kind of its value.
    pub kind: Kind,
    /// The unit of a number: `bytes`, `connections`. Empty if the kind determines it.
    pub unit: &'static str,
    /// The value of an option that is not set.
    pub default: Default,
    /// The values that are accepted, in words; empty if all values of the type are.
    pub range: &'static str,
    /// The first version that has it.
    pub since: &'static str,
    /// The name of the option in errors.
    pub error: &'static str,
    /// Its documentation in one sentence.
    pub sentence: &'static str,
    /// Further documentation; may be empty.
    pub paragraph: &'static str,
}

impl Opt {
    /// Whether all languages have the option, not only C.
    pub(crate) fn in_every_language(&self) -> bool {
        self.kind != Kind::Interruptible
    }

    /// Whether the command has the option. It has no handler, and none of a handler's options.
    pub(crate) fn in_command(&self) -> bool {
        self.in_every_language() && !self.name.starts_with("handler_")
    }

    /// Whether the option is a field of the core's settings. The host and the port are parts of its address instead.
    pub(crate) fn in_settings(&self) -> bool {
        !matches!(self.kind, Kind::Host | Kind::Port)
    }
}

/// How a total changes, in the words of OpenMetrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// It only increases.
    Counter,
    /// It increases and decreases.
    Gauge,
    /// It is not a number of something: a set of bits.
    None,
}

/// A count.
#[derive(Debug)]
pub struct Total {
    /// `bytes_received`
    pub name: &'static str,
    /// How it changes.
    pub metric: Metric,
    /// The base unit of OpenMetrics, with which the name begins: `bytes`. Empty for a number of things.
    pub unit: &'static str,
    /// The first version that has it.
    pub since: &'static str,
    /// Its documentation.
    pub sentence: &'static str,
}

impl Total {
    /// The name of the metric family: a name that begins with its unit ends with it instead.
    pub(crate) fn family(&self) -> String {
        match self.name.strip_prefix(self.unit) {
            Some(rest) if !self.unit.is_empty() => format!("capsock{rest}_{}", self.unit),
            _ => format!("capsock_{}", self.name),
        }
    }

    /// The name of the sample in the text of OpenMetrics, which ends in `_total` if it is a counter's.
    pub(crate) fn sample(&self) -> String {
        let suffix = if self.metric == Metric::Counter { "_total" } else { "" };
        self.family() + suffix
    }
}
