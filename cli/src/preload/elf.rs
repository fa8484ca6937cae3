//! What the headers of an executable tell (elf(5)).

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const PT_INTERP: u32 = 3;
const PT_NOTE: u32 = 4;

/// Program headers, and bytes of a note or a loader's name, that are read: more is no executable of a compiler's.
const MOST_HEADERS: u16 = 256;
const LONGEST: u64 = 4096;

/// An executable, or a shared library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Elf {
    /// The class (32 or 64 bits), the byte order and the processor, as numbers of the format.
    pub(crate) machine: (u8, u8, u16),
    /// The program that loads the libraries; a program that is linked statically has none.
    pub(crate) loader: Option<String>,
    /// Whether Go's linker made it.
    pub(crate) is_go: bool,
}

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum ElfError {
    Io(io::Error),
    /// It is of another format, such as a script.
    OtherFormat,
    /// Its headers are damaged.
    Damaged,
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ElfError::Io(error) => error.fmt(f),
            ElfError::OtherFormat => f.write_str("neither a program for Linux (ELF) nor a script"),
            ElfError::Damaged => f.write_str("its ELF headers are damaged"),
        }
    }
}

impl From<io::Error> for ElfError {
    fn from(error: io::Error) -> ElfError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => ElfError::Damaged,
            _ => ElfError::Io(error),
        }
    }
}

/// Numbers of a file, in its byte order and of its class.
struct Fields {
    bytes: Vec<u8>,
    little: bool,
    wide: bool,
}

impl Fields {
    fn number(&self, at: usize, length: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    }

    fn half(&self, at: usize) -> Option<u16> {
        self.number(at, 2)?.try_into().ok()
    }

    fn word(&self, at: usize) -> Option<u32> {
        self.number(at, 4)?.try_into().ok()
    }

    /// A number whose place and length the class decides.
    fn by_class(&self, at32: usize, at64: usize) -> Option<u64> {
        if self.wide { self.number(at64, 8) } else { self.number(at32, 4) }
    }
}

impl Elf {
    pub(crate) fn read(path: &Path) -> Result<Elf, ElfError> {
        Elf::of(&mut File::open(path)?)
    }

    pub(crate) fn of(file: &mut (impl Read + Seek)) -> Result<Elf, ElfError> {
        let mut start = Vec::new();
        file.by_ref().take(64).read_to_end(&mut start)?;
        if !start.starts_with(b"\x7fELF") {
            return Err(ElfError::OtherFormat);
        }
        let (class, order) = match start[..] {
            [_, _, _, _, class @ 1..=2, order @ 1..=2, ..] => (class, order),
            _ => return Err(ElfError::Damaged),
        };
        let header = Fields { bytes: start, little: order == 1, wide: class == 2 };
        let fields = |header: &Fields| {
            let offset = header.by_class(28, 32)?;
            let (size, count) = if header.wide { (54, 56) } else { (42, 44) };
            Some((header.half(18)?, offset, header.half(size)?, header.half(count)?))
        };
        let (processor, offset, size, count) = fields(&header).ok_or(ElfError::Damaged)?;
        let mut elf = Elf { machine: (class, order, processor), loader: None, is_go: false };
        for index in 0..count.min(MOST_HEADERS) {
            let place = offset.checked_add(u64::from(index) * u64::from(size)).ok_or(ElfError::Damaged)?;
            let bytes = bytes_at(file, place, u64::from(size))?;
            elf.add(file, &Fields { bytes, ..header }).ok_or(ElfError::Damaged)??;
        }
        Ok(elf)
    }

