//! Compares the conversion with the standard library's `str::to_uppercase`, whole and split at every position.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use capsock::{UppercaseStream, uppercase};

/// The reference: valid text is converted by the standard library, all other bytes are unchanged.
fn expected(input: &[u8]) -> Vec<u8> {
    input
        .utf8_chunks()
        .flat_map(|chunk| [chunk.valid().to_uppercase().into_bytes(), chunk.invalid().to_vec()].concat())
        .collect()
}

fn streamed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut stream, mut output) = (UppercaseStream::new(), Vec::new());
    for piece in pieces {
        stream.push(piece, &mut output);
    }
    stream.finish(&mut output);
    output
}

const TEXTS: [&[u8]; 18] = [
    b"",
    b"hello, world",
    b"\0nul in the middle\0",
    "straße".as_bytes(),
    "ŉ ǰ ΐ ﬃ ᾳ ß".as_bytes(),
    "Ελληνικά, τέλος ς".as_bytes(),
    "привет, мир; ёж".as_bytes(),
    "😀 emoji é e\u{301} ⓐ 𐐨".as_bytes(),
    b"\xff\xfe\xfd",
    b"caf\xe9 au lait",
    b"cut at the end \xc3",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\xf0\x9f\x98a\xf0\x9f\x98\x80b",
    b"\xed\xa0\x80 surrogate \xc0\x80 overlong \xf4\x90\x80\x80 too high \xf8\x88\x80\x80\x80",
    b"\xe2\xe2\x82\xac\xac\xc3\xc3\x9f\x9f",
    b"\x80\x80\xbf\xc3\x9f\xbf",
    b"\xe0\x80a\xe0\xa0",
];

#[test]
fn whole_texts() {
    for text in TEXTS {
        assert_eq!(uppercase(text), expected(text), "{}", text.escape_ascii());
    }
    assert_eq!(uppercase("straße ŉ ΐ".as_bytes()), "STRASSE ʼN \u{399}\u{308}\u{301}".as_bytes());
}

#[test]
fn every_character_as_the_standard_library_has_it() {
    // A Rust with an older Unicode has fewer characters with case; those do not change.
    let same_unicode = char::UNICODE_VERSION == capsock::UNICODE_VERSION;
    let all: String = (char::MIN..=char::MAX)
        .filter(|character| same_unicode || character.to_uppercase().ne([*character]))
        .collect();
    assert_eq!(uppercase(all.as_bytes()), all.to_uppercase().as_bytes());
    let longest = (char::MIN..=char::MAX)
        .map(|character| {
            character.to_uppercase().map(char::len_utf8).sum::<usize>().div_ceil(character.len_utf8())
        })
        .max();
    assert_eq!(longest, Some(3), "a forked child's buffers hold three times their input");
}

#[test]
fn any_two_cuts_give_the_same_output() {
    for text in TEXTS {
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(streamed(pieces), expected(text), "{} at {first}, {second}", text.escape_ascii());
            }
        }
        assert_eq!(streamed(text.chunks(1)), expected(text), "{} byte by byte", text.escape_ascii());
    }
}

#[test]
fn random_bytes_in_random_cuts() {
    // xorshift64*: the same sequence in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    };
    const ALPHABET: &[u8] = b"az \n\x00\x80\x9f\xa0\xbf\xc3\xc4\xce\xe0\xe1\xe2\xed\xef\xf0\xf4\xff";
    for _ in 0..5_000 {
        let text: Vec<u8> =
            (0..random() % 40).map(|_| ALPHABET[random() as usize % ALPHABET.len()]).collect();
        let mut pieces = Vec::new();
        let mut rest = &text[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random() as usize % (rest.len() + 1));
            pieces.push(piece);
            rest = after;
        }
        assert_eq!(uppercase(&text), expected(&text), "{}", text.escape_ascii());
        assert_eq!(streamed(pieces), expected(&text), "{}", text.escape_ascii());
    }
}

#[test]
fn a_finished_stream_begins_again() {
    let (mut stream, mut output) = (UppercaseStream::new(), Vec::new());
    stream.push(b"a\xc3", &mut output);
    stream.finish(&mut output);
    stream.push(b"\x9f", &mut output);
    stream.finish(&mut output);
    assert_eq!(output, b"A\xc3\x9f");
}
