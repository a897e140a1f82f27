//! Jobs in the same file, for programs that want one.

use async_trait::async_trait;
use qwen_openclaw_auth::state::{self, FileLock};
use qwen_openclaw_router::Error as StateError;
use qwen_openclaw_tasks::{Error, JobId, JobLease, JobList, JobRecord, JobStore, Replaced};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::task::spawn_blocking;

use crate::{SqliteState, error::Failure, fault, handle::Access, values};

/// Jobs are written so that they survive a crash of the system: they are paid for.
///
/// A lease is the operating system's lock on a file in `<name>.leases` beside the database, because a
/// row would outlive a process that was killed.
#[async_trait]
impl JobStore for SqliteState {
    async fn insert(&self, record: &JobRecord) -> Result<(), Error> {
        let row = JobRow::new(record, JobRecord::room_for_new(JobRecord::LARGEST))?;
        let inserted = self.write(move |rows| row.insert(rows)).await?;
        if inserted {
            return Ok(());
        }
        let id = record.id();
        Err(Error::ledger(format!("there is a job {id} already")))
    }

    async fn load(&self, id: &JobId) -> Result<Option<JobRecord>, Error> {
        let wanted = id.clone();
        let found = self.read(move |rows| text_of(rows, &wanted)).await?;
        found.map(|text| parse(id.as_str(), &text)).transpose()
    }

    async fn list(&self) -> Result<JobList, Error> {
        self.read(|rows| {
            let mut query = rows.prepare_cached("SELECT id, record FROM jobs")?;
            let mut found = query.query([])?;
            let (mut records, mut unreadable) = (Vec::new(), Vec::new());
            while let Some(row) = found.next()? {
                let (id, text): (String, Vec<u8>) = row.try_into()?;
                match parse(&id, &text) {
                    Ok(record) => records.push(record),
                    Err(error) => unreadable.push(error),
                }
            }
            Ok(JobList::new(records, unreadable))
        })
        .await
    }

    async fn replace(&self, record: &JobRecord) -> Result<Replaced, Error> {
        let row = JobRow::new(record, JobRecord::LARGEST)?;
        self.write(move |rows| row.replace(rows)).await?
    }

    async fn claim(&self, record: &JobRecord) -> Result<Replaced, Error> {
        let row = JobRow::new(record, JobRecord::LARGEST)?;
        self.write(move |rows| {
            // The column says it of records that cannot be read, too.
            let taken = "SELECT EXISTS (SELECT 1 FROM jobs WHERE task_id = ?1 AND id <> ?2)";
            let taken = rows
                .prepare_cached(taken)?
                .query_row(params![row.task_id, row.id.as_str()], |row| row.get(0))?;
            if taken {
                Ok(Ok(Replaced::Taken))
            } else {
                row.replace(rows)
            }
        })
        .await?
    }

    async fn remove(&self, id: &JobId) -> Result<bool, Error> {
        let wanted = id.clone();
        let removed = self
            .write(move |rows| {
                let delete = "DELETE FROM jobs WHERE id = ?1";
                Ok(rows.execute(delete, [wanted.as_str()])? > 0)
            })
            .await?;
        if removed {
            // Gone with its job: a new job never has the id of another.
            let _ = std::fs::remove_file(self.lease_path(id));
        }
        Ok(removed)
    }

    async fn lease(&self, id: &JobId) -> Result<Option<JobLease>, Error> {
        let (place, path) = (self.pool.place().clone(), self.lease_path(id));
        let lease = move || {
            place
                .prepare()
                .map_err(|failure| failure.into_error(&place.path))
                .map_err(of_state)?;
            state::create_folder(&place.leases()).map_err(ledger)?;
            FileLock::try_acquire(&path).map_err(ledger)
        };
        let lease = spawn_blocking(lease).await;
        let lease =
            lease.map_err(|error| Error::ledger("the lease was not checked").with_source(error))?;
        Ok(lease?.map(JobLease::new))
    }
}

impl SqliteState {
    fn lease_path(&self, id: &JobId) -> std::path::PathBuf {
        self.pool.place().leases().join(format!("{id}.lease"))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        self.pool.run(Access::Read, work).await.map_err(of_state)
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        self.pool.run(Access::Durable, work).await.map_err(of_state)
    }
}

/// A record as it is written.
struct JobRow {
    id: JobId,
    revision: u64,
    task_id: Option<String>,
    text: Vec<u8>,
}

impl JobRow {
    fn new(record: &JobRecord, limit: usize) -> Result<Self, Error> {
        Ok(Self {
            id: record.id().clone(),
            revision: record.revision(),
            task_id: record.task_id().map(str::to_owned),
            text: record.to_json(limit)?,
        })
    }

    /// Inserts the row, unless there is one with its id.
    fn insert(&self, rows: &Connection) -> Result<bool, Failure> {
        let insert =
            "INSERT OR IGNORE INTO jobs (id, revision, task_id, record) VALUES (?1, ?2, ?3, ?4)";
        let count = rows.prepare_cached(insert)?.execute(params![
            self.id.as_str(),
            values::of_count(self.revision),
            self.task_id,
            self.text,
        ])?;
        fault::point("job-inserted");
        Ok(count > 0)
    }

    /// Replaces the row of the revision before, if it can be read.
    fn replace(&self, rows: &Connection) -> Result<Result<Replaced, Error>, Failure> {
        let Some(text) = text_of(rows, &self.id)? else {
            return Ok(Ok(Replaced::Changed));
        };
        let stored = match parse(self.id.as_str(), &text) {
            Ok(stored) => stored,
            Err(error) => return Ok(Err(error)),
        };
        if stored.revision().checked_add(1) != Some(self.revision) {
            return Ok(Ok(Replaced::Changed));
        }
        let update = "UPDATE jobs SET revision = ?2, task_id = ?3, record = ?4 WHERE id = ?1";
        rows.prepare_cached(update)?.execute(params![
            self.id.as_str(),
            values::of_count(self.revision),
            self.task_id,
            self.text,
        ])?;
        fault::point("job-replaced");
        Ok(Ok(Replaced::Stored))
    }
}

fn text_of(rows: &Connection, id: &JobId) -> Result<Option<Vec<u8>>, Failure> {
    let mut query = rows.prepare_cached("SELECT record FROM jobs WHERE id = ?1")?;
    Ok(query
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?)
}

fn parse(id: &str, text: &[u8]) -> Result<JobRecord, Error> {
    let record = JobRecord::from_json(text, &format_args!("job {id}"))?;
    if record.id().as_str() != id {
        let other = record.id();
        return Err(Error::ledger(format!(
            "job {id} holds another job, {other}"
        )));
    }
    Ok(record)
}

fn of_state(error: StateError) -> Error {
    let this = Error::new(error.kind(), error.to_string());
    match std::error::Error::source(&error) {
        Some(_) => this.with_source(error),
        None => this,
    }
}

fn ledger(error: qwen_openclaw_auth::Error) -> Error {
    error.into()
}
