//! Jobs in files, one each, for several processes at once.

use std::{
    fs::{self, File},
    io::{ErrorKind as IoErrorKind, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use qwen_openclaw_auth::fault;
use qwen_openclaw_auth::state::{self, FileLock, Leftovers, StateDir};
use tokio::task::spawn_blocking;

use super::{JobLease, JobList, JobStore, Replaced};
use crate::{
    error::Error,
    ledger::record::{JobId, JobRecord},
};

/// How long a change of another process is waited for. Each takes milliseconds.
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
    largest: usize,
    /// The state folder, where it is in one: it is closed to others before something is stored.
    home: Option<StateDir>,
    /// Whether what killed processes have left was looked for.
    swept: Arc<AtomicBool>,
}

impl FileJobs {
    /// Creates a store in `folder`. Nothing is read or written yet; the folder is created when
    /// needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            largest: JobRecord::LARGEST,
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
            .map_err(Error::from)
    }

    fn lock_path(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// Waits until no other process is changing a record.
    async fn lock(&self) -> Result<FileLock, Error> {
        self.prepare()?;
        let path = self.lock_path();
        let lock = FileLock::acquire(&path, LOCK_WAIT).await;
        let lock = lock.map_err(Error::from)?;
        if !self.swept.swap(true, Ordering::Relaxed) {
            self.leftovers().remove();
        }
        Ok(lock)
    }

    /// Removes, once, what killed processes have left. No one waits for that, and where it does not
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
        let contents = state::read(&self.path(id), self.largest as u64);
        let contents = contents.map_err(Error::from)?;
        contents
            .map(|contents| self.parse(id, contents.bytes()))
            .transpose()
    }

    /// What a file holds, if it is the record of that job.
    fn parse(&self, id: &JobId, bytes: &[u8]) -> Result<JobRecord, Error> {
        let path = self.path(id);
        let record = JobRecord::from_json(bytes, &path.display())?;
        if record.id != *id {
            let (path, id) = (path.display(), &record.id);
            return Err(Error::ledger(format!("{path} holds another job, {id}")));
        }
        Ok(record)
    }

    /// Writes a record of at most `limit` bytes, if it can be read again.
    fn write(&self, record: &JobRecord, limit: usize) -> Result<(), Error> {
        let text = record.to_json(limit)?;
        state::replace(&self.path(&record.id), &text, fault::point).map_err(Error::from)
    }

    fn replace_locked(&self, record: &JobRecord) -> Result<Replaced, Error> {
        match self.read(&record.id)? {
            Some(stored) if stored.revision.checked_add(1) == Some(record.revision) => {
                self.write(record, self.largest)?;
                Ok(Replaced::Stored)
            }
            _ => Ok(Replaced::Changed),
        }
    }

    /// All records, and the ids of those that cannot be read.
    fn list_now(&self) -> Result<(JobList, Vec<JobId>), Error> {
        self.sweep();
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(Default::default()),
            Err(error) => return Err(failed("read", &self.folder, error)),
        };
        let (mut records, mut unreadable, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            let entry = entry.map_err(|error| failed("read", &self.folder, error))?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json"));
            let Some(Ok(id)) = id.map(str::parse::<JobId>) else {
                continue;
            };
            match self.read(&id) {
                Ok(record) => records.extend(record),
                Err(error) => {
                    unreadable.push(error);
                    ids.push(id);
                }
            }
        }
        Ok((JobList::new(records, unreadable), ids))
    }

    /// Whether another record has the task of this one. Of one that cannot be read it is enough
    /// that the task's id is somewhere in it; one where it is not holds no one up.
    fn is_taken(&self, record: &JobRecord) -> Result<bool, Error> {
        let (list, unreadable) = self.list_now()?;
        let Some(task_id) = record.task_id() else {
            return Ok(false);
        };
        let others = unreadable.iter().filter(|id| **id != record.id);
        let mut others = others.map(|id| self.path(id));
        Ok(list.is_taken_from(record) || others.any(|path| mentions(&path, task_id)))
    }

    /// Does what may take a while, as reading all records may, beside the executor.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        let done = spawn_blocking(move || work(&this)).await;
        done.map_err(|error| Error::ledger("the ledger was not read").with_source(error))?
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
        self.write(record, JobRecord::room_for_new(self.largest))
    }

    async fn load(&self, id: &JobId) -> Result<Option<JobRecord>, Error> {
        self.read(id)
    }

    async fn list(&self) -> Result<JobList, Error> {
        let listed = self.beside(Self::list_now).await;
        listed.map(|(list, _)| list)
    }

    async fn replace(&self, record: &JobRecord) -> Result<Replaced, Error> {
        let _lock = self.lock().await?;
        self.replace_locked(record)
    }

    async fn claim(&self, record: &JobRecord) -> Result<Replaced, Error> {
        let _lock = self.lock().await?;
        let claimed = record.clone();
        if self.beside(move |this| this.is_taken(&claimed)).await? {
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
        // The file stays as long as the record: removing one that is held would let two in.
        let lock = FileLock::try_acquire(&self.lease_path(id)).map_err(Error::from)?;
        Ok(lock.map(JobLease::new))
    }
}

