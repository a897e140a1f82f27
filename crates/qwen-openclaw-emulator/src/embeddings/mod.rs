//! Embeddings of texts, images and videos.

mod bag;
mod gzip;
mod lines;
mod material;
mod models;
mod multimodal;
mod text;
mod vector;

pub(crate) use self::{
    bag::Bag,
    lines::Lines,
    material::{Limits, Material, digest},
    multimodal::answer as multimodal,
    text::{native, open_ai},
};

/// The path of embeddings of texts, below DashScope's own API.
pub(crate) const TEXT_PATH: &str = "/services/embeddings/text-embedding/text-embedding";

/// The path of embeddings of texts, images and videos, below DashScope's own API.
pub(crate) const MEDIA_PATH: &str =
    "/services/embeddings/multimodal-embedding/multimodal-embedding";

/// Whether an upload can be for a model: one that takes images, videos or the lines of a file.
pub(crate) fn takes_uploads(model: &str) -> bool {
    models::find_media(model).is_some() || reads_uploads(model)
}

/// Whether the content of an upload for a model matters, and not only what it looks like.
pub(crate) fn reads_uploads(model: &str) -> bool {
    models::find_batch(model).is_some()
}
