//! The file that programs append to.

use std::fs::File;
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::trace_file;

/// The bytes that are read at once at most.
const PIECE: u64 = 16 << 20;

pub(crate) struct WatchedFile {
    path: PathBuf,
    open: Option<Open>,
}

struct Open {
    file: File,
    read: u64,
}

/// What has happened to the file since the last look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    None,
    /// These bytes are new.
    Appended(Vec<u8>),
    /// It is another file, or was made shorter, and begins with these bytes.
    Replaced(Vec<u8>),
}

impl WatchedFile {
    pub(crate) fn new(path: PathBuf) -> WatchedFile {
        WatchedFile { path, open: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is new. A file that does not exist has nothing new.
    pub(crate) fn growth(&mut self) -> Result<Growth> {
        let found = match trace_file::open(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Growth::None),
            Err(error) => return Err(error),
        };
        let length = found.metadata()?.len();
        let goes_on = match &self.open {
            None => true,
            Some(open) => same(&open.file, &found)? && length >= open.read,
        };
        let first = self.open.is_none();
        if !goes_on || first {
            self.open = Some(Open { file: found, read: 0 });
        }
        let Some(open) = &mut self.open else { return Ok(Growth::None) };
        let mut bytes = Vec::new();
        open.file.seek(SeekFrom::Start(open.read))?;
        (&open.file).take(PIECE).read_to_end(&mut bytes)?;
        open.read += bytes.len() as u64;
        Ok(match (goes_on, bytes.is_empty()) {
            (false, _) => Growth::Replaced(bytes),
            (true, true) => Growth::None,
            (true, false) => Growth::Appended(bytes),
        })
    }
}

#[cfg(unix)]
fn same(one: &File, other: &File) -> Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let (one, other) = (one.metadata()?, other.metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// There, a file that is open is not replaced.
#[cfg(not(unix))]
fn same(_: &File, _: &File) -> Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_grows_and_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.jsonl");
        let mut file = WatchedFile::new(path.clone());
        let mut growth = || file.growth().expect("readable");
        let append = |text: &str| {
            let mut end = File::options().append(true).create(true).open(&path).expect("opened");
            std::io::Write::write_all(&mut end, text.as_bytes()).expect("written");
        };
        assert_eq!(growth(), Growth::None);
        append("ab");
        assert_eq!(growth(), Growth::Appended(b"ab".to_vec()));
        assert_eq!(growth(), Growth::None);
        append("c");
        append("d");
        assert_eq!(growth(), Growth::Appended(b"cd".to_vec()));
        std::fs::write(&path, "x").expect("written");
        assert_eq!(growth(), Growth::Replaced(b"x".to_vec()));
        assert_eq!(growth(), Growth::None);
        if cfg!(unix) {
            std::fs::remove_file(&path).expect("removed");
            assert_eq!(growth(), Growth::None);
            append("longer");
            assert_eq!(growth(), Growth::Replaced(b"longer".to_vec()));
        }
        assert!(WatchedFile::new(folder.path().to_owned()).growth().is_err());
    }
}
