//! The headers of a program that is to be recorded: any bytes are read or refused, and bytes behind those that are read
//! change nothing.
#![no_main]

use std::io::Cursor;

#[path = "../../cli/src/preload/elf.rs"]
#[allow(dead_code)]
mod elf;

use elf::{Elf, ElfError};

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let first = &bytes[..usize::from(cut).min(bytes.len())];
    let whole = Elf::of(&mut Cursor::new(bytes));
    if let Ok(early) = Elf::of(&mut Cursor::new(first)) {
        assert_eq!(whole.as_ref().ok(), Some(&early));
    }
    match whole {
        Ok(Elf { machine: (class, order, _), .. }) => {
            assert!([1, 2].contains(&class) && [1, 2].contains(&order))
        }
        Err(ElfError::OtherFormat) => assert!(!bytes.starts_with(b"\x7fELF")),
        Err(ElfError::Damaged) => assert!(bytes.starts_with(b"\x7fELF")),
        Err(ElfError::Io(error)) => panic!("bytes in memory have no error but their end: {error}"),
    }
});
