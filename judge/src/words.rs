//! Bytes, numbers and times in sentences.

use std::time::Duration;

/// The longest quotation, in characters.
const LONGEST: usize = 60;

/// Bytes in quotation marks, with what a terminal would interpret escaped, and cut with their number if they are many.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(4 * LONGEST)];
    let mut escaped = String::new();
    for chunk in head.utf8_chunks() {
        chunk.valid().chars().for_each(|one| match one {
            '"' | '\'' => escaped.push(one),
            '\0' => escaped.push_str("\\0"),
            _ if one.is_control() => escaped.extend(one.escape_default()),
            _ => escaped.push(one),
        });
        chunk.invalid().iter().for_each(|byte| escaped.push_str(&format!("\\x{byte:02x}")));
    }
    if head.len() == bytes.len() && escaped.chars().count() <= LONGEST {
        return format!("\"{escaped}\"");
    }
    let cut: String = escaped.chars().take(LONGEST).collect();
    format!("\"{cut}\"... ({})", counted(bytes.len(), "byte"))
}

/// `1 byte`, `2,000 bytes`.
pub(crate) fn counted(number: usize, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number with a comma before every three digits.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in seconds.
pub(crate) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds.fract() == 0.0 { format!("{seconds} s") } else { format!("{seconds:.1} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_is_readable_harmless_and_short() {
        for (bytes, text) in [
            (&b"HELLO\n"[..], "\"HELLO\\n\""),
            ("STRASSE Ω 🚀".as_bytes(), "\"STRASSE Ω 🚀\""),
            (b"A\0\0\x1b[31m", "\"A\\0\\0\\u{1b}[31m\""),
            (b"\xffA\xc3", "\"\\xffA\\xc3\""),
        ] {
            assert_eq!(quoted(bytes), text);
        }
        assert_eq!(quoted(&[b'a'; 2000]), format!("\"{}\"... (2,000 bytes)", "a".repeat(60)));
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!((counted(1, "byte"), counted(1000, "byte")), ("1 byte".into(), "1,000 bytes".into()));
    }
}
