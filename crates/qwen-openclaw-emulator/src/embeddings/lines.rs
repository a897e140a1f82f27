//! The embedding of a file's lines, which a task does.
//!
//! Inferred: what a line of the result looks like (as an embedding in a reply does), that a file of
//! another type fails the task and not the request, and that long lines are cut.

use std::{fmt::Write as _, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    bag::Bag,
    gzip,
    models::{self, TextModel},
    text::{self, space},
    vector::vector,
};
use crate::{
    chat::tokens,
    fields::{self, Fields},
    refusal::Refusal,
    route::Exchange,
    video::{self, Books},
};

/// The lines of a file, and the model for them.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    /// The id as it was written.
    id: String,
    model: &'static TextModel,
    lines: Arc<[String]>,
    is_text: bool,
}

/// The maximum number of lines. The service takes 100,000; the emulator makes a result in memory.
const MAX_LINES: usize = 2_000;

impl Lines {
    /// Checks the body of a request.
    ///
    /// The lines are those of an upload. A file that is elsewhere is not fetched, and counts as a
    /// single line, its URL.
    pub(crate) fn read(
        exchange: &Exchange<'_>,
        books: &Books,
        body: &Value,
    ) -> Result<Self, Refusal> {
        let fields = Fields::of(body);
        let id = fields.model()?;
        let model = models::find_batch(id).ok_or_else(|| not_a_task(exchange, id))?;
        let kinds = ["query", "document"];
        fields.parameters()?.choice("text_type", &kinds)?;
        let url = fields.input()?.text("url")?;
        let url = url.ok_or_else(|| fields::missing("url", "BadRequest.EmptyInput"))?;
        let content = match url.strip_prefix("oss://") {
            Some(key) => {
                let file = books.upload(key, exchange, id)?;
                String::from_utf8_lossy(&file.content).into_owned()
            }
            None if ["http://", "https://"]
                .iter()
                .any(|start| url.strip_prefix(start).is_some_and(|host| !host.is_empty())) =>
            {
                url.to_owned()
            }
            None => return Err(video::not_valid()),
        };
        let lines: Arc<[String]> = content
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| tokens::cut(line, model.tokens).0.to_owned())
            .collect();
        if !(1..=MAX_LINES).contains(&lines.len()) {
            return Err(Refusal::parameter(format!(
                "Range of lines should be [1, {MAX_LINES}]"
            )));
        }
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let extension = path.rsplit_once('.').map(|(_, extension)| extension);
        Ok(Self {
            id: id.to_owned(),
            model,
            lines,
            is_text: extension.is_some_and(|extension| extension.eq_ignore_ascii_case("txt")),
        })
    }

    pub(crate) fn model(&self) -> &str {
        &self.id
    }

    /// The code and the message with which the task fails, if it does.
    pub(crate) fn failure(&self) -> Option<(&'static str, &'static str)> {
        let failure = ("InvalidFile.TypeNotTxt", "The file must be a .txt file.");
        (!self.is_text).then_some(failure)
    }

    /// The `usage` of the finished task.
    pub(crate) fn usage(&self) -> Value {
        let tokens: usize = self.lines.iter().map(|line| tokens::count(line)).sum();
        json!({"total_tokens": tokens})
    }

    /// The result: a gzip file with an object for each line.
    pub(crate) fn file(&self) -> Bytes {
        let dimension = self.model.dimensions.first().copied().unwrap_or_default();
        let mut rows = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            let vector = vector(&Bag::of_text(line), space(self.model.id), dimension);
            // Writing to a String cannot fail.
            let _ = writeln!(
                rows,
                r#"{{"text_index":{index},"embedding":{}}}"#,
                text::json(&vector)
            );
        }
        gzip::pack(rows.as_bytes()).into()
    }
}

/// What a request for a task with a model that has none is told.
fn not_a_task(exchange: &Exchange<'_>, id: &str) -> Refusal {
    if models::find_text(id).is_none() {
        return Refusal::unknown_model(exchange.endpoint, id);
    }
    // Inferred from what a request without a task is told.
    Refusal::coded(
        403,
        "AccessDenied",
        "current user api does not support asynchronous calls",
    )
}
