//! The results of a finished job.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::Value;

use crate::{
    Error,
    engine::Tasks,
    ledger::record::{JobRecord, ResultFile},
    transfer::download::{Progress, SaveOptions, Targets, numbered, save},
};

/// A finished job, with at least one result.
#[derive(Clone, Debug)]
pub struct Finished {
    tasks: Tasks,
    record: JobRecord,
}

impl Finished {
    pub(crate) fn new(tasks: Tasks, record: JobRecord) -> Self {
        Self { tasks, record }
    }

    /// Returns the results, in the service's order.
    #[must_use]
    pub fn results(&self) -> &[ResultFile] {
        self.record.results()
    }

    /// Returns the URL of the first result. Anyone who has the URL can download the result without
    /// a key until it expires.
    #[must_use]
    pub fn url(&self) -> &str {
        let first = self.results().first();
        first.map_or("", |result| &result.url)
    }

    /// Returns when the first result expires, as documented 24 hours after it was made.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        let all = self.results().iter().map(|result| result.expires_at);
        all.min().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns the usage as reported by the service.
    #[must_use]
    pub fn usage(&self) -> Option<&Value> {
        self.record.usage.as_ref()
    }

    /// Returns the job's record.
    #[must_use]
    pub fn record(&self) -> &JobRecord {
        &self.record
    }

    /// Saves the result at `path`, which must not exist yet, and returns the job with the path in
    /// its record. If several were requested, their names are numbered: `a-1.png`, `a-2.png`
    /// ([`numbered`]).
    ///
    /// Each file is written next to its final name and renamed when it is complete. An interrupted
    /// download resumes where it stopped, in another process as well. The job is
    /// [`Saved`](crate::Phase::Saved) once all results are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Expired`](crate::ErrorKind::Expired) if a result has expired,
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) if it is not of the expected file type,
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if it exceeds the size limit,
    /// [`ErrorKind::Storage`](crate::ErrorKind::Storage) if it cannot be written,
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) while another process saves it, and any error of
    /// the download.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<Self, Error> {
        self.save_with(path, SaveOptions::default(), |_| {}).await
    }

    /// Like [`save`](Self::save), with options. `progress` is called after each chunk.
    ///
    /// # Errors
    ///
    /// Same as [`save`](Self::save).
    pub async fn save_with(
        self,
        path: impl AsRef<Path>,
        options: SaveOptions,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Self, Error> {
        let results = self.results().len();
        let count = results.max(self.record.count as usize);
        let mut paths = numbered(path.as_ref(), count);
        paths.truncate(results);
        let base = Some(path.as_ref().to_owned());
        let targets = Targets { base, paths };
        self.save_at(targets, options, progress).await
    }

    /// Like [`save_with`](Self::save_with), with the path of each result returned by `name` for its
    /// zero-based index.
    ///
    /// # Errors
    ///
    /// Same as [`save`](Self::save), and
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if two results would have
    /// the same path.
    pub async fn save_each(
        self,
        name: impl Fn(usize) -> PathBuf,
        options: SaveOptions,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Self, Error> {
        let paths = (0..self.results().len()).map(name).collect();
        let targets = Targets { base: None, paths };
        self.save_at(targets, options, progress).await
    }

    async fn save_at(
        self,
        targets: Targets,
        options: SaveOptions,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Self, Error> {
        let record = save(&self.tasks, self.record, targets, options, progress).await?;
        Ok(Self::new(self.tasks, record))
    }
}
