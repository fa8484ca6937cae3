//! Text in XML and HTML.

/// Text as it stands between tags and in attributes. Characters that XML 1.0 forbids become U+FFFD.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(one),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(one),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup_and_nothing_is_forbidden() {
        assert_eq!(escaped("<a b=\"'\">&\x1b\0\n"), "&lt;a b=&quot;&#39;&quot;&gt;&amp;\u{fffd}\u{fffd}\n");
        assert_eq!(escaped("straße 🚀"), "straße 🚀");
    }
}
