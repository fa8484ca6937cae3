//! The lines that a server's command writes to standard error: text, or an object of JSON each.

use std::fmt::Display;
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::stdio;

/// How the lines on standard error are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    // Comments of the values would change the layout of the whole help.
    #[default]
    Text,
    Json,
}

/// The severity of what is no line of the server's own log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Severity {
    Info,
    Error,
}

impl LogFormat {
    /// Writes a message; the fields of the object `fields` go into JSON alone.
    pub(crate) fn write(self, severity: Severity, message: impl Display, fields: &Value) {
        let level = match severity {
            Severity::Info => "info",
            Severity::Error => capsock::Level::Error.name(),
        };
        match self {
            LogFormat::Text => stdio::message(message),
            LogFormat::Json => {
                stdio::error_line(line(SystemTime::now(), level, &message.to_string(), fields.as_object()));
            }
        }
    }

    /// Writes a line of the server's own log. The text of one without a format is the core's to write.
    pub(crate) fn write_of_server(level: capsock::Level, message: &str) {
        stdio::error_line(line(SystemTime::now(), level.name(), message, None));
    }
}

/// The object. The members that all lines have come first.
fn line(time: SystemTime, level: &str, message: &str, fields: Option<&Map<String, Value>>) -> String {
    let time = humantime::format_rfc3339_micros(time.max(SystemTime::UNIX_EPOCH));
    let mut line =
        format!("{{\"time\":\"{time}\",\"level\":\"{level}\",\"message\":{}", Value::from(message));
    for (name, value) in fields.into_iter().flatten() {
        line += &format!(",{}:{value}", Value::from(name.as_str()));
    }
    line + "}"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_one_object_whatever_the_message_has() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456);
        let fields = json!({ "event": "x\n", "count": 2 });
        let text = line(time, "info", "a \"b\"\n\u{2028}\u{1b}", fields.as_object());
        assert!(
            text.starts_with("{\"time\":\"2023-11-14T22:13:20.123456Z\",\"level\":\"info\",\"message\":"),
            "{text}"
        );
        assert!(!text.contains(['\n', '\u{1b}']), "{text}");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        let expected = json!({
            "time": "2023-11-14T22:13:20.123456Z", "level": "info", "message": "a \"b\"\n\u{2028}\u{1b}",
            "event": "x\n", "count": 2,
        });
        assert_eq!(read, expected);
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert!(line(early, "error", "", None).starts_with("{\"time\":\"1970-01-01T00:00:00.000000Z\""));
    }
}
