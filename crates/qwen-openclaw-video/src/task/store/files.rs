//! Jobs in files, one each, for several processes at once.

use std::{
    fs,
    io::ErrorKind as IoErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use qwen_openclaw_auth::state::{self, Fields, FileLock, Leftovers, StateDir};
use serde::Serialize;

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
/// are the operating system's, so that those of a dead process are free, and what it was writing is
/// removed when the store is next used. Nothing is stored in a folder that belongs to another user,
/// or that others can write to: [`state`] has the rules.
#[derive(Clone, Debug)]
pub struct FileJobs {
    folder: PathBuf,
    /// The state folder, where it is in one: it is closed to others before something is stored.
    home: Option<StateDir>,
    /// Whether what killed processes have left was looked for.
    swept: Arc<AtomicBool>,
}

impl FileJobs {
    /// Keeps jobs in `folder`. Nothing is read or written yet; the folder is made when needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            home: None,
            swept: Arc::default(),
        }
    }

    /// Keeps jobs in `jobs` of a state folder.
    #[must_use]
    pub fn in_folder(folder: &StateDir) -> Self {
        Self {
            home: Some(folder.clone()),
            ..Self::new(folder.path().join("jobs"))
        }
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

    /// Makes sure that the folder is there and that something may be stored in it.
    fn prepare(&self) -> Result<(), Error> {
        let home = self.home.as_ref();
        home.map_or(Ok(()), StateDir::create)
            .and_then(|()| state::create_folder(&self.folder))
            .map_err(Error::from_state)
    }

    fn lock_path(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// Waits until nobody else is changing a record.
    async fn lock(&self) -> Result<FileLock, Error> {
        self.prepare()?;
        let path = self.lock_path();
        let lock = FileLock::acquire(&path, LOCK_WAIT).await;
        let lock = lock.map_err(Error::from_state)?;
        if !self.swept.swap(true, Ordering::Relaxed) {
            self.leftovers().remove();
        }
        Ok(lock)
    }

    /// Removes, once, what killed processes have left. Nobody waits for that, and where it does not
    /// work now the next change does it.
    fn sweep(&self) {
        if self.swept.load(Ordering::Relaxed) {
            return;
        }
        let left = self.leftovers();
        let swept = left.is_empty() || {
            let prepared = self.prepare().is_ok();
            let lock = prepared.then(|| FileLock::try_acquire(&self.lock_path()));
            let is_ours = matches!(lock, Some(Ok(Some(_))));
            if is_ours {
                left.remove();
            }
            is_ours
        };
        self.swept.store(swept, Ordering::Relaxed);
    }

    fn leftovers(&self) -> Leftovers {
        // Those of versions before had names of their own.
        let is_left = |name: &str| name.starts_with('.') && name.ends_with(".new");
        Leftovers::within(&self.folder, is_left)
    }

    fn read(&self, id: &JobId) -> Result<Option<JobRecord>, Error> {
        let path = self.path(id);
        let contents = state::read(&path, LARGEST).map_err(Error::from_state)?;
        let Some(contents) = contents else {
            return Ok(None);
        };
        let mut record: JobRecord = serde_json::from_slice(contents.bytes()).map_err(|error| {
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
        if !record.extra.is_empty()
            && let Some(mut fields) = Fields::parse(contents.bytes())
        {
            // serde has only their values.
            fields.retain(|name| record.extra.text(name).is_some());
            record.extra = fields;
        }
        Ok(Some(record))
    }

    fn write(&self, record: &JobRecord) -> Result<(), Error> {
        let path = self.path(&record.id);
        let mut text = serde_json::to_vec_pretty(&Exact::of(record))
            .map_err(|error| Error::ledger("the job cannot be written down").with_source(error))?;
        text.push(b'\n');
        state::replace(&path, &text, fault::point).map_err(Error::from_state)
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
        self.sweep();
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
        self.prepare()?;
        // The file stays as long as the record: removing one that somebody holds would let two in.
        let lock = FileLock::try_acquire(&self.lease_path(id)).map_err(Error::from_state)?;
        Ok(lock.map(JobLease::new))
    }
}

/// A record as it is written: what a newer version has put there, with its text as it was.
#[derive(Serialize)]
struct Exact<'a> {
    #[serde(flatten)]
    record: JobRecord,
    #[serde(flatten)]
    extra: &'a Fields,
}

impl<'a> Exact<'a> {
    fn of(record: &'a JobRecord) -> Self {
        let mut known = record.clone();
        known.extra = Fields::default();
        Self {
            record: known,
            extra: &record.extra,
        }
    }
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::ledger(format!("could not {what} {}", path.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::{
        super::contract::{self, record},
        *,
    };
    use crate::error::ErrorKind;

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

    /// Numbers of a newer version, and our own, are the same after any number of changes.
    #[tokio::test]
    async fn numbers_are_kept_to_the_digit() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileJobs::new(folder.path());
        let numbers = "[0.30000000000000004, 8.5e-3, 1.10, 1E+2, 98765432109876543210]";
        let ours =
            serde_json::json!({"x": 0.1 + 0.2, "y": 5e-324, "z": 1.797_693_134_862_315_7e308});
        let mut first = record("a");
        first.body = ours.clone();
        first.usage = Some(ours.clone());
        let text = serde_json::to_string(&first).unwrap();
        let text = text.replacen('{', &format!("{{\"mood\":{numbers},"), 1);
        let path = folder.path().join("a.json");
        fs::write(&path, text).unwrap();
        for _ in 0..3 {
            let mut read = store.load(&first.id).await.unwrap().unwrap();
            assert_eq!((&read.body, read.usage.as_ref()), (&ours, Some(&ours)));
            read.revision += 1;
            assert_eq!(store.replace(&read).await.unwrap(), Replaced::Stored);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(numbers), "{text}");
            assert_eq!(text.matches("\"mood\"").count(), 1);
        }
        // Whoever keeps records elsewhere, in any format, keeps the values.
        let read = store.load(&first.id).await.unwrap().unwrap();
        let value = serde_json::to_value(&read).unwrap();
        assert_eq!(value["mood"][2], 1.1);
        let read: JobRecord = serde_json::from_value(value).unwrap();
        assert_eq!(read.extra.get::<Vec<f64>>("mood").unwrap()[3], 100.0);
    }

    #[tokio::test]
    async fn what_a_dead_process_has_left_goes_when_the_store_is_next_used() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            ".a.json.x1.qwen-openclaw.tmp",
            ".x2.new",
            ".notes.tmp",
            "b.new",
        ];
        let left = || -> Vec<bool> {
            let exists = |name| folder.path().join(name).exists();
            names.map(exists).into()
        };
        let place = || {
            for name in names {
                fs::write(folder.path().join(name), "{}").unwrap();
            }
        };
        let lock = folder.path().join("lock");
        // To read is enough, but not while somebody writes: it may be what that one is writing.
        place();
        let store = FileJobs::new(folder.path());
        let held = FileLock::try_acquire(&lock).unwrap();
        store.list().await.unwrap();
        assert!(held.is_some() && left() == [true, true, true, true]);
        drop(held);
        store.list().await.unwrap();
        assert_eq!(left(), [false, false, true, true]);

        place();
        let store = FileJobs::new(folder.path());
        store.insert(&record("a")).await.unwrap();
        assert_eq!(left(), [false, false, true, true]);

        let gone = FileJobs::new(folder.path().join("gone"));
        gone.list().await.unwrap();
        assert!(!gone.folder().exists(), "to look is not to make");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_folder_that_others_can_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let root = tempfile::tempdir().unwrap();
        let set = |path: &Path, mode| {
            fs::create_dir_all(path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let id = record("a").id;
        for (state, jobs) in [(0o777, 0o700), (0o700, 0o702), (0o720, 0o700)] {
            let home = root.path().join(format!("{state:o}-{jobs:o}"));
            set(&home, state);
            set(&home.join("jobs"), jobs);
            let store = FileJobs::in_folder(&StateDir::new(&home));
            for error in [
                store.insert(&record("a")).await.unwrap_err(),
                store.replace(&record("a")).await.unwrap_err(),
                store.claim(&record("a")).await.unwrap_err(),
                store.remove(&id).await.unwrap_err(),
                store.lease(&id).await.unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Ledger);
                let text = error.to_string();
                let named = text.contains(home.to_str().unwrap());
                assert!(named && text.contains("chmod go-w"), "{text}");
            }
            assert_eq!(fs::read_dir(home.join("jobs")).unwrap().count(), 0);
            assert_eq!((mode(&home), mode(&home.join("jobs"))), (state, jobs));
        }
        // Others that can only read: the state folder is closed to them.
        let home = root.path().join("readable");
        set(&home, 0o755);
        let store = FileJobs::in_folder(&StateDir::new(&home));
        store.insert(&record("a")).await.unwrap();
        assert_eq!((mode(&home), mode(&home.join("jobs"))), (0o700, 0o700));
    }

    /// Only root can give a file to somebody else.
    #[cfg(unix)]
    #[tokio::test]
    async fn what_belongs_to_somebody_else_is_not_used() {
        use std::os::unix::fs::{MetadataExt, chown};

        let root = tempfile::tempdir().unwrap();
        if fs::metadata(root.path()).unwrap().uid() != 0 {
            println!("skipped: only root can give a file to somebody else");
            return;
        }
        // A record decides what is fetched from where, and to where.
        let home = root.path().join("state");
        let store = FileJobs::in_folder(&StateDir::new(&home));
        store.insert(&record("a")).await.unwrap();
        chown(store.folder().join("a.json"), Some(12_345), None).unwrap();
        let list = store.list().await.unwrap();
        assert_eq!((list.records.len(), list.unreadable.len()), (0, 1));
        chown(&home, Some(12_345), None).unwrap();
        let error = store.insert(&record("b")).await.unwrap_err();
        assert!(error.to_string().contains("another user"), "{error}");
        assert!(!store.folder().join("b.json").exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn locks_and_leases_do_not_follow_links() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let (jobs, victim) = (folder.path().join("jobs"), folder.path().join("victim"));
        fs::create_dir(&jobs).unwrap();
        fs::set_permissions(&jobs, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        for name in ["lock", "a.lease"] {
            symlink(&victim, jobs.join(name)).unwrap();
        }
        let store = FileJobs::new(&jobs);
        let inserted = store.insert(&record("a")).await;
        let leased = store.lease(&record("a").id).await.map(drop);
        for error in [inserted.unwrap_err(), leased.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Ledger);
            assert!(error.to_string().contains("no link"), "{error}");
        }
        assert!(!victim.exists());
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
