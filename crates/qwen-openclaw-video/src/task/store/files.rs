//! Jobs in files, one each, for several processes at once.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind as IoErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use qwen_openclaw_auth::StateDir;
use tokio::time::{Instant, sleep};

use super::{JobLease, JobList, JobStore, Replaced};
use crate::{
    error::Error,
    task::{
        fault,
        record::{JobId, JobRecord, VERSION},
    },
};

/// Larger than any record: what was asked for, and a few addresses.
const LARGEST: u64 = 16 << 20;
/// How long a change of somebody else's is waited for. Each takes milliseconds.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// Keeps each job in a file of its own, `<id>.json`, for its owner alone (mode 0600).
///
/// A file is only ever replaced whole: written beside it, flushed to the disk, renamed. The locks
/// are the operating system's, so that those of a dead process are free.
#[derive(Clone, Debug)]
pub struct FileJobs {
    folder: PathBuf,
}

impl FileJobs {
    /// Keeps jobs in `folder`. Nothing is read or written yet; the folder is made when needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Keeps jobs in `jobs` of a state folder.
    #[must_use]
    pub fn in_folder(folder: &StateDir) -> Self {
        Self::new(folder.path().join("jobs"))
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, id: &JobId) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn lease_path(&self, id: &JobId) -> PathBuf {
        self.folder.join(format!("{id}.lease"))
    }

    fn create_folder(&self) -> Result<(), Error> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.folder)
            .map_err(|error| failed("create", &self.folder, error))
    }

    /// Waits until nobody else is changing a record.
    async fn lock(&self) -> Result<File, Error> {
        self.create_folder()?;
        let path = self.folder.join("lock");
        let file = open_lock(&path)?;
        let started = Instant::now();
        loop {
            if try_lock(&file, &path)? {
                return Ok(file);
            }
            if started.elapsed() > LOCK_WAIT {
                return Err(Error::ledger(format!(
                    "somebody holds {} for longer than {} s",
                    path.display(),
                    LOCK_WAIT.as_secs()
                )));
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn read(&self, id: &JobId) -> Result<Option<JobRecord>, Error> {
        let path = self.path(id);
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path, error)),
        };
        let record: JobRecord = serde_json::from_slice(&bytes).map_err(|error| {
            Error::ledger(format!("{} is no record of a job", path.display())).with_source(error)
        })?;
        if record.version > VERSION {
            return Err(Error::ledger(format!(
                "{} was written by a newer version",
                path.display()
            )));
        }
        if record.id != *id {
            let (path, id) = (path.display(), &record.id);
            return Err(Error::ledger(format!("{path} holds another job, {id}")));
        }
        Ok(Some(record))
    }

    fn write(&self, record: &JobRecord) -> Result<(), Error> {
        let path = self.path(&record.id);
        let mut text = serde_json::to_vec_pretty(record)
            .map_err(|error| Error::ledger("the job cannot be written down").with_source(error))?;
        text.push(b'\n');
        let write = || -> io::Result<()> {
            // Mode 0600 is tempfile's own.
            let mut file = tempfile::Builder::new()
                .prefix(".")
                .suffix(".new")
                .tempfile_in(&self.folder)?;
            fault::point("temporary-file");
            file.write_all(&text)?;
            file.as_file().sync_all()?;
            fault::point("synced");
            file.persist(&path).map_err(|error| error.error)?;
            fault::point("renamed");
            sync_folder(&self.folder)
        };
        write().map_err(|error| failed("write", &path, error))
    }

    fn replace_locked(&self, record: &JobRecord) -> Result<Replaced, Error> {
        match self.read(&record.id)? {
            Some(stored) if stored.revision.checked_add(1) == Some(record.revision) => {
                self.write(record)?;
                Ok(Replaced::Stored)
            }
            _ => Ok(Replaced::Changed),
        }
    }

    fn list_now(&self) -> Result<JobList, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(JobList::default()),
            Err(error) => return Err(failed("read", &self.folder, error)),
        };
        let (mut records, mut unreadable) = (Vec::new(), Vec::new());
        for entry in entries {
            let entry = entry.map_err(|error| failed("read", &self.folder, error))?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json"));
            let Some(Ok(id)) = id.map(str::parse::<JobId>) else {
                continue;
            };
            match self.read(&id) {
                Ok(record) => records.extend(record),
                Err(error) => unreadable.push(error),
            }
        }
        Ok(JobList::new(records, unreadable))
    }
}

