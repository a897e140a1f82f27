//! A request to rerank, and what the service rejects in it.

use serde_json::{Value, json};

use super::models::{MAX_IMAGES, MAX_VIDEOS, Model};
use crate::{
    chat::tokens,
    embeddings::{Bag, Limits, Material},
    fields::{self, Fields},
    refusal::Refusal,
    route::Exchange,
};

/// A valid request.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) query: Subject,
    pub(super) documents: Vec<Subject>,
    pub(super) top_n: usize,
    pub(super) returns_documents: bool,
    /// The tokens of the documents and, for each of them, of the query.
    pub(super) tokens: usize,
    exchange: &'a Exchange<'a>,
    model: &'static Model,
}

/// A query or a document.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) bag: Bag,
    pub(super) tokens: usize,
    /// What is returned of it.
    pub(super) shown: Value,
}

/// What a subject is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Text,
    Image,
    Video,
}

/// The sizes of files are those of the embedding model of the same family, which is inferred.
const IMAGE_MB: usize = 5;
const VIDEO_MB: usize = 50;

impl<'a> Order<'a> {
    /// Checks the query and the documents in `input`, and the `parameters`.
    ///
    /// `instruct` has no effect. The texts of all refusals here are inferred.
    pub(super) fn read(
        exchange: &'a Exchange<'a>,
        model: &'static Model,
        input: Fields<'_>,
        parameters: Fields<'_>,
    ) -> Result<Self, Refusal> {
        let top_n = parameters.positive("top_n")?.unwrap_or(usize::MAX);
        let returns_documents = parameters.flag("return_documents")?.unwrap_or_default();
        parameters.text("instruct")?;
        parameters.share("fps")?;
        let query = input.get("query");
        let query = query.ok_or_else(|| fields::missing("query", "BadRequest.EmptyInput"))?;
        let documents = input.get("documents").and_then(Value::as_array);
        let documents = documents
            .filter(|documents| !documents.is_empty())
            .ok_or_else(|| fields::missing("documents", "BadRequest.EmptyInput"))?;
        let (_, query) = Subject::read(exchange, model, query, "query")?;
        let mut order = Self {
            query,
            documents: Vec::with_capacity(documents.len().min(model.texts)),
            top_n,
            returns_documents,
            tokens: 0,
            exchange,
            model,
        };
        order.documents(documents)?;
        Ok(order)
    }

    fn documents(&mut self, documents: &[Value]) -> Result<(), Refusal> {
        let (mut texts, mut images, mut videos) = (0, 0, 0);
        for document in documents {
            let (kind, subject) = Subject::read(self.exchange, self.model, document, "documents")?;
            let (count, most, what) = match kind {
                Kind::Text => (&mut texts, self.model.texts, "documents"),
                Kind::Image => (&mut images, MAX_IMAGES, "images"),
                Kind::Video => (&mut videos, MAX_VIDEOS, "videos"),
            };
            *count += 1;
            if *count > most {
                return Err(Refusal::parameter(format!(
                    "The number of {what} should not be larger than {most}"
                )));
            }
            self.tokens += self.query.tokens + subject.tokens;
            self.documents.push(subject);
        }
        let most = self.model.total_tokens;
        if self.tokens > most {
            return Err(Refusal::algo(format!(
                "Range of input length should be [1, {most}]"
            )));
        }
        Ok(())
    }
}

impl Subject {
    /// Reads a text, an object with one, or an object with the URL of an image or a video. Long texts
    /// are cut.
    fn read(
        exchange: &Exchange<'_>,
        model: &Model,
        value: &Value,
        name: &str,
    ) -> Result<(Kind, Self), Refusal> {
        let fields = Fields::of(value);
        let text = match value {
            Value::String(text) => Some(&**text),
            _ => fields.text("text")?,
        };
        if let Some(text) = text {
            if text.is_empty() {
                return Err(Refusal::parameter(format!("{name} must not be empty")));
            }
            let (text, tokens) = tokens::cut(text, model.item_tokens);
            let bag = Bag::of_text(text);
            // What was cut off is not returned either, which is inferred.
            let shown = json!({"text": text});
            return Ok((Kind::Text, Self { bag, tokens, shown }));
        }
        let limits = |size| Limits {
            model: model.id,
            size,
        };
        let (kind, material) = match (fields.text("image")?, fields.text("video")?) {
            (Some(url), _) if model.media => (
                Kind::Image,
                Material::image(exchange, limits(IMAGE_MB), url)?,
            ),
            (None, Some(url)) if model.media => (
                Kind::Video,
                Material::video(exchange, limits(VIDEO_MB), url)?,
            ),
            _ => return Err(Refusal::parameter(format!("{name} must have text"))),
        };
        let Material { bag, tokens } = material;
        let shown = value.clone();
        Ok((kind, Self { bag, tokens, shown }))
    }
}
