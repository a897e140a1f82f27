//! What is asked of a text model, and how it is written.

use std::num::NonZeroUsize;

use qwen_openclaw_catalog::embedding;
use serde::Serialize;

/// How many requests are under way at once unless set otherwise.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// How texts are to be embedded. The texts themselves are given to [`Client::embed`] or
/// [`Client::stream`].
///
/// [`Client::embed`]: crate::Client::embed
/// [`Client::stream`]: crate::Client::stream
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct EmbeddingRequest {
    pub(crate) model: String,
    pub(crate) dimensions: Option<u32>,
    text_type: Option<TextType>,
    instruction: Option<String>,
    encoding: Option<Encoding>,
    batch_size: Option<NonZeroUsize>,
    pub(crate) concurrency: NonZeroUsize,
}

/// What a text is for. Models that know it place questions near the documents that answer them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TextType {
    /// A question that is searched with.
    Query,
    /// A document that is found.
    Document,
}

impl TextType {
    /// Returns the name that the service uses: `query` or `document`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Document => "document",
        }
    }
}

/// How the server is asked to write vectors. Both forms are understood, whichever is asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Encoding {
    /// Decimal numbers, which every server has.
    Float,
    /// The bytes of 32-bit floats, in base64: about half as long, and several times faster to read.
    Base64,
}

impl Encoding {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Base64 => "base64",
        }
    }
}

impl EmbeddingRequest {
    /// Creates a request for a text model, such as `text-embedding-v4`.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            dimensions: None,
            text_type: None,
            instruction: None,
            encoding: None,
            batch_size: None,
            concurrency: CONCURRENCY,
        }
    }

    /// Sets the model.
    pub fn model_id(mut self, id: impl Into<String>) -> Self {
        self.model = id.into();
        self
    }

    /// Sets the length of the vectors. The default is the model's.
    pub fn dimensions(mut self, dimensions: u32) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Says what the texts are for, which only the service itself understands. By default nothing is
    /// said, and the service assumes documents.
    pub fn text_type(mut self, text_type: TextType) -> Self {
        self.text_type = Some(text_type);
        self
    }

    /// Sets an instruction for the model, such as `Given a question, find code that answers it`, which
    /// only the service itself understands. The default is none.
    pub fn instruction(mut self, instruction: impl Into<String>) -> Self {
        self.instruction = Some(instruction.into());
        self
    }

    /// Sets how the server is asked to write vectors. The default is base64 for models that are
    /// documented to have it, and numbers for all others.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Sets how many texts a request holds at most. The default is the model's limit in the catalog,
    /// and 10 for a model that is not in it.
    pub fn batch_size(mut self, texts: NonZeroUsize) -> Self {
        self.batch_size = Some(texts);
        self
    }

    /// Sets how many requests are under way at once. The default is 4.
    pub fn concurrency(mut self, requests: NonZeroUsize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Returns the id of the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns how many texts a request holds at most.
    #[must_use]
    pub fn texts_per_request(&self) -> usize {
        self.batch_size.map_or_else(
            || {
                let known = embedding::find(&self.model).and_then(|model| model.max_inputs());
                known.unwrap_or(embedding::USUAL_INPUTS) as usize
            },
            NonZeroUsize::get,
        )
    }

    /// Whether only the native path has what is asked for.
    pub(crate) fn is_native(&self) -> bool {
        self.text_type.is_some() || self.instruction.is_some()
    }

    fn encoding_or_default(&self) -> Encoding {
        self.encoding.unwrap_or_else(|| {
            let known = embedding::find(&self.model);
            if known.is_some_and(|model| model.encodes_base64()) {
                Encoding::Base64
            } else {
                Encoding::Float
            }
        })
    }

    /// The body of the OpenAI-compatible path.
    pub(crate) fn compatible_body(&self, texts: &[String]) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Compatible {
            model: &self.model,
            input: texts,
            dimensions: self.dimensions,
            encoding_format: self.encoding_or_default().as_str(),
        })
    }

    /// The body of the native path.
    pub(crate) fn native_body(&self, texts: &[String]) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Native {
            model: &self.model,
            input: Input { texts },
            parameters: Parameters {
                dimension: self.dimensions,
                text_type: self.text_type.map(TextType::as_str),
                instruct: self.instruction.as_deref(),
            },
        })
    }
}

#[derive(Serialize)]
struct Compatible<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    encoding_format: &'a str,
}

#[derive(Serialize)]
struct Native<'a> {
    model: &'a str,
    input: Input<'a>,
    parameters: Parameters<'a>,
}

#[derive(Serialize)]
struct Input<'a> {
    texts: &'a [String],
}

#[derive(Serialize)]
struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    dimension: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instruct: Option<&'a str>,
}

/// Estimates the tokens of a text: one for four ASCII characters, and one for each other character.
#[must_use]
pub fn estimated_tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let others = text.chars().count() as u64 - ascii;
    ascii.div_ceil(4) + others
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: serde_json::Result<Vec<u8>>) -> String {
        String::from_utf8(body.unwrap()).unwrap()
    }

    #[test]
    fn bodies_have_what_was_set_and_nothing_else() {
        let texts = ["a".to_owned(), "b".to_owned()];
        let plain = EmbeddingRequest::new("text-embedding-v4");
        assert_eq!(
            text(plain.compatible_body(&texts)),
            r#"{"model":"text-embedding-v4","input":["a","b"],"encoding_format":"float"}"#
        );
        let short = plain.dimensions(64).encoding(Encoding::Base64);
        assert!(!short.is_native());
        assert_eq!(
            text(short.compatible_body(&texts)),
            r#"{"model":"text-embedding-v4","input":["a","b"],"dimensions":64,"encoding_format":"base64"}"#
        );
        let query = short.text_type(TextType::Query).instruction("find");
        assert!(query.is_native());
        assert_eq!(
            text(query.native_body(&texts)),
            r#"{"model":"text-embedding-v4","input":{"texts":["a","b"]},"parameters":{"dimension":64,"text_type":"query","instruct":"find"}}"#
        );
    }

    #[test]
    fn size_and_encoding_come_from_the_catalog() {
        let size = |model: &str| EmbeddingRequest::new(model).texts_per_request();
        assert_eq!(size("text-embedding-v4"), 10);
        assert_eq!(size("text-embedding-v1"), 25);
        assert_eq!(size("qwen3.7-text-embedding"), 20);
        assert_eq!(size("some-other"), 10);
        let request = EmbeddingRequest::new("qwen3.7-text-embedding");
        assert_eq!(request.encoding_or_default(), Encoding::Base64);
        let one = request.batch_size(NonZeroUsize::MIN);
        assert_eq!(one.texts_per_request(), 1);
    }

    #[test]
    fn tokens_are_estimated_by_script() {
        assert_eq!(estimated_tokens(""), 0);
        assert_eq!(estimated_tokens("abcde"), 2);
        assert_eq!(estimated_tokens("你好a"), 3);
    }
}
