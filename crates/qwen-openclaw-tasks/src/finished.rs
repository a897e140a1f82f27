//! The results of a job, to be saved.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::Value;

use crate::{
    Error,
    engine::Tasks,
    ledger::record::{JobRecord, ResultFile},
    transfer::download::{Progress, SaveOptions, Targets, save},
};

/// A job that the service has done. It has one result at least.
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

    /// Returns the URL of the first result. Anyone who has it can fetch it until it expires, without a
    /// key.
    #[must_use]
    pub fn url(&self) -> &str {
        let first = self.results().first();
        first.map_or("", |result| &result.url)
    }

    /// Returns until when the results are there, the first to expire: 24 hours, as documented.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        let all = self.results().iter().map(|result| result.expires_at);
        all.min().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns what the service has counted, as it says it.
    #[must_use]
    pub fn usage(&self) -> Option<&Value> {
        self.record.usage.as_ref()
    }

    /// Returns the job's record.
    #[must_use]
    pub fn record(&self) -> &JobRecord {
        &self.record
    }

    /// Saves the result at `path`, where nothing must be yet, and returns it with the path in its
    /// record. Several results are saved under that name with numbers: `a-1.png`, `a-2.png`.
    ///
    /// Each file is written beside its final name and renamed when it is whole; a download that
    /// breaks off goes on where it was, in another process too. The job is
    /// [`Saved`](crate::Phase::Saved) when all results are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Expired`](crate::ErrorKind::Expired) when a result is gone,
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) when it is not what it should be,
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge),
    /// [`ErrorKind::Storage`](crate::ErrorKind::Storage),
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) while another process saves it, and what keeps
    /// it from being fetched.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<Self, Error> {
        self.save_with(path, SaveOptions::default(), |_| {}).await
    }

    /// As [`save`](Self::save), with options, telling `progress` after each piece.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub async fn save_with(
        self,
        path: impl AsRef<Path>,
        options: SaveOptions,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Self, Error> {
        let targets = Targets::numbered(path.as_ref(), self.results().len());
        self.save_at(targets, options, progress).await
    }

    /// As [`save_with`](Self::save_with), with each result at the path that `name` gives it, by its
    /// number from 0 on.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save), and [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest)
    /// when two results would have the same path.
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
