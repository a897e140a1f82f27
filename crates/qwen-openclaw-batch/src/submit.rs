//! From a checked file to a batch that the service has, once.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use qwen_openclaw_auth::fault;
use qwen_openclaw_catalog::batch;
use serde_json::json;
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    BatchFile, BatchRecord, Client, Error, ErrorKind, RecordId, Step, record::seconds, store::Lease,
};

/// What a batch is created with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct SubmitOptions {
    window_hours: Option<u32>,
    name: Option<String>,
    description: Option<String>,
}

impl SubmitOptions {
    /// Creates the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the batch may take, in hours, from 24 to 336. The default is 24.
    pub fn window_hours(mut self, hours: u32) -> Self {
        self.window_hours = Some(hours);
        self
    }

    /// Sets the name that the service's console shows, of at most 100 characters. The default is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets a description of at most 200 characters. The default is none.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    fn check(&self) -> Result<(), Error> {
        let (shortest, longest) = batch::WINDOW_HOURS;
        let hours = self.window_hours.unwrap_or(shortest);
        if !(shortest..=longest).contains(&hours) {
            return Err(Error::refused(format!(
                "a batch may take from {shortest} to {longest} hours, not {hours}"
            )));
        }
        let (name, description) = batch::MAX_NAME;
        for (text, most, what) in [
            (&self.name, name, "name"),
            (&self.description, description, "description"),
        ] {
            if text
                .as_ref()
                .is_some_and(|text| text.chars().count() > most)
            {
                return Err(Error::refused(format!(
                    "the {what} of a batch has at most {most} characters"
                )));
            }
        }
        Ok(())
    }
}

impl Client {
    /// Uploads a checked file and creates a batch of it.
    ///
    /// A record is written before anything is sent, and before and after each step. If the process
    /// dies or an answer is lost, [`resume`](Self::resume) goes on: the service's lists tell what it
    /// has, so that no file is stored twice and no batch is created twice.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) for options out of range, and any error with which
    /// the service rejects the file or the batch. After an error that may pass, the record goes on by
    /// [`resume`](Self::resume); its id is in the ledger.
    pub async fn submit(
        &self,
        file: &BatchFile,
        options: &SubmitOptions,
    ) -> Result<BatchRecord, Error> {
        let record = self.prepare(file, options).await?;
        self.resume(record.id()).await
    }

    /// Writes down a batch without sending anything; [`resume`](Self::resume) sends it.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit), before anything is sent.
    pub async fn prepare(
        &self,
        file: &BatchFile,
        options: &SubmitOptions,
    ) -> Result<BatchRecord, Error> {
        options.check()?;
        let route = self.connection().route().await?;
        let unreadable = |error| Error::storage("read", &file.path, error);
        let path = std::path::absolute(&file.path).map_err(unreadable)?;
        let base_url = route.endpoint().base_url().as_str();
        let mut record = BatchRecord::new(file, path, base_url);
        record.window_hours = options.window_hours.unwrap_or(batch::WINDOW_HOURS.0);
        record.name.clone_from(&options.name);
        record.description.clone_from(&options.description);
        let lease = self.ledger.lease(&record.id)?;
        self.ledger.save(&record, &lease)?;
        fault::point("prepared");
        Ok(record)
    }

