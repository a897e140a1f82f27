//! Writes the file of a batch, line by line.

use std::io::Write;

use qwen_openclaw_catalog::batch;
use serde::Serialize;
use serde_json::Value;

use crate::{Error, ErrorKind, check::Checker};

/// Writes requests as the lines of a batch's file, each of them checked first.
///
/// ```
/// use qwen_openclaw_batch::{BatchWriter, CHAT};
/// use serde_json::json;
///
/// let mut file = Vec::new();
/// let mut writer = BatchWriter::new(&mut file, CHAT, "qwen3.5-flash");
/// for (number, city) in ["Oslo", "Lima"].iter().enumerate() {
///     let body = json!({"messages": [{"role": "user", "content": format!("Where is {city}?")}]});
///     writer.line(&number.to_string(), body)?;
/// }
/// assert_eq!(writer.finish()?, 2);
/// # Ok::<(), qwen_openclaw_batch::Error>(())
/// ```
pub struct BatchWriter<W> {
    out: W,
    endpoint: String,
    model: String,
    checker: Checker,
    bytes: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    custom_id: &'a str,
    method: &'static str,
    url: &'a str,
    body: &'a Value,
}

impl<W: Write> BatchWriter<W> {
    /// Creates a writer of requests to one model at one endpoint, such as [`CHAT`](crate::CHAT).
    pub fn new(out: W, endpoint: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            out,
            endpoint: endpoint.into(),
            model: model.into(),
            checker: Checker::new(),
            bytes: 0,
        }
    }

    /// Writes a request with the body that it would have on its own. The model is filled in.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) if the line fails a check, such as when `custom_id`
    /// was used before or the file would be too large: nothing is written then.
    /// [`Storage`](ErrorKind::Storage) if it cannot be written.
    pub fn line(&mut self, custom_id: &str, mut body: Value) -> Result<(), Error> {
        let fields = body
            .as_object_mut()
            .ok_or_else(|| Error::refused("the body of a request must be an object"))?;
        fields
            .entry("model")
            .or_insert_with(|| self.model.clone().into());
        let line = Line {
            custom_id,
            method: "POST",
            url: &self.endpoint,
            body: &body,
        };
        let mut line = serde_json::to_vec(&line).map_err(|error| {
            Error::refused("the request cannot be written as JSON").with_source(error)
        })?;
        self.checker.line(&line)?;
        line.push(b'\n');
        let bytes = self.bytes + line.len() as u64;
        if bytes > batch::MAX_FILE_BYTES {
            let most = batch::MAX_FILE_BYTES >> 20;
            return Err(Error::refused(format!(
                "the file would be larger than {most} MB"
            )));
        }
        self.out.write_all(&line).map_err(unwritten)?;
        self.bytes = bytes;
        Ok(())
    }

    /// Flushes what was written, and returns the number of lines.
    ///
    /// # Errors
    ///
    /// [`Storage`](ErrorKind::Storage) if it cannot be written.
    pub fn finish(mut self) -> Result<u64, Error> {
        self.out.flush().map_err(unwritten)?;
        Ok(self.checker.lines())
    }
}

impl<W> std::fmt::Debug for BatchWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchWriter")
            .field("endpoint", &self.endpoint)
            .field("model", &self.model)
            .field("lines", &self.checker.lines())
            .finish_non_exhaustive()
    }
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Storage, "could not write the file").with_source(error)
}
