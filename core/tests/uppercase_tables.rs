//! Compares `core/src/uppercase/tables.rs` with the tables generated from the standard library's
//! `char::to_uppercase`.
//!
//! `CAPSOCK_BLESS=1 cargo test -p capsock --test uppercase_tables` writes the file instead, which is needed when a
//! Rust has a newer version of Unicode than the file. A Rust with an older version (such as the oldest that builds
//! capsock) cannot generate the file: the test then prints that and passes.

use std::fmt::{Display, LowerHex, Write};
use std::path::Path;
use std::{env, fs};

/// Entries of [`Tables::pages`] from this number on are the numbers of specials.
const SPECIAL: u16 = 0x8000;

const PAGE: usize = 64;

#[test]
fn the_tables_are_made_of_this_rusts_unicode_data() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/uppercase/tables.rs");
    let tables = Tables::of_the_standard_library().to_string();
    if env::var_os("CAPSOCK_BLESS").is_some() {
        fs::write(committed, tables).expect("a writable source tree");
        return;
    }
    let (of_rust, of_tables) = (char::UNICODE_VERSION, capsock::UNICODE_VERSION);
    if of_rust < of_tables {
        eprintln!("not compared: Rust has Unicode {of_rust:?}, the tables have {of_tables:?}");
        return;
    }
    assert!(
        fs::read_to_string(&committed).is_ok_and(|committed| committed == tables),
        "{} has the upper case of Unicode {of_tables:?} and is not what this Rust (Unicode {of_rust:?}) makes \
         of it; CAPSOCK_BLESS=1 cargo test -p capsock --test uppercase_tables writes it",
        committed.display()
    );
}

struct Tables {
    /// For each character of two bytes, indexed by its 11 bits: its upper case, or the number of a special.
    two_bytes: Vec<u16>,
    /// For each block of 64 characters of three or four bytes, up to U+1FFFF: the number of its page.
    page_of: Vec<u8>,
    /// The difference between a character and its upper case, or [`SPECIAL`] plus the number of a special.
    pages: Vec<[u16; PAGE]>,
    /// The characters whose upper case has another length or, in the pages, several characters.
    specials: Vec<(char, String)>,
}

impl Tables {
    fn of_the_standard_library() -> Tables {
        let upper = |character: char| character.to_uppercase().collect::<String>();
        let specials: Vec<(char, String)> = ('\u{80}'..=char::MAX)
            .map(|character| (character, upper(character)))
            .filter(|(character, upper)| match character.len_utf8() {
                2 => upper.len() != 2,
                length => upper.len() != length || upper.chars().count() != 1,
            })
            .collect();
        let special =
            |character: char| specials.iter().position(|special| special.0 == character).map(|at| at as u16);

        // The first bytes of overlong forms, which are not characters, map to themselves.
        let mut two_bytes: Vec<u16> = (0..0x80)
            .map(|bits: u16| u16::from_le_bytes([0xc0 | (bits >> 6) as u8, 0x80 | bits as u8 & 0x3f]))
            .collect();
        for character in '\u{80}'..'\u{800}' {
            two_bytes.push(special(character).unwrap_or_else(|| {
                let [first, second] = *upper(character).as_bytes() else { unreachable!("no special") };
                u16::from_le_bytes([first, second])
            }));
        }
        let known_by_second_byte = |entry: &u16| *entry >= 0x100 || usize::from(*entry) < specials.len();
        assert!(two_bytes.iter().all(known_by_second_byte));

        let mut pages = vec![[0; PAGE]];
        let mut page_of = vec![0; 0x20000 / PAGE];
        for (number, page_of) in page_of.iter_mut().enumerate().skip(0x800 / PAGE) {
            let page: [u16; PAGE] = std::array::from_fn(|at| {
                let Some(character) = char::from_u32((number * PAGE + at) as u32) else { return 0 };
                if let Some(special) = special(character) {
                    return SPECIAL + special;
                }
                let upper = upper(character).chars().next().expect("a character") as u32;
                assert_eq!(character as u32 >> 16, upper >> 16, "{character:?} stays in its plane");
                let delta = (upper as u16).wrapping_sub(character as u32 as u16);
                assert!(
                    usize::from(delta.wrapping_sub(SPECIAL)) >= specials.len(),
                    "{character:?} is no special"
                );
                delta
            });
            let known = pages.iter().position(|known| *known == page);
            *page_of = known.unwrap_or(pages.len()).try_into().expect("fewer than 256 pages");
            if known.is_none() {
                pages.push(page);
            }
        }
        let beyond = '\u{20000}'..=char::MAX;
        assert!(beyond.into_iter().all(|character| character.to_uppercase().eq([character])));
        // What the mapping relies on to skip most characters.
        for (number, _) in page_of.iter().enumerate().filter(|(_, page)| **page != 0) {
            let mut encoded = [0; 4];
            char::from_u32((number * PAGE) as u32).expect("a page of characters").encode_utf8(&mut encoded);
            assert!(matches!(encoded[0], 0xe1 | 0xe2 | 0xea | 0xef | 0xf0), "page {number:#x} has case");
        }
        Tables { two_bytes, page_of, pages, specials }
    }
}

