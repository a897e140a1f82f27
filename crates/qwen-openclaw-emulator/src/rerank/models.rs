//! The reranking models and their limits, from the service's page on reranking.

/// A model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) id: &'static str,
    /// Whether it is found at `/reranks`.
    pub(super) flat: bool,
    /// Whether it takes images and videos beside texts.
    pub(super) media: bool,
    /// The maximum number of texts among the documents.
    pub(super) texts: usize,
    /// The number of tokens at which a text is cut.
    pub(super) item_tokens: usize,
    /// The maximum number of tokens in a request, the query counted with every document.
    pub(super) total_tokens: usize,
}

/// The maximum number of images among the documents.
pub(super) const MAX_IMAGES: usize = 40;

/// The maximum number of videos among the documents.
pub(super) const MAX_VIDEOS: usize = 4;

/// The SDK names `qwen3-rerank` for DashScope's own path too. The limits of `qwen3.7-text-rerank` are
/// inferred from it.
#[rustfmt::skip] // a table reads better with one model a line
static MODELS: &[Model] = &[
    Model { id: "qwen3.7-text-rerank", flat: false, media: false, texts: 500, item_tokens: 4_000, total_tokens: 120_000 },
    Model { id: "qwen3-rerank", flat: true, media: false, texts: 500, item_tokens: 4_000, total_tokens: 120_000 },
    Model { id: "qwen3-vl-rerank", flat: false, media: true, texts: 100, item_tokens: 8_000, total_tokens: 120_000 },
    Model { id: "gte-rerank-v2", flat: false, media: false, texts: 500, item_tokens: 4_000, total_tokens: 30_000 },
];

pub(super) fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}