    /// Goes on with a batch until the service has it. One that it has is returned as it is.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit); [`Busy`](ErrorKind::Busy) while another process works at it, and
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) if the file was changed before it was uploaded.
    pub async fn resume(&self, id: &RecordId) -> Result<BatchRecord, Error> {
        let lease = self.ledger.lease(id)?;
        let mut record = self.record(id)?;
        if !record.step.is_before_batch() {
            return Ok(record);
        }
        self.check_place(&record).await?;
        let done = self.advance(&mut record, &lease).await;
        done.map(|()| record)
    }

    async fn advance(&self, record: &mut BatchRecord, lease: &Lease) -> Result<(), Error> {
        if record.file_id.is_none() {
            self.upload(record, lease).await?;
        }
        self.create(record, lease).await
    }

    async fn upload(&self, record: &mut BatchRecord, lease: &Lease) -> Result<(), Error> {
        let mut attempts = self.connection().retry().attempts();
        let name = record.remote_name();
        loop {
            let mut found = None;
            if record.step == Step::Uploading {
                // A request was sent whose answer is not known.
                found = self.api.find_file(&name, record.bytes).await?;
            }
            if found.is_none() {
                check_unchanged(record).await?;
                record.step = Step::Uploading;
                self.sending(record, lease)?;
                fault::point("uploading");
                let sent = self.api.upload(&record.file, &name, record.bytes).await;
                fault::point("upload-answered");
                match sent {
                    Ok(file) => found = Some(file),
                    Err(error) => {
                        if had_no_effect(&error) {
                            record.step = Step::Prepared;
                            self.ledger.save(record, lease)?;
                        }
                        let wait = error.is_transient().then(|| error.retry_after());
                        match wait.and_then(|after| attempts.after_transient(after)) {
                            Some(wait) => sleep(wait).await,
                            None => return Err(error),
                        }
                    }
                }
            }
            if let Some(file) = found {
                record.file_id = Some(file.id);
                record.step = Step::Uploaded;
                self.ledger.save(record, lease)?;
                fault::point("uploaded");
                return Ok(());
            }
        }
    }

    async fn create(&self, record: &mut BatchRecord, lease: &Lease) -> Result<(), Error> {
        let mut attempts = self.connection().retry().attempts();
        let file = record.file_id.clone().unwrap_or_default();
        let mut unanswered: Option<Error> = None;
        loop {
            let mut found = None;
            if record.step == Step::Creating {
                found = self.look(record, &file).await?;
                // It was not created, as far as can be known.
                if found.is_none()
                    && let Some(error) = unanswered.take()
                {
                    match attempts.after_transient(error.retry_after()) {
                        Some(wait) => sleep(wait).await,
                        None => return Err(error),
                    }
                }
            }
            if found.is_none() {
                record.step = Step::Creating;
                self.sending(record, lease)?;
                fault::point("creating");
                let sent = self.api.create(&body(record, &file)).await;
                fault::point("create-answered");
                match sent {
                    Ok(batch) => found = Some(batch),
                    Err(error) if had_no_effect(&error) => {
                        let wait = error.is_transient().then(|| error.retry_after());
                        let wait = wait.and_then(|after| attempts.after_transient(after));
                        let is_final = wait.is_none() && is_refusal(&error);
                        record.step = if is_final {
                            Step::Refused
                        } else {
                            Step::Uploaded
                        };
                        if is_final {
                            record.failure = Some(error.as_http().to_string());
                        }
                        self.ledger.save(record, lease)?;
                        match wait {
                            Some(wait) => sleep(wait).await,
                            None => return Err(error),
                        }
                    }
                    // Nothing is said of whether it was created: the list decides.
                    Err(error) => unanswered = Some(error),
                }
            }
            if let Some(batch) = found {
                record.note(&batch);
                self.ledger.save(record, lease)?;
                fault::point("created");
                return Ok(());
            }
        }
    }

    /// Looks for the batch of a file, as long as it may still appear.
    async fn look(&self, record: &BatchRecord, file: &str) -> Result<Option<crate::Batch>, Error> {
        loop {
            let left = self.uncertain_for(record);
            if let Some(batch) = self.api.find_batch(file).await? {
                return Ok(Some(batch));
            }
            if left.is_zero() {
                return Ok(None);
            }
            // The list may be asked for 100 times a minute by the whole account.
            sleep(left.min(self.certain_after / 6)).await;
        }
    }

    /// How long it is still open whether the last request had an effect.
    fn uncertain_for(&self, record: &BatchRecord) -> Duration {
        let sent = Duration::from_secs(record.sent_at.unwrap_or(0));
        let since = SystemTime::UNIX_EPOCH.checked_add(sent);
        let since = since.and_then(|sent| SystemTime::now().duration_since(sent).ok());
        // A clock that was set back says nothing: the whole time is waited.
        self.certain_after.saturating_sub(since.unwrap_or_default())
    }

    fn sending(&self, record: &mut BatchRecord, lease: &Lease) -> Result<(), Error> {
        record.sent_at = Some(seconds(SystemTime::now()));
        self.ledger.save(record, lease)
    }
}

fn body(record: &BatchRecord, file: &str) -> serde_json::Value {
    let mut body = json!({
        "input_file_id": file,
        "endpoint": record.endpoint,
        "completion_window": format!("{}h", record.window_hours),
    });
    for (name, text) in [
        ("ds_name", &record.name),
        ("ds_description", &record.description),
    ] {
        if let Some(text) = text {
            body["metadata"][name] = text.as_str().into();
        }
    }
    body
}

/// Whether a request certainly had no effect: it was not sent, or was rejected.
fn had_no_effect(error: &Error) -> bool {
    let was_rejected = |status| (400..500).contains(&status) && status != 408;
    !error.as_http().was_sent() || error.status().is_some_and(was_rejected)
}

/// Whether the service has rejected what was asked for, and not the account or its key.
fn is_refusal(error: &Error) -> bool {
    error.status().is_some()
        && matches!(
            error.kind(),
            ErrorKind::InvalidRequest | ErrorKind::ContentFilter | ErrorKind::NotFound
        )
}

/// What was checked must be what is sent.
async fn check_unchanged(record: &BatchRecord) -> Result<(), Error> {
    let path = record.file.clone();
    let checked = spawn_blocking(move || BatchFile::check(path)).await;
    let checked = checked.map_err(|error| {
        Error::new(ErrorKind::Storage, "the file was not checked").with_source(error)
    })??;
    if !is_same(record, &checked) {
        let shown = record.file.display();
        return Err(Error::refused(format!(
            "{shown} was changed since {} was submitted: cancel it, and submit the file anew",
            record.id
        )));
    }
    Ok(())
}

/// Whether a file is the input of a batch.
pub(crate) fn is_same(record: &BatchRecord, file: &BatchFile) -> bool {
    file.bytes == record.bytes && file.checksum == record.checksum
}

/// Whether the input of a batch is still there, as it was.
pub(crate) fn is_unchanged(record: &BatchRecord, path: &Path) -> bool {
    BatchFile::check(path).is_ok_and(|file| is_same(record, &file))
}
