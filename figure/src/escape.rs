//! Escapes untrusted text for HTML and XML, so that it cannot contain markup, change the text direction or be
//! invisible.

/// Appends `text`, escaped for HTML and XML text and for quoted attributes.
pub(super) fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ if is_harmless(character) => out.push(character),
            _ => out.push_str(&visible(character)),
        }
    }
}

/// [`escape`] as a new string.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    escape(text, &mut out);
    out
}

/// Whether a character is visible and does not affect the text around it. Excluded are control characters, the line
/// separators of JavaScript, bidirectional controls (Unicode UAX #9), characters without width, characters that XML
/// does not permit (XML 1.0, 2.2), and private-use characters.
pub(super) fn is_harmless(character: char) -> bool {
    let invisible = matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
        | '\u{e0000}'..='\u{10ffff}');
    !character.is_control() && !invisible
}

/// An upper bound of a text's width, in columns of a fixed-width font.
pub(super) fn columns(text: &str) -> i32 {
    text.chars().map(|character| if character < '\u{1100}' { 1 } else { 2 }).sum()
}

/// The parts of a text that are not cut: characters, and the escapes that stand for one: `\\n`, `\\x1b`, `\\u{202e}`.
pub(super) fn indivisible(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let hexadecimal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let escape = match rest.strip_prefix('\\').map(|rest| (rest.chars().next(), rest)) {
            Some((Some('x'), _)) => rest.get(2..4).filter(|digits| hexadecimal(digits)).map(|_| 4),
            Some((Some('u'), after)) => {
                let digits = after.strip_prefix("u{").and_then(|after| after.split_once('}'));
                digits
                    .filter(|(digits, _)| digits.len() <= 6 && hexadecimal(digits))
                    .map(|(digits, _)| digits.len() + 4)
            }
            Some((Some('\\' | 'n' | 'r' | 't'), _)) => Some(2),
            _ => None,
        };
        let (part, after) = rest.split_at(escape.unwrap_or(first.len_utf8()));
        rest = after;
        Some(part)
    })
}

/// The text with invisible characters escaped, truncated to `most` columns, the ellipsis included.
pub(super) fn clipped(text: &str, most: i32) -> String {
    let (mut text, whole) = beginning(text, most);
    if !whole {
        text.push('…');
    }
    text
}

/// The text with invisible characters escaped, truncated to `most` columns less one; and whether it is complete.
pub(super) fn beginning(text: &str, most: i32) -> (String, bool) {
    let mut seen = String::new();
    let mut fits = 0;
    let mut width = 0;
    for part in indivisible(text) {
        if width < most {
            fits = seen.len();
        }
        let before = seen.len();
        for character in part.chars() {
            if is_harmless(character) {
                seen.push(character);
            } else {
                seen.push_str(&visible(character));
            }
        }
        width += columns(&seen[before..]);
        if width > most {
            seen.truncate(fits);
            return (seen, false);
        }
    }
    (seen, true)
}

fn visible(character: char) -> String {
    format!("\\u{{{:x}}}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_what_hides_becomes_text() {
        let cases = [
            ("</script><b a='1'>&\"", "&lt;/script&gt;&lt;b a=&#39;1&#39;&gt;&amp;&quot;"),
            ("a\u{2028}b\u{202e}c\u{0}\u{1b}[31m", "a\\u{2028}b\\u{202e}c\\u{0}\\u{1b}[31m"),
            ("\u{fffe}\u{feff}\u{85}\u{200b}", "\\u{fffe}\\u{feff}\\u{85}\\u{200b}"),
            ("Grüße, 你好 🙂", "Grüße, 你好 🙂"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn a_clipped_text_fits() {
        assert_eq!(clipped("hello", 5), "hello");
        assert_eq!(clipped("hello!", 5), "hell…");
        assert_eq!(clipped("你好你好", 5), "你好…");
        assert_eq!(clipped("a\u{202e}bc", 10), "a\\u{202e}…");
        assert_eq!(clipped("\u{202e}bc", 5), "…");
    }

    #[test]
    fn an_escape_is_not_cut() {
        let parts: Vec<_> = indivisible(r"a\n\x1b\u{202e}\\n\q\xg1\u{}é\").collect();
        let expected = [
            "a",
            r"\n",
            r"\x1b",
            r"\u{202e}",
            r"\\",
            "n",
            r"\",
            "q",
            r"\",
            "x",
            "g",
            "1",
            r"\",
            "u",
            "{",
            "}",
            "é",
            r"\",
        ];
        assert_eq!(parts, expected);
        for most in 0..20 {
            let (cut, _) = beginning(r"ab\x0d\n\u{202e}", most);
            assert!(
                ["", "a", "ab", r"ab\x0d", r"ab\x0d\n", r"ab\x0d\n\u{202e}"].contains(&&*cut),
                "{most}: {cut}"
            );
        }
    }
}
