//! What the server answers, and whether it is what was asked for.

use qwen_openclaw_client::Connection;
use qwen_openclaw_http::{BufferedResponse, Error as HttpError, ServerError, json};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Error, Usage, vector::Vector};

/// The vectors of texts, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings {
    pub(crate) vectors: Vec<Vec<f32>>,
    pub(crate) usage: Usage,
    pub(crate) request_id: Option<Box<str>>,
    pub(crate) attempts: u32,
}

impl Embeddings {
    /// Returns the vectors.
    #[must_use]
    pub fn vectors(&self) -> &[Vec<f32>] {
        &self.vectors
    }

    /// Returns the vectors.
    #[must_use]
    pub fn into_vectors(self) -> Vec<Vec<f32>> {
        self.vectors
    }

    /// Returns what all requests used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Returns the id of the last request, for the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns how many requests were sent, including retries.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// The vectors of contents, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContentEmbeddings {
    embeddings: Vec<ContentEmbedding>,
    usage: Usage,
    request_id: Option<Box<str>>,
    attempts: u32,
}

impl ContentEmbeddings {
    /// Returns the vectors: one for each content, or one for all of them.
    #[must_use]
    pub fn embeddings(&self) -> &[ContentEmbedding] {
        &self.embeddings
    }

    /// Returns what the request used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Returns the request id, for the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns how many requests were sent, including retries.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// The vector of a content, or of several.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ContentEmbedding {
    /// What it is the vector of; `None` if the server does not say.
    pub kind: Option<ContentKind>,
    /// The vector.
    pub vector: Vec<f32>,
}

/// What a vector is made of, in the server's words.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ContentKind {
    /// A text.
    Text,
    /// An image.
    Image,
    /// A video.
    Video,
    /// Several images.
    Images,
    /// Several contents: `fused`, `fusion` or `vl`, by model.
    Fused,
    /// Something this version does not know, as the server spelled it.
    Other(Box<str>),
}

impl From<&str> for ContentKind {
    fn from(wire: &str) -> Self {
        match wire {
            "text" => Self::Text,
            "image" => Self::Image,
            "video" => Self::Video,
            "multi_images" => Self::Images,
            "fused" | "fusion" | "vl" => Self::Fused,
            other => Self::Other(other.into()),
        }
    }
}

/// Documents in order of their relevance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reranking {
    results: Vec<Ranked>,
    usage: Usage,
    request_id: Option<Box<str>>,
    attempts: u32,
}

impl Reranking {
    /// Returns the results, the best first.
    #[must_use]
    pub fn results(&self) -> &[Ranked] {
        &self.results
    }

    /// Returns what the request used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Returns the request id, for the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns how many requests were sent, including retries.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// A document and how well it answers the query.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ranked {
    /// The position of the document in the request.
    pub index: usize,
    /// The relevance, usually 0 to 1. Scores compare within one request only.
    pub score: f64,
}

/// The body of any of the services.
#[derive(Deserialize)]
struct Body<'a> {
    data: Option<Vec<Item<'a>>>,
    results: Option<Vec<Score>>,
    #[serde(borrow)]
    output: Option<Output<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    request_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    embeddings: Option<Vec<Item<'a>>>,
    results: Option<Vec<Score>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    index: Option<u64>,
    /// The name on the native path.
    text_index: Option<u64>,
    embedding: Vector,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Score {
    index: u64,
    relevance_score: f64,
}

impl<'a> Body<'a> {
    fn read(answer: &'a BufferedResponse, connection: &Connection) -> Result<Self, Error> {
        let body = serde_json::from_slice::<Self>(answer.json());
        match body {
            Ok(body) if body.has_answer() => Ok(body),
            // Some gateways report errors with a status that says all is well.
            Ok(_) => Err(match ServerError::parse(answer.json()) {
                Some(server) => connection.reported(HttpError::from_stream(server)).into(),
                None => Error::protocol("the server's answer has no results"),
            }),
            Err(error) => Err(Error::protocol(
                "the server's answer is not the JSON that was asked for",
            )
            .with_source(error)),
        }
    }

    fn has_answer(&self) -> bool {
        let output = self.output.as_ref();
        self.data.is_some()
            || self.results.is_some()
            || output.is_some_and(|output| output.embeddings.is_some() || output.results.is_some())
    }

    fn usage(&self) -> Usage {
        self.usage
            .map(|usage| Usage::read(usage.get()))
            .unwrap_or_default()
    }

