//! Bytes as printable ASCII text, and back.

use std::fmt::{self, Write};

/// Writes `bytes` as text of printable ASCII: a backslash as `\\`, newline, return and tab as `\n`, `\r` and `\t`, any
/// other byte outside of 0x20 to 0x7e as `\xNN`.
///
/// # Errors
/// Those of `out`.
pub fn escape_into(bytes: &[u8], out: &mut impl Write) -> fmt::Result {
    for &byte in bytes {
        match byte {
            b'\\' => out.write_str("\\\\")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            0x20..=0x7e => out.write_char(char::from(byte))?,
            _ => write!(out, "\\x{byte:02x}")?,
        }
    }
    Ok(())
}

/// The bytes that [`escape_into`] wrote as `text`; `None` if it does not write that.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let byte = match (first, after) {
            (b'\\', [code, after @ ..]) => {
                rest = after;
                match code {
                    b'\\' => b'\\',
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'x' => {
                        let digits =
                            after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
                        rest = &after[2..];
                        u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
                    }
                    _ => return None,
                }
            }
            (0x20..=0x7e, _) if *first != b'\\' => *first,
            _ => return None,
        };
        bytes.push(byte);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back() {
        let all: Vec<u8> = (0..=255).chain(*b"\\x41\\n end").collect();
        let mut text = String::new();
        escape_into(&all, &mut text).expect("a string takes all");
        assert!(text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        assert_eq!(unescape(&text), Some(all));
    }

    #[test]
    fn what_it_does_not_write_is_refused() {
        for text in ["\\", "\\x4", "\\q", "\\xg0", "\\x+1", "é", "\n"] {
            assert_eq!(unescape(text), None, "{text:?}");
        }
    }
}
