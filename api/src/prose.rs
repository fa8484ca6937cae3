//! Renders prose for each language: names, references, units, lines of a given width.

use crate::choices::CHOICES;
use crate::model::{Choice, Default, Kind, Opt};
use crate::{options, totals};

/// The language whose documentation is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    C,
    Python,
    Java,
    Command,
    Markdown,
    /// Text that no program formats.
    Plain,
}

use Language::{C, Command, Java, Markdown, Plain, Python, Rust};

/// `udp-gro` as `UDP_GRO`.
pub(crate) fn shouted(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

/// `udp-gro` as `UdpGro`.
pub(crate) fn pascal(name: &str) -> String {
    name.split(['-', '_']).map(capital).collect()
}

/// `udp-gro` as `udpGro`.
pub(crate) fn camel(name: &str) -> String {
    let pascal = pascal(name);
    pascal[..1].to_lowercase() + &pascal[1..]
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// The choice with this name.
pub(crate) fn choice(name: &str) -> &'static Choice {
    CHOICES
        .iter()
        .find(|choice| choice.name == name)
        .expect("the name of a choice in an option is one of the choices")
}

/// The prose, with the names in backticks as the language writes them.
pub(crate) fn translated(language: Language, text: &str) -> String {
    let mut parts = text.split('`');
    let mut translated = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        if index % 2 == 0 {
            translated += &reference(language, part);
        } else {
            translated += part;
        }
    }
    translated
}

fn reference(language: Language, name: &str) -> String {
    let chosen = CHOICES.iter().find(|choice| choice.values.iter().any(|value| value.name == name));
    if let Some(choice) = chosen {
        return value(language, choice, name);
    }
    let mut options = options::ALL.iter().flat_map(|owner| owner.options);
    if options.any(|option| option.name == name) || totals::TOTALS.iter().any(|total| total.name == name) {
        return match language {
            Rust | C | Markdown => format!("`{name}`"),
            Python | Plain => name.to_owned(),
            Java => format!("{{@code {}}}", camel(name)),
            Command => format!("--{}", name.replace('_', "-")),
        };
    }
    match language {
        Java => format!("{{@code {name}}}"),
        Python | Plain => name.to_owned(),
        Rust | C | Command | Markdown => format!("`{name}`"),
    }
}

/// A value of a choice.
pub(crate) fn value(language: Language, choice: &Choice, value: &str) -> String {
    match language {
        Rust => format!("`{}::{}`", pascal(choice.name), pascal(value)),
        C => format!("`CAPSOCK_{}_{}`", shouted(choice.name), shouted(value)),
        Python => format!("\"{value}\""),
        Java if choice.in_java => format!("{{@link {}#{}}}", pascal(choice.name), shouted(value)),
        Java => format!("{{@code {value}}}"),
        Command | Markdown => format!("`{value}`"),
        Plain => value.to_owned(),
    }
}

/// The number with commas between groups of three digits.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A time in milliseconds with its unit.
pub(crate) fn time(millis: u64) -> String {
    if millis == 0 {
        "0".to_owned()
    } else if millis.is_multiple_of(1_000) {
        format!("{} s", millis / 1_000)
    } else {
        format!("{millis} ms")
    }
}

/// The default as the language writes it.
pub(crate) fn default(language: Language, option: &Opt) -> String {
    match (option.default, option.kind) {
        (Default::Constant, Kind::Host) => match language {
            Python | Java => "\"localhost\"".to_owned(),
            _ => "`localhost`".to_owned(),
        },
        (Default::Constant, _) => match language {
            C => "`CAPSOCK_DEFAULT_PORT`".to_owned(),
            Rust => "12,000".to_owned(),
            _ => "12000".to_owned(),
        },
        (Default::Number(value), _) => match language {
            Python | Command => value.to_string(),
            _ => number(value),
        },
        (Default::Millis(value), Kind::Micros) => match language {
            C => number(value * 1_000),
            Python => (value / 1_000).to_string(),
            _ => time(value),
        },
        (Default::Millis(value), _) => match language {
            C => number(value),
            Python => (value / 1_000).to_string(),
            _ => time(value),
        },
        (Default::Value(name), Kind::Choice(choice_name)) => value(language, choice(choice_name), name),
        (Default::Value(name), _) => name.to_owned(),
        (Default::False, Kind::Flag) if language == Python => "False".to_owned(),
        (Default::False, _) => "false".to_owned(),
        (Default::CrLf, _) => "CR LF".to_owned(),
        (Default::Empty, _) if language == Python => "\"\"".to_owned(),
        (Default::Empty, _) => "empty".to_owned(),
    }
}