    /// Reads what a program header describes.
    fn add(&mut self, file: &mut (impl Read + Seek), header: &Fields) -> Option<Result<(), ElfError>> {
        let kind = header.word(0)?;
        let (offset, length) = (header.by_class(4, 8)?, header.by_class(16, 32)?);
        if kind != PT_INTERP && kind != PT_NOTE {
            return Some(Ok(()));
        }
        let bytes = match bytes_at(file, offset, length.min(LONGEST)) {
            Ok(bytes) => bytes,
            Err(error) => return Some(Err(error)),
        };
        if kind == PT_INTERP {
            let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            self.loader = Some(String::from_utf8_lossy(name).into_owned());
        } else {
            // The length of the name, that of the content and the type, then the name.
            self.is_go |= bytes.get(12..16) == Some(b"Go\0\0");
        }
        Some(Ok(()))
    }
}

fn bytes_at(file: &mut (impl Read + Seek), place: u64, length: u64) -> Result<Vec<u8>, ElfError> {
    file.seek(SeekFrom::Start(place))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(ElfError::Damaged) }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A 64-bit little-endian file for x86-64, with these segments: type and content.
    fn file(segments: &[(u32, &[u8])]) -> Vec<u8> {
        let mut header = vec![0; 64];
        header[..6].copy_from_slice(b"\x7fELF\x02\x01");
        header[18..20].copy_from_slice(&62_u16.to_le_bytes());
        header[32..40].copy_from_slice(&64_u64.to_le_bytes());
        header[54..56].copy_from_slice(&56_u16.to_le_bytes());
        header[56..58].copy_from_slice(&(segments.len() as u16).to_le_bytes());
        let mut contents = Vec::new();
        let end = 64 + 56 * segments.len();
        for (kind, content) in segments {
            let mut segment = vec![0; 56];
            segment[..4].copy_from_slice(&kind.to_le_bytes());
            segment[8..16].copy_from_slice(&((end + contents.len()) as u64).to_le_bytes());
            segment[32..40].copy_from_slice(&(content.len() as u64).to_le_bytes());
            header.extend(segment);
            contents.extend_from_slice(content);
        }
        header.extend(contents);
        header
    }

    fn read(bytes: Vec<u8>) -> Result<Elf, ElfError> {
        Elf::of(&mut Cursor::new(bytes))
    }

    #[test]
    fn the_headers_tell_the_loader_and_the_language() {
        let machine = (2, 1, 62);
        let note: &[u8] = b"\x04\0\0\0\x04\0\0\0\x04\0\0\0Go\0\0abcd";
        let other: &[u8] = b"\x04\0\0\0\x04\0\0\0\x03\0\0\0GNU\0abcd";
        let loader = Some("/lib64/ld-linux-x86-64.so.2".to_owned());
        let interp: &[u8] = b"/lib64/ld-linux-x86-64.so.2\0";
        type Row<'a> = (&'a [(u32, &'a [u8])], Elf);
        let table: [Row<'_>; 4] = [
            (&[], Elf { machine, loader: None, is_go: false }),
            (&[(1, b"x"), (PT_INTERP, interp)], Elf { machine, loader: loader.clone(), is_go: false }),
            (&[(PT_NOTE, note)], Elf { machine, loader: None, is_go: true }),
            (&[(PT_INTERP, interp), (PT_NOTE, other)], Elf { machine, loader, is_go: false }),
        ];
        for (segments, expected) in table {
            assert_eq!(read(file(segments)).unwrap(), expected);
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_wherever_it_is_cut() {
        let whole = file(&[(PT_INTERP, b"/lib/ld.so\0"), (PT_NOTE, b"\x04\0\0\0\0\0\0\0\0\0\0\0GNU\0")]);
        for length in 0..whole.len() {
            assert!(read(whole[..length].to_vec()).is_err(), "{length}");
        }
        for at in 4..whole.len() {
            let mut changed = whole.clone();
            changed[at] = 0xff;
            let _ = read(changed);
        }
        assert!(matches!(read(b"#!/bin/sh\n".to_vec()), Err(ElfError::OtherFormat)));
    }

    #[test]
    fn this_program_is_read() {
        let elf = Elf::read(&std::env::current_exe().unwrap()).unwrap();
        assert!(!elf.is_go);
        assert_eq!(elf.machine.0, if cfg!(target_pointer_width = "64") { 2 } else { 1 });
    }
}
