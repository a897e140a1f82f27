//! Saves the results of a batch.

use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use qwen_openclaw_auth::fault;
use tempfile::NamedTempFile;
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    BatchRecord, Client, Error, ErrorKind, RecordId, Step,
    results::{self, Joined},
    submit::is_unchanged,
};

/// Where and how results are saved.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct SaveOptions {
    target: PathBuf,
    overwrite: bool,
}

impl SaveOptions {
    /// Saves results as `target`.
    pub fn new(target: impl Into<PathBuf>) -> Self {
        Self {
            target: target.into(),
            overwrite: false,
        }
    }

    /// Sets whether a file with that name is replaced. The default is false.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }
}

/// The saved results of a batch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Saved {
    /// The record, with [`usage`](BatchRecord::usage).
    pub record: BatchRecord,
    /// Whether the results are in the order of the input: it was still there and unchanged. Otherwise
    /// the answers come first, in the order of the service.
    pub is_ordered: bool,
}

impl Client {
    /// Fetches the answers and the errors of a batch that is done, and saves them as one file: a line
    /// for each line of the input, as the service wrote it, in the order of the input. Lines without a
    /// result, as after a cancellation, are left out and counted in
    /// [`missing`](crate::BatchUsage::missing).
    ///
    /// It needs the same memory for any size: one line, and about 50 bytes for each `custom_id`.
    ///
    /// # Errors
    ///
    /// [`Deadline`](ErrorKind::Deadline) if the batch is not done, [`Failed`](ErrorKind::Failed) if it
    /// has no results, [`InvalidRequest`](ErrorKind::InvalidRequest) if the target exists,
    /// [`Storage`](ErrorKind::Storage) if it cannot be written, and the server's errors.
    pub async fn save(&self, id: &RecordId, options: &SaveOptions) -> Result<Saved, Error> {
        let target = &options.target;
        let unusable = |error| Error::storage("write", target, error);
        let target = std::path::absolute(target).map_err(unusable)?;
        check_target(&self.record(id)?, &target, options.overwrite)?;
        let (record, batch) = self.ask(id).await?;
        if !batch.status.is_final() {
            let error = format!("{id} is not done: it is {}", batch.status);
            return Err(Error::new(ErrorKind::Deadline, error));
        }
        let files = [batch.output_file.as_deref(), batch.error_file.as_deref()];
        if files.iter().all(Option::is_none) {
            let why = record.failure().unwrap_or(batch.status.as_str());
            let error = format!("{id} has no results: {why}");
            return Err(Error::new(ErrorKind::Failed, error));
        }
        let lease = self.ledger.lease(id)?;
        results::sweep(&target, id.as_str());
        let mut parts = Vec::new();
        for file in files.into_iter().flatten() {
            parts.push(self.part(file, &target, id).await?);
            fault::point("fetched");
        }
        let (joined, part) = self.joined(&record, parts, &target).await?;
        fault::point("joined");
        let mut record = self.record(id)?;
        let is_ours = was_ours(&record, &target);
        record.saved = Some(target.clone());
        record.step = Step::Created;
        record.usage = Some(joined.usage);
        self.ledger.save(&record, &lease)?;
        fault::point("saving");
        if let Err(error) = put(part, &target, options.overwrite || is_ours) {
            record.saved = None;
            self.ledger.save(&record, &lease)?;
            return Err(error);
        }
        fault::point("result-renamed");
        record.step = Step::Saved;
        self.ledger.save(&record, &lease)?;
        Ok(Saved {
            record,
            is_ordered: joined.is_ordered,
        })
    }

    /// Fetches one file, again from its beginning if the connection was lost.
    async fn part(&self, file: &str, target: &Path, id: &RecordId) -> Result<NamedTempFile, Error> {
        let mut attempts = self.connection().retry().attempts();
        loop {
            let response = self.api.content(file).await?;
            match results::fetch(response.into_body(), target, id.as_str()).await {
                Ok(part) => return Ok(part),
                Err(error) => match error
                    .is_transient()
                    .then(|| attempts.after_transient(None))
                    .flatten()
                {
                    Some(wait) => sleep(wait).await,
                    None => return Err(error),
                },
            }
        }
    }

    async fn joined(
        &self,
        record: &BatchRecord,
        parts: Vec<NamedTempFile>,
        target: &Path,
    ) -> Result<(Joined, NamedTempFile), Error> {
        let route = self.connection().route().await?;
        let edition = qwen_openclaw_catalog::Edition::default();
        let route = route.with_model(&record.model, edition);
        let (this, record, target) = (self.clone(), record.clone(), target.to_owned());
        let work = move || {
            let price = |usage: &_| this.price_of(&route, &record.model, usage);
            let input = Some(record.file()).filter(|path| is_unchanged(&record, path));
            let mut part = results::new_part(&target, record.id.as_str())?;
            let mut out = BufWriter::new(part.as_file_mut());
            let joined = results::join(input, record.lines, &parts, &mut out, &price)?;
            let failed = |error| Error::storage("write", &target, error);
            out.flush().map_err(failed)?;
            drop(out);
            part.as_file().sync_all().map_err(failed)?;
            Ok((joined, part))
        };
        let done = spawn_blocking(work).await;
        done.map_err(|error| {
            Error::new(ErrorKind::Storage, "the results were not joined").with_source(error)
        })?
    }
}

/// Refuses a target before anything is fetched.
fn check_target(record: &BatchRecord, target: &Path, overwrite: bool) -> Result<(), Error> {
    let shown = target.display();
    match fs::metadata(target) {
        Ok(about) if about.is_dir() => Err(Error::refused(format!("{shown} is a folder"))),
        Ok(_) if target == record.file => Err(Error::refused(format!("{shown} is the input"))),
        Ok(_) if !overwrite && !was_ours(record, target) => Err(Error::refused(format!(
            "{shown} exists: choose another name, or overwrite it"
        ))),
        _ => Ok(()),
    }
}

/// Whether a process that died after renaming has left the target.
fn was_ours(record: &BatchRecord, target: &Path) -> bool {
    record.step != Step::Saved && record.saved.as_deref() == Some(target)
}

fn put(part: NamedTempFile, target: &Path, overwrite: bool) -> Result<(), Error> {
    let put = match overwrite {
        true => part.persist(target),
        false => part.persist_noclobber(target),
    };
    put.map(drop)
        .map_err(|error| Error::storage("write", target, error.error))
}