/// The unit of a time and the value for no limit. Empty for another kind.
pub(crate) fn unit(language: Language, kind: Kind) -> &'static str {
    match (kind, language) {
        (Kind::Limit, Rust) => "`None` sets no limit.",
        (Kind::Limit, C) => "In milliseconds; `CAPSOCK_NO_LIMIT` sets no limit.",
        (Kind::Limit, Python) => "In seconds; None sets no limit.",
        (Kind::Limit, Java) => "{@code null} sets no limit.",
        (Kind::Limit, Command) => "In seconds; `inf` sets no limit.",
        (Kind::Pause, C) => "In milliseconds; with `CAPSOCK_NO_LIMIT` it is never sent again.",
        (Kind::Pause, Python) => "In seconds; with None it is never sent again.",
        (Kind::Pause, Command) => "In seconds; with `inf` it is never sent again.",
        (Kind::Micros, C | Command) => "In microseconds.",
        (Kind::Micros, Python) => "In seconds.",
        (Kind::Mode, Command) => "In octal, as for chmod.",
        (Kind::Bytes, Command) => r"Escapes: \r, \n, \t, \0, \\ and \xHH.",
        _ => "",
    }
}

/// The default and the range: "Default 0; range: 0 to 1,024."
pub(crate) fn bounds(language: Language, option: &Opt) -> String {
    let default = default(language, option);
    if option.range.is_empty() {
        format!("Default {default}.")
    } else {
        format!("Default {default}; range: {}.", translated(language, option.range))
    }
}

/// The documentation of an option, in paragraphs.
pub(crate) fn paragraphs(language: Language, option: &Opt) -> Vec<String> {
    let sentence = translated(language, option.sentence);
    let first = [&sentence, unit(language, option.kind), &bounds(language, option)];
    let first: Vec<_> = first.into_iter().filter(|part| !part.is_empty()).collect();
    let mut paragraphs = vec![first.join(" ")];
    if !option.paragraph.is_empty() {
        paragraphs.push(translated(language, option.paragraph));
    }
    paragraphs
}

/// The text in lines of at most `width` characters.
pub(crate) fn filled(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The paragraphs as lines of a comment that begin with `prefix` and have at most `width` characters.
pub(crate) fn comment(prefix: &str, width: usize, paragraphs: &[String]) -> String {
    let mut comment = String::new();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        if index > 0 {
            comment += prefix.trim_end();
            comment.push('\n');
        }
        for line in filled(paragraph, width - prefix.len()) {
            comment += &format!("{prefix}{line}\n");
        }
    }
    comment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(
            (shouted("udp-gro"), pascal("udp-gro"), camel("max_request")),
            ("UDP_GRO".into(), "UdpGro".into(), "maxRequest".into())
        );
        let numbers = [(0, "0"), (999, "999"), (1_024, "1,024"), (1 << 20, "1,048,576")];
        for (value, text) in numbers {
            assert_eq!(number(value), text);
        }
        assert_eq!((time(300_000), time(1_500)), ("300 s".into(), "1500 ms".into()));
    }

    #[test]
    fn references_are_each_languages_own() {
        let text = "`events`, `max_request` and `x.y`";
        let table = [
            (Rust, "`Concurrency::Events`, `max_request` and `x.y`"),
            (C, "`CAPSOCK_CONCURRENCY_EVENTS`, `max_request` and `x.y`"),
            (Python, "\"events\", max_request and x.y"),
            (Java, "{@link Concurrency#EVENTS}, {@code maxRequest} and {@code x.y}"),
            (Command, "`events`, --max-request and `x.y`"),
            (Plain, "events, max_request and x.y"),
        ];
        for (language, expected) in table {
            assert_eq!(translated(language, text), expected);
        }
    }

    #[test]
    fn lines_are_as_long_as_they_may_be() {
        assert_eq!(filled("one two three", 7), ["one two", "three"]);
        assert_eq!(filled("one two three", 6), ["one", "two", "three"]);
        let paragraphs = ["one two three".to_owned(), "four".to_owned()];
        assert_eq!(comment("/// ", 11, &paragraphs), "/// one two\n/// three\n///\n/// four\n");
    }
}
