//! Properties that hold for any input of the public interface. The property tests beside this file and the fuzz
//! targets in `fuzz/` check them.

use capsock::net::{Control, control_length, control_space, read_controls, write_controls};
use capsock::{Endpoint, UppercaseStream, uppercase};

/// The upper case of any bytes, in any pieces, is the standard library's for all that is UTF-8.
pub(crate) fn upper_case(pieces: &[&[u8]]) {
    let input = pieces.concat();
    let expected: Vec<u8> = input
        .utf8_chunks()
        .flat_map(|chunk| [chunk.valid().to_uppercase().into_bytes(), chunk.invalid().to_vec()].concat())
        .collect();
    // A Rust with another version of Unicode knows other cases.
    if char::UNICODE_VERSION == capsock::UNICODE_VERSION {
        assert_eq!(uppercase(&input), expected, "{}", input.escape_ascii());
    }
    let (mut stream, mut output) = (UppercaseStream::new(), Vec::new());
    let mut taken = 0;
    for piece in pieces {
        stream.push(piece, &mut output);
        taken += piece.len();
        let owed = uppercase(&input[..taken]).len();
        assert!(owed <= output.len() + 3, "3 bytes at most are held");
    }
    stream.finish(&mut output);
    assert_eq!(output, uppercase(&input), "{} in {pieces:?}", input.escape_ascii());
}

/// Any bytes can be read as control data: what is found lies within them, one after the other.
pub(crate) fn control_data(buffer: &[u8]) {
    let mut end = buffer.as_ptr();
    for control in read_controls(buffer) {
        let data = control.data.as_ptr_range();
        assert!(data.start >= end && data.end <= buffer.as_ptr_range().end, "{buffer:?}");
        end = data.end;
    }
    // What is whole comes back the same when it is written and read again.
    let messages: Vec<Control<'_>> = read_controls(buffer).collect();
    let written = write_controls(&messages).expect("no message is longer than a buffer");
    let spaces: usize =
        messages.iter().map(|message| control_space(message.data.len()).expect("space")).sum();
    assert_eq!(written.len(), spaces);
    assert_eq!(read_controls(&written).collect::<Vec<_>>(), messages, "{buffer:?}");
}

/// The space of any data is more than its length, which is more than the data.
pub(crate) fn control_sizes(data: usize) {
    assert_eq!(control_length(data).is_some(), control_space(data).is_some());
    if let (Some(length), Some(space)) = (control_length(data), control_space(data)) {
        assert!(data < length && length <= space && space - length < 16, "{data}");
    }
}

/// Any text is an endpoint or an error that can be shown; an endpoint's text is that endpoint again.
pub(crate) fn endpoint(text: &str) {
    match text.parse::<Endpoint>() {
        Ok(endpoint) => {
            let names_port = text.ends_with(&endpoint.port().to_string()) || text.contains(":0");
            assert!(names_port || endpoint.unix().is_some(), "{text:?}");
            // A path is shown so that it cannot control a terminal.
            if endpoint.unix().is_none() || !text.contains(char::is_control) {
                assert_eq!(endpoint.to_string().parse(), Ok(endpoint), "{text:?}");
            }
        }
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.contains(|shown: char| shown.is_control()), "{shown:?}");
        }
    }
}
