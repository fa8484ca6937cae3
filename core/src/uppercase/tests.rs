//! Compares each variant of `kernel`, also those that this processor does not select, with the standard library.

use super::kernel::{self, MAX_GROWTH};
use super::{UppercaseStream, planes, tables, uppercase, uppercase_ascii};

type Append = fn(&[u8], &mut Vec<u8>);

/// The variants that the processor supports. One that it does not is printed.
fn ways() -> Vec<(&'static str, Append)> {
    let mut ways: Vec<(&str, Append)> = vec![("swar", kernel::append::<planes::Swar>)];
    #[cfg(target_arch = "x86_64")]
    {
        ways.push(("sse2", kernel::append::<planes::Sse2>));
        if kernel::has_avx2() {
            // SAFETY: The processor has the instruction sets.
            ways.push(("avx2", |input, output| unsafe { kernel::append_with_avx2(input, output) }));
        } else {
            eprintln!("avx2: not tested, the processor has no AVX2, BMI1 or POPCNT");
        }
    }
    ways
}

/// The reference: valid text is converted by the standard library, all other bytes are unchanged.
fn expected(input: &[u8]) -> Vec<u8> {
    input
        .utf8_chunks()
        .flat_map(|chunk| [chunk.valid().to_uppercase().into_bytes(), chunk.invalid().to_vec()].concat())
        .collect()
}

/// Checks each variant.
#[track_caller]
fn check(input: &[u8]) {
    check_behind(0, input);
}

/// Checks that each variant appends behind so many bytes: into the spare capacity with which it must not allocate, and
/// without bytes before, also into none.
#[track_caller]
fn check_behind(before: usize, input: &[u8]) {
    let expected = expected(input);
    for (way, append) in ways() {
        let mut output = Vec::with_capacity(before + MAX_GROWTH * input.len());
        output.resize(before, b'x');
        let (room, place) = (output.capacity(), output.as_ptr());
        append(input, &mut output);
        let (kept, appended) = output.split_at(before);
        assert!(appended == expected, "{way}: {} became {}", input.escape_ascii(), appended.escape_ascii());
        assert!(kept == [b'x'].repeat(before), "{way} keeps what was there");
        assert_eq!((output.capacity(), output.as_ptr()), (room, place), "{way} allocates nothing");

        if before == 0 {
            let mut grown = Vec::new();
            append(input, &mut grown);
            assert!(grown == expected, "{way}, into no room: {}", input.escape_ascii());
        }
    }
    let mut upper = vec![b'x'; input.len()];
    assert_eq!(uppercase_ascii(input, &mut upper), input.is_ascii(), "{}", input.escape_ascii());
    assert!(!input.is_ascii() || upper == expected, "{}", input.escape_ascii());
    assert!(input.is_empty() || !uppercase_ascii(input, &mut upper[1..]), "into less room");
}

/// xorshift64*: the same sequence in every run.
fn random() -> impl FnMut(usize) -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |below| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as usize % below
    }
}

/// The step between cases: 1, and more with Miri, which takes a thousand times as long.
const fn step(by_miri: usize) -> usize {
    if cfg!(miri) { by_miri } else { 1 }
}

/// Each kind of sequence: characters with and without case, specials, and bytes that are not UTF-8.
const SEQUENCES: [&[u8]; 44] = [
    // ASCII.
    b"a",
    b"Z",
    b" ",
    b"\0",
    b"\x7f",
    b"hello, world ",
    b"@[`{",
    // Two bytes.
    "ß".as_bytes(),
    "ÿ".as_bytes(),
    "÷".as_bytes(),
    "λ".as_bytes(),
    "ж".as_bytes(),
    "Ж".as_bytes(),
    "ı".as_bytes(),
    "ŉ".as_bytes(),
    "ΐ".as_bytes(),
    "ɐ".as_bytes(),
    "և".as_bytes(),
    // Three bytes.
    "ế".as_bytes(),
    "ა".as_bytes(),
    "中".as_bytes(),
    "，".as_bytes(),
    "ａ".as_bytes(),
    "ꭰ".as_bytes(),
    "ﬃ".as_bytes(),
    "ﬁ".as_bytes(),
    "ᾳ".as_bytes(),
    "ⱥ".as_bytes(),
    // Four bytes.
    "😀".as_bytes(),
    "𐐨".as_bytes(),
    "𞤢".as_bytes(),
    "\u{10ffff}".as_bytes(),
    // Incomplete, or only continuation bytes.
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x90\x90",
    b"\x80",
    b"\xbf\xbf",
    // Overlong.
    b"\xc1\xa1",
    b"\xe0\x81\xa1",
    b"\xf0\x80\x81\xa1",
    b"\xf0\x8f\xbd\x81",
    // A surrogate, above U+10FFFF, and not a leading byte.
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xff\xf8\xa8\x90\x90\xa8",
];

