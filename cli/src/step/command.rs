//! What a person says: a line of the terminal.

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// The next call of whichever program is ready.
    Next,
    /// The next call of this program, by its number or name.
    NextOf(String),
    /// The next call of each program.
    All,
    /// Until a message has arrived.
    Message,
    /// To the end.
    End,
    /// The figure of what has happened.
    Picture,
    Quit,
}

/// What the terminal says of them.
pub(super) const HELP: &str = "Enter: the next call; a number or a name: that one's; a: all that are ready; m: until the \
                               next message; e: to the end; p: the figure so far; q: quit";

/// The command of a line.
pub(super) fn command(line: &str) -> Command {
    match line.trim() {
        "" => Command::Next,
        "a" => Command::All,
        "m" => Command::Message,
        "e" => Command::End,
        "p" => Command::Picture,
        "q" => Command::Quit,
        other => Command::NextOf(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_a_name() {
        for (line, expected) in [
            ("", Command::Next),
            (" \r", Command::Next),
            ("m", Command::Message),
            ("q ", Command::Quit),
            ("2", Command::NextOf("2".to_owned())),
            ("UDPClient.py", Command::NextOf("UDPClient.py".to_owned())),
        ] {
            assert_eq!(command(line), expected, "{line:?}");
        }
    }
}
