//! The embedding models: what a request may hold, where it goes, and what it costs.
//!
//! Requests need a Standard key; see [`aigc_origin_for`](crate::aigc_origin_for) for the host of the
//! native paths.
//!
//! Source: help.aliyun.com model-studio, pages "embedding-interfaces-compatible-with-openai",
//! "text-embedding-synchronous-api" and "multimodal-embedding-api-reference", as of 2026-10; prices
//! from "model-pricing", as of 2026-05-27. What those pages do not say is `None`, or an empty list.
//!
//! ```
//! use qwen_openclaw_catalog::{classify, embedding};
//!
//! let model = embedding::find("text-embedding-v4").expect("it is in the catalog");
//! assert_eq!(model.default_dimensions(), Some(1_024));
//! assert_eq!(model.max_inputs(), Some(10));
//!
//! let china = classify("https://dashscope.aliyuncs.com/compatible-mode/v1");
//! let tokens = embedding::Tokens { text: 2_000_000, media: 0 };
//! let charge = embedding::charge(china, model.id(), tokens).expect("the price is known");
//! assert_eq!(charge.cost.to_string(), "CNY 1.00");
//! ```

mod models;
mod price;

use serde::Serialize;

pub use self::price::{EmbeddingPrice, Tokens, charge, price};
pub(crate) use self::price::{Rates, cny, standard_region};

/// The id of the default model.
pub const DEFAULT_MODEL: &str = "text-embedding-v4";

/// How many texts a request holds for a model whose limit is not known: the smallest known limit.
pub const USUAL_INPUTS: u32 = 10;

/// What a model embeds, which decides the path of its requests.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Input {
    /// Texts, on the OpenAI-compatible path or the native one.
    Text,
    /// Texts, images and videos, on the native path.
    Multimodal,
}

/// How a multimodal model makes one vector of several contents.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Fusion {
    /// It does not.
    Never,
    /// Of all contents of a request, when asked to.
    OnRequest,
    /// Of the parts of one content.
    WithinContent,
    /// Of all contents of a request, always.
    Always,
}

/// An embedding model.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct EmbeddingModel {
    id: &'static str,
    input: Input,
    dimensions: &'static [u32],
    max_inputs: Option<u32>,
    max_tokens: Option<u32>,
    max_images: Option<u32>,
    max_image_bytes: Option<u64>,
    max_videos: Option<u32>,
    max_video_bytes: Option<u64>,
    fusion: Fusion,
    base64: bool,
    #[serde(skip)]
    rates: Option<Rates>,
}

impl EmbeddingModel {
    /// Returns the id.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Returns what it embeds.
    #[must_use]
    pub const fn input(&self) -> Input {
        self.input
    }

    /// Returns the possible lengths of its vectors, the default first; empty if unknown.
    #[must_use]
    pub const fn dimensions(&self) -> &'static [u32] {
        self.dimensions
    }

    /// Returns the length of its vectors unless another is asked for.
    #[must_use]
    pub fn default_dimensions(&self) -> Option<u32> {
        self.dimensions.first().copied()
    }

    /// Returns how many texts or contents a request may hold.
    #[must_use]
    pub const fn max_inputs(&self) -> Option<u32> {
        self.max_inputs
    }

    /// Returns the maximum length of a text in tokens.
    #[must_use]
    pub const fn max_tokens(&self) -> Option<u32> {
        self.max_tokens
    }

    /// Returns how many images a request may hold.
    #[must_use]
    pub const fn max_images(&self) -> Option<u32> {
        self.max_images
    }

    /// Returns the maximum size of an image in bytes.
    #[must_use]
    pub const fn max_image_bytes(&self) -> Option<u64> {
        self.max_image_bytes
    }

    /// Returns how many videos a request may hold.
    #[must_use]
    pub const fn max_videos(&self) -> Option<u32> {
        self.max_videos
    }

    /// Returns the maximum size of a video in bytes.
    #[must_use]
    pub const fn max_video_bytes(&self) -> Option<u64> {
        self.max_video_bytes
    }

    /// Returns how it makes one vector of several contents.
    #[must_use]
    pub const fn fusion(&self) -> Fusion {
        self.fusion
    }

    /// Returns whether it is documented to answer in base64, which is shorter than numbers and faster
    /// to read.
    #[must_use]
    pub const fn encodes_base64(&self) -> bool {
        self.base64
    }
}

/// Returns every embedding model.
#[must_use]
pub const fn models() -> &'static [EmbeddingModel] {
    models::ALL
}

/// Finds a model by its exact id, ignoring case.
#[must_use]
pub fn find(id: &str) -> Option<&'static EmbeddingModel> {
    let id = id.trim();
    models()
        .iter()
        .find(|model| model.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_the_default_is_one_of_them() {
        let ids: HashSet<_> = models().iter().map(EmbeddingModel::id).collect();
        assert_eq!(ids.len(), models().len());
        assert!(find(DEFAULT_MODEL).is_some());
        assert_eq!(find(" Text-Embedding-V4 "), find("text-embedding-v4"));
        assert_eq!(find("text-embedding-v9"), None);
    }

    #[test]
    fn the_smallest_known_limit_is_the_usual_one() {
        let texts = models().iter().filter(|model| model.input == Input::Text);
        let smallest = texts.filter_map(EmbeddingModel::max_inputs).min();
        assert_eq!(smallest, Some(USUAL_INPUTS));
    }

    #[test]
    fn dimensions_are_distinct() {
        for model in models() {
            let distinct: HashSet<_> = model.dimensions.iter().collect();
            assert_eq!(distinct.len(), model.dimensions.len(), "{}", model.id);
        }
        assert_eq!(find("text-embedding-v3").unwrap().dimensions().len(), 6);
        let unknown = find("qwen3.7-text-embedding").unwrap();
        assert_eq!(unknown.default_dimensions(), None);
    }
}