#[test]
fn every_character() {
    // An upper case that an older Rust has is the same in every later version of Unicode.
    let comparable = |character: &char| {
        char::UNICODE_VERSION == tables::UNICODE_VERSION || character.to_uppercase().ne([*character])
    };
    let all: Vec<char> = (char::MIN..=char::MAX).filter(comparable).collect();
    for piece in all.chunks(1000).step_by(step(400)) {
        check(piece.iter().collect::<String>().as_bytes());
    }
}

#[test]
fn every_character_among_letters_of_each_alphabet() {
    for letter in ["à", "λ", "ж", "ა"] {
        for character in ('\u{80}'..='\u{7ff}').chain('\u{1000}'..='\u{1fff}').step_by(step(500)) {
            let letters = letter.repeat(28);
            check(format!("{letters}{character}{letters}").as_bytes());
        }
    }
}

#[test]
fn every_length_at_every_alignment() {
    let mut random = random();
    let ascii: Vec<u8> = (0..700).map(|_| b"abyzABYZ09 @[`{\n\x00\x7f"[random(18)]).collect();
    let text: Vec<u8> = (0..700).flat_map(|_| SEQUENCES[random(SEQUENCES.len())]).copied().collect();
    for length in (0..=600).step_by(step(37)) {
        for alignment in (0..64).step_by(step(64)) {
            let before = (alignment * 5 + length) % 64;
            check_behind(before, &ascii[alignment..][..length]);
            if alignment % 8 == length % 8 {
                check_behind(before, &text[alignment..][..length]);
            }
        }
    }
}

#[test]
fn stores_aligned_after_any_beginning() {
    let text: Vec<u8> = (b'A'..=b'z').cycle().take(3000).collect();
    for before in (0..=128).step_by(step(31)) {
        for length in [1023, 1024, 1025, 1151, 1152, 1153, 2999] {
            check_behind(before, &text[..length]);
        }
        let mut other = text.clone();
        other.splice(900 + before..900 + before, "λ".bytes());
        check(&other);
    }
}

#[test]
fn every_sequence_at_every_place() {
    for filler in ["a", "à", "λ", "ж", "ა", "中"].map(str::as_bytes) {
        for sequence in SEQUENCES.into_iter().step_by(step(2)) {
            for place in (0..=140).step_by(step(61)) {
                let text = [&filler.repeat(place)[..], sequence, &filler.repeat(140 - place)].concat();
                check(&text);
                check(&text[..filler.len() * place + sequence.len()]);
            }
        }
    }
}

#[test]
fn every_sequence_after_every_other() {
    for first in SEQUENCES.into_iter().step_by(step(5)) {
        for second in SEQUENCES.into_iter().step_by(step(3)) {
            for times in [1, 40] {
                check(&[first, second].concat().repeat(times));
            }
        }
    }
}

#[test]
fn every_beginning_with_every_second_byte() {
    for begin in 0x80..=0xff_u8 {
        let mut text = Vec::new();
        for second in (0..=0xff).step_by(step(51)) {
            for rest in [&b"\x80"[..], b"\xbf\xa8", b"\x90\xa8a", b"a", b"\xc3\xa9"] {
                text.extend([begin, second]);
                text.extend(rest);
            }
        }
        check(&text);
    }
}

#[test]
fn random_mixes() {
    let mut random = random();
    for _ in 0..4_000 / step(200) {
        // A few kinds at a time, as in real text.
        let kinds: [&[u8]; 4] = std::array::from_fn(|_| SEQUENCES[random(SEQUENCES.len())]);
        let number = random(120);
        let mut text: Vec<u8> = (0..number).flat_map(|_| kinds[random(4)]).copied().collect();
        text.truncate(text.len().saturating_sub(random(3)));
        check(&text);
    }
}

#[test]
fn random_bytes() {
    if char::UNICODE_VERSION != tables::UNICODE_VERSION {
        eprintln!("random bytes: not tested, this Rust has another Unicode and they hit any character");
        return;
    }
    let mut random = random();
    for _ in 0..4_000 / step(200) {
        let length = random(300);
        check(&(0..length).map(|_| random(256) as u8).collect::<Vec<u8>>());
        check(&(0..length).map(|_| 0x80 | random(128) as u8).collect::<Vec<u8>>());
    }
}

#[test]
fn any_cut_of_any_sequences() {
    let text = SEQUENCES.concat();
    let whole = uppercase(&text);
    for first in (0..=text.len()).step_by(step(50)) {
        for second in (first..=text.len()).step_by(step(50)) {
            // With the capacity that a forked child has: three times the input.
            let mut output = Vec::with_capacity(MAX_GROWTH * text.len());
            let (mut stream, place) = (UppercaseStream::new(), output.as_ptr());
            for piece in [&text[..first], &text[first..second], &text[second..]] {
                stream.push(piece, &mut output);
            }
            stream.finish(&mut output);
            assert!(output == whole, "cut at {first} and {second}");
            assert_eq!(output.as_ptr(), place);
        }
    }
}