/// Whether a file has this text in it, in quotes as JSON has it.
fn mentions(path: &Path, text: &str) -> bool {
    let is_file = fs::metadata(path).is_ok_and(|about| about.is_file());
    let (Ok(text), Some(Ok(mut file))) = (
        serde_json::to_string(text),
        is_file.then(|| File::open(path)),
    ) else {
        return false;
    };
    let (mut window, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return false,
            Ok(length) => window.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == IoErrorKind::Interrupted => {}
            Err(_) => return false,
        }
        if window
            .windows(text.len())
            .any(|part| part == text.as_bytes())
        {
            return true;
        }
        // It may stand across two pieces.
        let keep = window.len().min(text.len());
        window.drain(..window.len() - keep);
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
    use crate::ErrorKind;

    /// Takes records of 64 KiB.
    fn small(folder: &Path) -> FileJobs {
        FileJobs {
            largest: 64 << 10,
            ..FileJobs::new(folder)
        }
    }

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
        // A store that keeps records elsewhere, in any format, keeps the values.
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
        // To read is enough, but not while another process writes: it may be what that one is writing.
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
                assert_eq!(error.kind(), ErrorKind::Storage);
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

    /// Only root can give a file to another user.
    #[cfg(unix)]
    #[tokio::test]
    async fn what_belongs_to_another_user_is_not_used() {
        use std::os::unix::fs::{MetadataExt, chown};

        let root = tempfile::tempdir().unwrap();
        if fs::metadata(root.path()).unwrap().uid() != 0 {
            println!("skipped: only root can give a file to another user");
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
            assert_eq!(error.kind(), ErrorKind::Storage);
            assert!(error.to_string().contains("not a link"), "{error}");
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

    #[tokio::test]
    async fn a_bad_record_holds_up_nobody_but_whoever_wants_its_task() {
        let folder = tempfile::tempdir().unwrap();
        let store = small(folder.path());
        for id in ["a", "b"] {
            store.insert(&record(id)).await.unwrap();
        }
        fs::write(folder.path().join("c.json"), "{").unwrap();
        fs::create_dir(folder.path().join("d.json")).unwrap();
        // What an older version has written of a task that is paid for.
        let mut large = serde_json::to_value(record("e")).unwrap();
        large["task_id"] = "of-e".into();
        large["usage"] = "x".repeat(store.largest).into();
        fs::write(folder.path().join("e.json"), large.to_string()).unwrap();
        let list = store.list().await.unwrap();
        assert_eq!((list.records.len(), list.unreadable.len()), (2, 3));
        let claim = |id: &str, task: &str| {
            let mut claimed = record(id);
            claimed.revision += 1;
            claimed.task_id = Some(task.to_owned());
            let store = store.clone();
            async move { store.claim(&claimed).await.unwrap() }
        };
        assert_eq!(claim("a", "of-e").await, Replaced::Taken);
        assert_eq!(claim("a", "of").await, Replaced::Stored);
        assert_eq!(claim("b", "of").await, Replaced::Taken);
        assert_eq!(claim("b", "another").await, Replaced::Stored);
    }

    #[tokio::test]
    async fn a_pipe_is_no_record_and_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("p.json");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let list = FileJobs::new(folder.path()).list().await.unwrap();
        assert_eq!((list.records.len(), list.unreadable.len()), (0, 1));
        assert!(!mentions(&pipe, "t"));
    }

    #[tokio::test]
    async fn what_could_not_be_read_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = small(folder.path());
        let limit = JobRecord::room_for_new(store.largest);
        let room = store.largest - limit;
        let body = |size: usize| serde_json::json!({ "prompt": "x".repeat(size) });
        let mut deep = serde_json::json!(1);
        for _ in 0..200 {
            deep = serde_json::json!([deep]);
        }
        for (name, body) in [("large", body(limit)), ("deep", deep)] {
            let mut record = record("a");
            record.body = body;
            let error = store.insert(&record).await.unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Storage, "{name}");
            assert!(!folder.path().join("a.json").exists(), "{name}");
        }
        // What is known later has room beside what was asked for, and no more than that.
        let mut first = record("a");
        first.body = body(limit - 2048);
        store.insert(&first).await.unwrap();
        let mut next = first.clone();
        next.revision += 1;
        next.usage = Some(body(room));
        assert_eq!(store.replace(&next).await.unwrap(), Replaced::Stored);
        let mut more = next.clone();
        more.revision += 1;
        more.usage = Some(body(2 * room));
        store.replace(&more).await.unwrap_err();
        assert_eq!(store.load(&next.id).await.unwrap(), Some(next));
    }

    #[test]
    fn a_text_is_found_across_pieces_and_only_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for before in [0, 65_530, 65_535, 65_536, 131_070] {
            fs::write(&path, format!("{}\"task-1\"", "x".repeat(before))).unwrap();
            assert!(mentions(&path, "task-1"), "{before}");
            assert!(!mentions(&path, "task"), "{before}");
        }
        assert!(!mentions(&folder.path().join("none"), "task-1"));
    }
}
