//! Byte strings on the command line, with the escapes of printf(1) that most shells do not expand themselves.

use std::fmt;
use std::str::FromStr;

/// Bytes, written as text in which a backslash begins an escape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Escaped(pub(crate) Vec<u8>);

impl FromStr for Escaped {
    type Err = String;

    fn from_str(text: &str) -> Result<Escaped, String> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('\\') {
            bytes.extend_from_slice(before.as_bytes());
            let mut letters = after.chars();
            bytes.push(match letters.next() {
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some('t') => b'\t',
                Some('0') => 0,
                Some('\\') => b'\\',
                Some('x') => {
                    let digits = letters
                        .as_str()
                        .get(..2)
                        .filter(|two| two.bytes().all(|one| one.is_ascii_hexdigit()));
                    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                    letters = letters.as_str().get(2..).unwrap_or_default().chars();
                    byte.ok_or("after \\x come two hexadecimal digits")?
                }
                Some(other) => {
                    return Err(format!("\\{other} is not one of \\r, \\n, \\t, \\0, \\\\ and \\xHH"));
                }
                None => return Err("it ends with a single backslash; \\\\ stands for one".to_owned()),
            });
            rest = letters.as_str();
        }
        bytes.extend_from_slice(rest.as_bytes());
        Ok(Escaped(bytes))
    }
}

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A quote needs no escape, and has none above.
        let text = self.0.escape_ascii().to_string().replace("\\'", "'").replace("\\\"", "\"");
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_bytes() {
        let table: [(&str, Result<&[u8], &str>); 12] = [
            ("", Ok(b"")),
            ("ab", Ok(b"ab")),
            (r"\r\n", Ok(b"\r\n")),
            (r"a\0\t\\n", Ok(b"a\0\t\\n")),
            (r"\x00\xfF0", Ok(b"\0\xff0")),
            ("é", Ok("é".as_bytes())),
            (r"\q", Err("\\q is not one of")),
            ("\\", Err("a single backslash")),
            (r"\x1", Err("two hexadecimal digits")),
            (r"\x+1", Err("two hexadecimal digits")),
            ("\\xé", Err("two hexadecimal digits")),
            ("\\x1é", Err("two hexadecimal digits")),
        ];
        for (text, expected) in table {
            match (text.parse::<Escaped>(), expected) {
                (Ok(Escaped(bytes)), Ok(expected)) => {
                    assert_eq!(bytes, expected, "{text}");
                    assert_eq!(Escaped(bytes.clone()).to_string().parse(), Ok(Escaped(bytes)), "{text}");
                }
                (Err(error), Err(why)) => assert!(error.contains(why), "{text}: {error}"),
                (parsed, _) => panic!("{text}: {parsed:?}"),
            }
        }
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(Escaped(every.clone()).to_string().parse(), Ok(Escaped(every)));
    }
}
