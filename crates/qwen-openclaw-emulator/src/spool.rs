//! Bytes that are kept in memory while they are few, and else in a temporary file.

use std::{
    fs::File,
    io::{self, Read, Seek as _, SeekFrom, Write as _},
    sync::{Arc, Mutex},
};

use bytes::Bytes;

use crate::lock::lock;

/// Bytes that only ever become more. A temporary file has no name, so that nothing is left of it when
/// the last user is gone, however the process ends.
#[derive(Debug, Default)]
pub(crate) struct Spool(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    memory: Vec<u8>,
    /// Once there is one, everything is in it.
    file: Option<File>,
    length: u64,
}

/// The maximum number of bytes in memory.
const IN_MEMORY: usize = 64 << 10;

impl Spool {
    pub(crate) fn of(bytes: &[u8]) -> io::Result<Arc<Self>> {
        let spool = Self::default();
        spool.append(bytes)?;
        Ok(Arc::new(spool))
    }

    pub(crate) fn length(&self) -> u64 {
        lock(&self.0).length
    }

    /// Adds bytes. When that fails, what was there before stays as it is.
    pub(crate) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let kept = &mut *lock(&self.0);
        if kept.file.is_none() {
            if kept.memory.len() + bytes.len() <= IN_MEMORY {
                kept.memory.extend_from_slice(bytes);
                kept.length += bytes.len() as u64;
                return Ok(());
            }
            let mut file = tempfile::tempfile()?;
            file.write_all(&kept.memory)?;
            kept.file = Some(file);
            kept.memory = Vec::new();
        }
        if let Some(file) = &mut kept.file {
            file.seek(SeekFrom::Start(kept.length))?;
            file.write_all(bytes)?;
        }
        kept.length += bytes.len() as u64;
        Ok(())
    }

    /// All bytes.
    pub(crate) fn bytes(self: &Arc<Self>) -> io::Result<Bytes> {
        let mut bytes = Vec::new();
        self.reader(0).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }

    /// Reads from a place on.
    pub(crate) fn reader(self: &Arc<Self>, at: u64) -> SpoolReader {
        SpoolReader {
            spool: Arc::clone(self),
            at,
        }
    }

    fn read(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let kept = &mut *lock(&self.0);
        let left = usize::try_from(kept.length.saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let buffer = &mut buffer[..wanted];
        // A place beyond the end can be beyond what the system takes, too.
        if buffer.is_empty() {
            return Ok(0);
        }
        match &mut kept.file {
            Some(file) => {
                file.seek(SeekFrom::Start(at))?;
                file.read(buffer)
            }
            None => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                kept.memory.get(at..).unwrap_or_default().read(buffer)
            }
        }
    }
}

/// A reader of a [`Spool`].
#[derive(Debug)]
pub(crate) struct SpoolReader {
    spool: Arc<Spool>,
    at: u64,
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.spool.read(self.at, buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_bytes_and_many_come_back() {
        let spool = Spool::of(b"first,").unwrap();
        assert!(lock(&spool.0).file.is_none());
        assert_eq!(&spool.bytes().unwrap()[..], b"first,");
        let many = vec![b'x'; IN_MEMORY];
        spool.append(&many).unwrap();
        spool.append(b",last").unwrap();
        assert!(lock(&spool.0).file.is_some());
        let all = [b"first,", &many[..], b",last"].concat();
        assert_eq!(spool.length(), all.len() as u64);
        assert_eq!(spool.bytes().unwrap(), all);
        let mut end = String::new();
        let mut reader = spool.reader(spool.length() - 4);
        reader.read_to_string(&mut end).unwrap();
        assert_eq!(end, "last");
        assert_eq!(spool.reader(u64::MAX).read(&mut [0; 4]).unwrap(), 0);
    }
}