    fn request_id(&self, answer: &BufferedResponse) -> Option<Box<str>> {
        let own = || {
            let id = self.request_id.or(self.id)?;
            let id = answer.secrets().clean(&json::text(id.get())?)?;
            Some(String::from(id).into_boxed_str())
        };
        answer.request_id().or_else(own)
    }

    fn items(&mut self) -> Vec<Item<'a>> {
        let native = || self.output.as_mut()?.embeddings.take();
        self.data.take().or_else(native).unwrap_or_default()
    }
}

/// Reads the vectors of `texts` texts.
pub(crate) fn embeddings(
    answer: &BufferedResponse,
    connection: &Connection,
    texts: usize,
    dimensions: Option<u32>,
    attempts: u32,
) -> Result<Embeddings, Error> {
    let mut body = Body::read(answer, connection)?;
    let in_order = in_order(body.items(), texts, dimensions)?;
    Ok(Embeddings {
        vectors: in_order.into_iter().map(|found| found.vector).collect(),
        usage: body.usage(),
        request_id: body.request_id(answer),
        attempts,
    })
}

/// Reads the vectors of a multimodal request.
pub(crate) fn contents(
    answer: &BufferedResponse,
    connection: &Connection,
    vectors: usize,
    dimensions: Option<u32>,
    attempts: u32,
) -> Result<ContentEmbeddings, Error> {
    let mut body = Body::read(answer, connection)?;
    Ok(ContentEmbeddings {
        embeddings: in_order(body.items(), vectors, dimensions)?,
        usage: body.usage(),
        request_id: body.request_id(answer),
        attempts,
    })
}

/// Puts `count` vectors in order. Each must be there once, be of the same length or the one asked for,
/// and hold numbers only.
fn in_order(
    items: Vec<Item<'_>>,
    count: usize,
    dimensions: Option<u32>,
) -> Result<Vec<ContentEmbedding>, Error> {
    if items.len() != count {
        let found = items.len();
        return Err(Error::protocol(format!(
            "the server returned {found} vectors instead of {count}"
        )));
    }
    let first = items.first().map_or(0, |item| item.embedding.0.len());
    let length = dimensions.map_or(first, |dimensions| dimensions as usize);
    let mut placed: Vec<Option<ContentEmbedding>> = Vec::new();
    placed.resize_with(count, || None);
    for (position, item) in items.into_iter().enumerate() {
        let index = item.index.or(item.text_index).unwrap_or(position as u64);
        let vector = item.embedding.0;
        if vector.len() != length || length == 0 {
            let numbers = vector.len();
            return Err(Error::protocol(format!(
                "the server's vector at index {index} has {numbers} numbers instead of {length}"
            )));
        }
        if !vector.iter().all(|number| number.is_finite()) {
            return Err(Error::protocol(format!(
                "the server's vector at index {index} has a number that is not finite"
            )));
        }
        let kind = item.kind.and_then(|kind| json::text(kind.get()));
        let kind = kind.map(|kind| ContentKind::from(&*kind));
        place(&mut placed, index, ContentEmbedding { kind, vector })?;
    }
    // As many were placed as there are places, and none twice.
    Ok(placed.into_iter().flatten().collect())
}

/// Puts `value` at `index`, which must be there and empty. Returns the index.
fn place<T>(places: &mut [Option<T>], index: u64, value: T) -> Result<usize, Error> {
    let position = usize::try_from(index).unwrap_or(usize::MAX);
    match places.get_mut(position) {
        Some(place @ None) => {
            *place = Some(value);
            Ok(position)
        }
        Some(Some(_)) => Err(Error::protocol(format!(
            "the server returned index {index} twice"
        ))),
        None => Err(Error::protocol(format!(
            "the server returned index {index}, which was not asked for"
        ))),
    }
}

/// Reads the results of a rerank request: `expected` of `documents`.
pub(crate) fn reranking(
    answer: &BufferedResponse,
    connection: &Connection,
    documents: usize,
    expected: usize,
    attempts: u32,
) -> Result<Reranking, Error> {
    let mut body = Body::read(answer, connection)?;
    let native = body
        .output
        .as_mut()
        .and_then(|output| output.results.take());
    let scores = body.results.take().or(native).unwrap_or_default();
    if scores.len() != expected {
        let found = scores.len();
        return Err(Error::protocol(format!(
            "the server returned {found} results instead of {expected}"
        )));
    }
    let mut seen = vec![None; documents];
    let mut results = Vec::with_capacity(scores.len());
    for result in scores {
        results.push(Ranked {
            index: place(&mut seen, result.index, ())?,
            score: result.relevance_score,
        });
    }
    results.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(Reranking {
        results,
        usage: body.usage(),
        request_id: body.request_id(answer),
        attempts,
    })
}
