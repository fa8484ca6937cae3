//! A command in one word, as in `capsock show "python3 server.py 12001" -- client.py`.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::failure::{Failure, Result};

/// The words of a program: several as they are given, and one in parts at its spaces, unless there is such a file.
/// Quotation marks and a backslash keep a space, as in a shell; nothing is expanded.
pub(crate) fn split(given: &[OsString]) -> Result<Vec<OsString>> {
    let [one] = given else { return Ok(given.to_vec()) };
    if Path::new(one).exists() {
        return Ok(given.to_vec());
    }
    match one.to_str() {
        Some(text) => match parts(text) {
            Ok(parts) if !parts.is_empty() => Ok(parts.into_iter().map(OsString::from).collect()),
            Ok(_) => Err(Failure::usage("a program is empty")),
            Err(why) => Err(Failure::usage(format!("the command '{text}' {why}"))),
        },
        None => Ok(given.to_vec()),
    }
}

/// The parts of a text at its spaces; why it has none continues "it".
pub(crate) fn parts(text: &str) -> std::result::Result<Vec<String>, &'static str> {
    let mut parts = Vec::new();
    let mut part: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                part.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n') => parts.extend(part.take()),
            // Of Windows' paths, a backslash is the separator.
            (None | Some('"'), '\\') if letters.peek().is_some_and(|next| is_escaped(*next)) => {
                part.get_or_insert_default().extend(letters.next());
            }
            _ => part.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("has a quotation mark that is not closed");
    }
    parts.extend(part);
    Ok(parts)
}

fn is_escaped(letter: char) -> bool {
    matches!(letter, ' ' | '"' | '\'' | '\\')
}

/// The name of a program in a message: that of the file, without its folder.
pub(crate) fn file_name(word: &OsStr) -> String {
    Path::new(word).file_name().unwrap_or(word).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_divided_as_a_shell_divides_it() {
        let table: &[(&str, std::result::Result<&[&str], &str>)] = &[
            ("server.py", Ok(&["server.py"])),
            ("python3  server.py\t12001 ", Ok(&["python3", "server.py", "12001"])),
            ("sh -c 'cat | tr a-z A-Z'", Ok(&["sh", "-c", "cat | tr a-z A-Z"])),
            (r#"a "b c"d '' "e\"f""#, Ok(&["a", "b cd", "", "e\"f"])),
            (r"my\ server x", Ok(&["my server", "x"])),
            (r"C:\programs\server.exe 1", Ok(&[r"C:\programs\server.exe", "1"])),
            ("server 'x", Err("not closed")),
            ("  ", Err("empty")),
        ];
        for (text, expected) in table {
            match (split(&[OsString::from(text)]), expected) {
                (Ok(words), Ok(expected)) => assert_eq!(words, *expected, "{text}"),
                (Err(failure), Err(why)) => assert!(failure.text.unwrap().contains(why), "{text}"),
                (words, _) => panic!("{text}: {words:?}"),
            }
        }
        let two = ["python3 x".into(), "server.py".into()];
        assert_eq!(split(&two).unwrap(), two);
    }
}