#[async_trait]
impl JobStore for FileJobs {
    async fn insert(&self, record: &JobRecord) -> Result<(), Error> {
        let _lock = self.lock().await?;
        if self.path(&record.id).exists() {
            return Err(Error::ledger(format!(
                "there is a job {} already",
                record.id
            )));
        }
        self.write(record)
    }

    async fn load(&self, id: &JobId) -> Result<Option<JobRecord>, Error> {
        self.read(id)
    }

    async fn list(&self) -> Result<JobList, Error> {
        self.list_now()
    }

    async fn replace(&self, record: &JobRecord) -> Result<Replaced, Error> {
        let _lock = self.lock().await?;
        self.replace_locked(record)
    }

    async fn claim(&self, record: &JobRecord) -> Result<Replaced, Error> {
        let _lock = self.lock().await?;
        if self.list_now()?.is_taken_from(record) {
            return Ok(Replaced::Taken);
        }
        self.replace_locked(record)
    }

    async fn remove(&self, id: &JobId) -> Result<bool, Error> {
        let _lock = self.lock().await?;
        let path = self.path(id);
        match fs::remove_file(&path) {
            Ok(()) => {
                let _ = fs::remove_file(self.lease_path(id));
                Ok(true)
            }
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("remove", &path, error)),
        }
    }

    async fn lease(&self, id: &JobId) -> Result<Option<JobLease>, Error> {
        self.create_folder()?;
        let path = self.lease_path(id);
        let file = open_lock(&path)?;
        // The file stays as long as the record: removing one that somebody holds would let two in.
        Ok(try_lock(&file, &path)?.then(|| JobLease::new(file)))
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > LARGEST {
        return Err(io::Error::new(
            IoErrorKind::InvalidData,
            "the file is too large",
        ));
    }
    fs::read(path)
}

fn open_lock(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| failed("open", path, error))
}

fn try_lock(file: &File, path: &Path) -> Result<bool, Error> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(failed("lock", path, error)),
    }
}

/// Makes a rename outlast a crash of the machine, where folders can be flushed.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    Error::ledger(format!("could not {what} {}", path.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::{
        super::contract::{self, record},
        *,
    };

    #[tokio::test]
    async fn keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        contract::check(&FileJobs::new(folder.path().join("deep/jobs"))).await;
    }

    #[tokio::test]
    async fn damaged_and_newer_records_hide_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileJobs::new(folder.path());
        store.insert(&record("a")).await.unwrap();
        fs::write(folder.path().join("b.json"), "{").unwrap();
        let mut newer = serde_json::to_value(record("c")).unwrap();
        newer["version"] = 99.into();
        fs::write(folder.path().join("c.json"), newer.to_string()).unwrap();
        fs::write(
            folder.path().join("d.json"),
            serde_json::to_string(&record("a")).unwrap(),
        )
        .unwrap();
        fs::write(folder.path().join("notes.txt"), "hello").unwrap();
        let list = store.list().await.unwrap();
        assert_eq!(list.records.len(), 1);
        assert_eq!(list.unreadable.len(), 3, "{:?}", list.unreadable);
        // Nobody can tell whether one of them has the task.
        let mut claimed = record("a");
        claimed.revision += 1;
        claimed.task_id = Some("t".to_owned());
        assert_eq!(store.claim(&claimed).await.unwrap(), Replaced::Taken);
    }

    #[tokio::test]
    async fn keys_of_newer_versions_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileJobs::new(folder.path());
        let mut value = serde_json::to_value(record("a")).unwrap();
        value["mood"] = "good".into();
        fs::write(folder.path().join("a.json"), value.to_string()).unwrap();
        let mut read = store.load(&"a".parse().unwrap()).await.unwrap().unwrap();
        read.revision += 1;
        assert_eq!(store.replace(&read).await.unwrap(), Replaced::Stored);
        let text = fs::read_to_string(folder.path().join("a.json")).unwrap();
        assert!(text.contains("\"mood\": \"good\""), "{text}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let store = FileJobs::new(folder.path().join("jobs"));
        store.insert(&record("a")).await.unwrap();
        let mode = |name: &str| {
            let path = folder.path().join(name);
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode("jobs"), 0o700);
        assert_eq!(mode("jobs/a.json"), 0o600);
        assert_eq!(mode("jobs/lock"), 0o600);
    }
}