impl Display for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let longest = self.specials.iter().map(|(_, upper)| upper.len()).max().unwrap_or(0);
        let pages: Vec<String> = self.pages.iter().map(|page| list(page, 16)).collect();
        let mut specials = String::new();
        for (character, upper) in &self.specials {
            let mut entry = [0; 8];
            entry[..upper.len()].copy_from_slice(upper.as_bytes());
            entry[7] = upper.len() as u8;
            let code = u32::from(*character);
            writeln!(specials, "    {entry:?}, // U+{code:04X} {character} {upper}")?;
        }
        assert!(longest < 8);
        write!(
            f,
            "\
//! The upper case mapping of Unicode {major}.{minor}.{update}, for `super::mapping`.
//!
//! Generated by `core/tests/uppercase_tables.rs`, which says how; do not edit.
#![cfg_attr(rustfmt, rustfmt::skip)]

/// The version of Unicode.
pub(crate) const UNICODE_VERSION: (u8, u8, u8) = ({major}, {minor}, {update});

/// For each character of two bytes, indexed by its 11 bits: the two bytes of its upper case, the first one lowest, or
/// below 0x100 an index in [`SPECIALS`].
pub(super) static TWO_BYTES: [u16; {two_bytes_len}] = [
{two_bytes}];

/// For each block of 64 characters of three or four bytes, up to U+1FFFF: its index in [`PAGES`]. Page 0 has no
/// characters with case.
pub(super) static PAGE_OF: [u8; {page_of_len}] = [
{page_of}];

/// For each character: what is added to its low 16 bits, or [`SPECIAL`] plus an index in [`SPECIALS`].
pub(super) static PAGES: [[u16; {PAGE}]; {pages_len}] = [
    [
{pages}    ],
];

/// Entries of [`PAGES`] from this number on, for the length of [`SPECIALS`], are specials.
pub(super) const SPECIAL: u16 = {SPECIAL:#x};

/// The upper case of characters that the other tables cannot represent, because it has another length than the
/// character or is several characters: its bytes, padded with zeros, and in the last byte their number.
pub(super) static SPECIALS: [[u8; 8]; {specials_len}] = [
{specials}];
",
            major = char::UNICODE_VERSION.0,
            minor = char::UNICODE_VERSION.1,
            update = char::UNICODE_VERSION.2,
            two_bytes_len = self.two_bytes.len(),
            two_bytes = list(&self.two_bytes, 16),
            page_of_len = self.page_of.len(),
            page_of = list(&self.page_of, 32),
            pages_len = self.pages.len(),
            pages = pages.join("    ], [\n"),
            specials_len = self.specials.len(),
        )
    }
}

/// The numbers in hexadecimal, so many in a line.
fn list<T: LowerHex>(items: &[T], line: usize) -> String {
    let mut list = String::new();
    for items in items.chunks(line) {
        let items: Vec<String> = items.iter().map(|item| format!("{item:#x},")).collect();
        writeln!(list, "    {}", items.join(" ")).expect("memory");
    }
    list
}
