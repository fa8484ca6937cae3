//! What a server and its successor tell each other: any line is a message or none, and a message is its line.
#![no_main]

#[path = "../../cli/src/restart/message.rs"]
#[allow(dead_code)]
mod message;

use message::{MAX_LINE, MAX_SOCKETS, Message};

libfuzzer_sys::fuzz_target!(|line: &str| {
    let Ok(message) = line.parse::<Message>() else { return };
    let written = message.to_string();
    assert_eq!(written.parse(), Ok(message.clone()), "{line:?}");
    match &message {
        Message::Sockets(purposes) => assert!(purposes.len() <= MAX_SOCKETS && written.len() < MAX_LINE),
        Message::Refused(why) => {
            assert!(!why.chars().any(char::is_control));
            assert!(Message::refused(why).to_string().len() < MAX_LINE);
        }
        _ => assert!(written.len() <= line.len()),
    }
});
