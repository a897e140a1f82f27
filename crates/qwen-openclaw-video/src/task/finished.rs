//! A result, to be saved.

use std::{path::Path, time::SystemTime};

use serde_json::Value;

use super::{
    download::{Progress, SaveOptions, save},
    engine::Tasks,
    record::{JobRecord, ResultFile},
};
use crate::error::Error;

/// A job that the service has done.
#[derive(Clone, Debug)]
pub struct Finished {
    tasks: Tasks,
    record: JobRecord,
    result: ResultFile,
}

impl Finished {
    pub(crate) fn new(tasks: Tasks, record: JobRecord, result: ResultFile) -> Self {
        Self {
            tasks,
            record,
            result,
        }
    }

    /// Returns the address of the result. Whoever has it can fetch it until it expires, without a
    /// key.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.result.url
    }

    /// Returns until when the result is there: 24 hours, as documented.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.result.expires_at
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
    /// record.
    ///
    /// The file is written beside its final name and renamed when it is whole; a download that
    /// breaks off goes on where it was, in another process too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Expired`](crate::ErrorKind::Expired) when the result is gone,
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
        let record = save(&self.tasks, self.record, path.as_ref(), options, progress).await?;
        let result = record.result.clone().unwrap_or(self.result);
        Ok(Self::new(self.tasks, record, result))
    }
}
