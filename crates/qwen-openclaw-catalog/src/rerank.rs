//! The rerank models: what a request may hold, where it goes, and what it costs.
//!
//! Requests need a Standard key. A document that is too long is cut by the service, not refused, and
//! scores compare only within one request.
//!
//! Source: help.aliyun.com model-studio, page "text-rerank-api", as of 2026-10; prices from
//! "model-pricing", as of 2026-05-27. What those pages do not say is `None`.
//!
//! ```
//! use qwen_openclaw_catalog::rerank::{self, Api};
//!
//! assert_eq!(rerank::api(rerank::DEFAULT_MODEL), Api::Compatible);
//! assert_eq!(rerank::find("qwen3-vl-rerank").and_then(|model| model.max_images()), Some(40));
//! ```

use serde::Serialize;

use crate::{
    classify::Classification,
    embedding::{EmbeddingPrice, Rates, Tokens, cny, standard_region},
    plan::Region,
    price::Charge,
};

/// The id of the default model.
pub const DEFAULT_MODEL: &str = ALL[0].id;

/// The form of a model's requests, and their path.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Api {
    /// `/compatible-api/v1/reranks`, with everything at the top of the body.
    Compatible,
    /// The native path, with `input` and `parameters`.
    Native,
}

/// A rerank model.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RerankModel {
    id: &'static str,
    api: Api,
    max_documents: Option<u32>,
    max_tokens: Option<u32>,
    max_request_tokens: Option<u32>,
    max_images: Option<u32>,
    max_videos: Option<u32>,
    #[serde(skip)]
    rates: Option<Rates>,
}

impl RerankModel {
    /// Returns the id.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the form of its requests.
    #[must_use]
    pub const fn api(&self) -> Api {
        self.api
    }

    /// Returns how many texts a request may rank.
    #[must_use]
    pub const fn max_documents(&self) -> Option<u32> {
        self.max_documents
    }

    /// Returns the maximum length of the query and of each document in tokens. What is longer is cut by
    /// the service.
    #[must_use]
    pub const fn max_tokens(&self) -> Option<u32> {
        self.max_tokens
    }

    /// Returns the limit of a request in tokens, where the query counts once for each document.
    #[must_use]
    pub const fn max_request_tokens(&self) -> Option<u32> {
        self.max_request_tokens
    }

    /// Returns how many images a request may rank; `None` for a model that takes texts only.
    #[must_use]
    pub const fn max_images(&self) -> Option<u32> {
        self.max_images
    }

    /// Returns how many videos a request may rank; `None` for a model that takes texts only.
    #[must_use]
    pub const fn max_videos(&self) -> Option<u32> {
        self.max_videos
    }
}

/// Returns every rerank model.
#[must_use]
pub const fn models() -> &'static [RerankModel] {
    ALL
}

/// Finds a model by its exact id, ignoring case.
#[must_use]
pub fn find(id: &str) -> Option<&'static RerankModel> {
    let id = id.trim();
    models()
        .iter()
        .find(|model| model.id.eq_ignore_ascii_case(id))
}

/// Returns the form of a model's requests; that of most, the native one, for an unknown id.
#[must_use]
pub fn api(id: &str) -> Api {
    find(id).map_or(Api::Native, RerankModel::api)
}

/// Returns the price list of a rerank model in a region, if it is known.
#[must_use]
pub fn price(model: &str, region: Region) -> Option<EmbeddingPrice> {
    find(model)?.rates?.on(region)
}

/// Returns what a request costs at list price on a classified base URL, and as of when.
///
/// `None` if the price is not known; it is known for Standard endpoints only.
#[must_use]
pub fn charge(class: Classification, model: &str, tokens: u64) -> Option<Charge> {
    let tokens = Tokens {
        text: tokens,
        media: 0,
    };
    price(model, standard_region(class)?)?.charge(tokens)
}

const ALL: &[RerankModel] = &[
    RerankModel {
        api: Api::Compatible,
        rates: Some(cny(0.5)),
        ..text("qwen3-rerank")
    },
    text("qwen3.7-text-rerank"),
    RerankModel {
        max_request_tokens: Some(30_000),
        rates: Some(cny(0.8)),
        ..text("gte-rerank-v2")
    },
    RerankModel {
        max_documents: Some(100),
        max_tokens: Some(8_000),
        max_images: Some(40),
        max_videos: Some(4),
        ..text("qwen3-vl-rerank")
    },
];

const fn text(id: &'static str) -> RerankModel {
    RerankModel {
        id,
        api: Api::Native,
        max_documents: Some(500),
        max_tokens: Some(4_000),
        max_request_tokens: Some(120_000),
        max_images: None,
        max_videos: None,
        rates: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{classify::classify, endpoint::Endpoint};

    #[test]
    fn only_one_has_the_compatible_path() {
        let compatible = models().iter().filter(|model| model.api == Api::Compatible);
        let ids: Vec<_> = compatible.map(RerankModel::id).collect();
        assert_eq!(ids, [DEFAULT_MODEL]);
        assert_eq!(api("gte-rerank-v2"), Api::Native);
        assert_eq!(api("some-other"), Api::Native);
    }

    #[test]
    fn a_request_is_billed_by_its_tokens() {
        let china = classify(Endpoint::StandardChina.base_url());
        let cost = |model| charge(china, model, 1_000_000).map(|charge| charge.cost.to_string());
        assert_eq!(cost("qwen3-rerank").as_deref(), Some("CNY 0.50"));
        assert_eq!(cost("gte-rerank-v2").as_deref(), Some("CNY 0.80"));
        assert_eq!(cost("qwen3-vl-rerank"), None);
        let global = classify(Endpoint::StandardGlobal.base_url());
        assert_eq!(charge(global, "qwen3-rerank", 1), None);
    }
}
