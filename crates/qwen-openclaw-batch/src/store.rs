//! The ledger: records of batches, in files or in memory.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind as IoErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use qwen_openclaw_auth::{
    fault,
    state::{self, FileLock, StateDir},
};

use crate::{BatchRecord, Error, ErrorKind, RecordId};

/// The size of the largest record. Its own have about a thousand bytes.
const LARGEST: u64 = 1 << 20;

/// The records of batches. Cheap to clone; clones share their records.
///
/// In files, each record has one of its own, `<id>.json`, for its owner alone. It is replaced
/// atomically, so that a crash leaves either the old record or the new one. Several processes may use
/// the folder at once: one at a time works at a batch.
#[derive(Clone, Debug)]
pub struct Ledger(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Files {
        folder: PathBuf,
        /// The state folder that it is in: it is closed to others before something is stored.
        home: Option<StateDir>,
    },
    Memory(Arc<Mutex<Memory>>),
}

#[derive(Debug, Default)]
pub(crate) struct Memory {
    records: BTreeMap<RecordId, BatchRecord>,
    leased: Vec<RecordId>,
}

/// What a ledger has.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Records {
    /// The readable records, oldest first.
    pub records: Vec<BatchRecord>,
    /// Errors for the others: damaged, or written by a newer version.
    pub unreadable: Vec<Error>,
}

/// The exclusive right to work at a batch, until it is dropped or the process exits.
#[derive(Debug)]
pub(crate) enum Lease {
    File { _lock: FileLock },
    Memory(Arc<Mutex<Memory>>, RecordId),
}

impl Ledger {
    /// Keeps records in `batches` of a state folder.
    #[must_use]
    pub fn in_folder(folder: &StateDir) -> Self {
        Self(Kind::Files {
            folder: folder.path().join("batches"),
            home: Some(folder.clone()),
        })
    }

    /// Keeps records in `folder`, which is created when needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(Kind::Files {
            folder: folder.into(),
            home: None,
        })
    }

    /// Keeps records in memory, where a crash loses track of batches that are running and billed.
    #[must_use]
    pub fn memory() -> Self {
        Self(Kind::Memory(Arc::default()))
    }

    /// Returns every record.
    ///
    /// # Errors
    ///
    /// [`Storage`](ErrorKind::Storage) if the folder cannot be read.
    pub fn list(&self) -> Result<Records, Error> {
        let folder = match &self.0 {
            Kind::Memory(memory) => {
                return Ok(Records {
                    records: lock(memory).records.values().cloned().collect(),
                    unreadable: Vec::new(),
                });
            }
            Kind::Files { folder, .. } => folder,
        };
        let unread = |error| Error::storage("read", folder, error);
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(Records::default()),
            Err(error) => return Err(unread(error)),
        };
        let mut list = Records::default();
        for entry in entries {
            let name = entry.map_err(unread)?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json"));
            let Some(Ok(id)) = id.map(str::parse::<RecordId>) else {
                continue;
            };
            match self.load(&id) {
                Ok(record) => list.records.extend(record),
                Err(error) => list.unreadable.push(error),
            }
        }
        list.records.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(list)
    }

    /// Returns a record, or `None` if there is no such batch.
    ///
    /// # Errors
    ///
    /// [`Storage`](ErrorKind::Storage) if it cannot be read.
    pub fn load(&self, id: &RecordId) -> Result<Option<BatchRecord>, Error> {
        match &self.0 {
            Kind::Memory(memory) => Ok(lock(memory).records.get(id).cloned()),
            Kind::Files { folder, .. } => {
                let path = path(folder, id);
                let Some(contents) = state::read(&path, LARGEST)? else {
                    return Ok(None);
                };
                let record = BatchRecord::from_json(contents.bytes(), &path.display())?;
                if record.id != *id {
                    let message = format!("{} holds another batch", path.display());
                    return Err(Error::new(ErrorKind::Storage, message));
                }
                Ok(Some(record))
            }
        }
    }

    /// Writes a record. Only the holder of its lease does.
    pub(crate) fn save(&self, record: &BatchRecord, _lease: &Lease) -> Result<(), Error> {
        match &self.0 {
            Kind::Memory(memory) => {
                let id = record.id.clone();
                lock(memory).records.insert(id, record.clone());
                Ok(())
            }
            Kind::Files { folder, .. } => {
                let mut text = serde_json::to_vec_pretty(record).map_err(|error| {
                    let message = "the batch cannot be written down";
                    Error::new(ErrorKind::Storage, message).with_source(error)
                })?;
                text.push(b'\n');
                Ok(state::replace(
                    &path(folder, &record.id),
                    &text,
                    fault::point,
                )?)
            }
        }
    }

    /// Leases a batch.
    pub(crate) fn lease(&self, id: &RecordId) -> Result<Lease, Error> {
        let busy = || Error::new(ErrorKind::Busy, format!("another process works at {id}"));
        match &self.0 {
            Kind::Memory(memory) => {
                let mut inside = lock(memory);
                if inside.leased.contains(id) {
                    return Err(busy());
                }
                inside.leased.push(id.clone());
                Ok(Lease::Memory(Arc::clone(memory), id.clone()))
            }
            Kind::Files { folder, home } => {
                if let Some(home) = home {
                    home.create()?;
                }
                state::create_folder(folder)?;
                let lock = FileLock::try_acquire(&folder.join(format!("{id}.lease")))?;
                Ok(Lease::File {
                    _lock: lock.ok_or_else(busy)?,
                })
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Self::Memory(memory, id) = self {
            lock(memory).leased.retain(|leased| leased != id);
        }
    }
}

fn path(folder: &Path, id: &RecordId) -> PathBuf {
    folder.join(format!("{id}.json"))
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
