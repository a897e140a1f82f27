//! Uploaded files, over the OpenAI-compatible API and DashScope's own.
//!
//! The two keep their files apart, and so do the regions. Files stay until they are deleted.

mod native;
mod open_ai;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) use self::{native::answer as native, open_ai::answer as open_ai};
use crate::{
    endpoint::Endpoint,
    form::{self, Field},
    lock::lock,
    refusal::Refusal,
    route::Exchange,
    spool::Spool,
};

/// The files of one emulator, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Files(Mutex<Vec<File>>);

/// A file.
#[derive(Clone, Debug)]
struct File {
    id: String,
    /// Where it was uploaded.
    endpoint: Endpoint,
    name: String,
    purpose: String,
    description: String,
    length: usize,
    /// What can be read back.
    content: Option<Arc<Spool>>,
    /// When it was uploaded, in emulated time.
    created: Duration,
}

impl File {
    /// How many bytes are kept of it.
    fn kept(&self) -> usize {
        self.content.as_ref().map_or(0, |_| self.length)
    }
}

/// The maximum number of files, the service's.
const MAX_FILES: usize = 10_000;

/// The maximum number of bytes that are kept.
const MAX_BYTES: usize = 128 << 20;

/// Whether files are at a path below an endpoint.
pub(crate) fn has(path: &str) -> bool {
    let rest = path.strip_prefix("/files");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Files {
    /// Keeps a file, unless there are too many or too large ones. The texts are inferred.
    fn add(&self, file: File) -> Result<(), Refusal> {
        let mut files = lock(&self.0);
        let bytes: usize = files.iter().map(File::kept).sum();
        if files.len() >= MAX_FILES {
            return Err(Refusal::parameter(format!(
                "The number of files should not be larger than {MAX_FILES}."
            )));
        }
        if bytes + file.kept() > MAX_BYTES {
            return Err(Refusal::parameter(format!(
                "The total size of files should not be larger than {MAX_BYTES} bytes."
            )));
        }
        files.push(file);
        Ok(())
    }

    /// Keeps a result of a batch, however many files there are: it ends in its own time, and no one
    /// could be told.
    pub(crate) fn add_result(
        &self,
        id: &str,
        endpoint: Endpoint,
        name: String,
        content: Arc<Spool>,
        created: Duration,
    ) {
        lock(&self.0).push(File {
            id: id.to_owned(),
            endpoint,
            name,
            // Inferred: it is OpenAI's word.
            purpose: "batch_output".to_owned(),
            description: String::new(),
            length: usize::try_from(content.length()).unwrap_or(usize::MAX),
            content: Some(content),
            created,
        });
    }

    /// The content of a file that was uploaded for a batch.
    pub(crate) fn content_of(
        &self,
        exchange: &Exchange<'_>,
        id: &str,
    ) -> Result<Arc<Spool>, Refusal> {
        let file = self.find(exchange, id)?;
        let content = file.content.filter(|_| file.purpose == "batch");
        content.ok_or_else(|| Refusal::parameter("The purpose of the input file must be batch."))
    }

    /// Forgets all files.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    fn find(&self, exchange: &Exchange<'_>, id: &str) -> Result<File, Refusal> {
        let files = lock(&self.0);
        let mut files = files.iter();
        let file = files.find(|file| file.id == id && file.endpoint == exchange.endpoint);
        file.cloned().ok_or_else(not_found)
    }

    fn remove(&self, exchange: &Exchange<'_>, id: &str) -> Result<(), Refusal> {
        let mut files = lock(&self.0);
        let place = files
            .iter()
            .position(|file| file.id == id && file.endpoint == exchange.endpoint);
        files.remove(place.ok_or_else(not_found)?);
        Ok(())
    }

    /// The files of an endpoint, the newest first, which is inferred.
    fn list(&self, exchange: &Exchange<'_>) -> Vec<File> {
        let files = lock(&self.0);
        let own = files
            .iter()
            .filter(|file| file.endpoint == exchange.endpoint);
        own.rev().cloned().collect()
    }
}

/// What the service says of a file that it does not have: a comment in `dashscope` 2.0.2 for its own
/// API, inferred for the other.
fn not_found() -> Refusal {
    Refusal::parameter("File not found.")
}

/// The fields of the form in a request. The text is inferred.
fn form<'a>(exchange: &Exchange<'a>) -> Result<Vec<Field<'a>>, Refusal> {
    let request = exchange.request;
    let content_type = request.header("content-type").unwrap_or_default();
    form::fields(content_type, &request.body)
        .ok_or_else(|| Refusal::parameter("The body must be multipart/form-data."))
}

/// The text of a form's field.
fn text<'a>(fields: &[Field<'a>], name: &str) -> Option<&'a str> {
    let field = fields.iter().find(|field| field.name == name)?;
    std::str::from_utf8(field.content).ok()
}
