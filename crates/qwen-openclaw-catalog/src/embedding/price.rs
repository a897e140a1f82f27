//! What embeddings cost.

use serde::Serialize;

use super::find;
use crate::{
    classify::Classification,
    plan::{Plan, Region},
    price::{CHINA, Charge, Cost, Currency, Rate},
};

/// The price of embeddings in one region.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EmbeddingPrice {
    /// The currency of every figure.
    pub currency: Currency,
    /// The price of a million tokens of text.
    pub text: Rate,
    /// The price of a million tokens of images and videos, for a model that takes them.
    pub media: Option<Rate>,
    /// Where the figures come from.
    pub source: &'static str,
    /// The date of the figures, as `YYYY-MM-DD`.
    pub as_of: &'static str,
}

/// The tokens that a request is billed for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tokens {
    /// Tokens of text.
    pub text: u64,
    /// Tokens of images and videos.
    pub media: u64,
}

/// The figures of a model for mainland China; those of other regions are not known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Rates {
    text: Rate,
    media: Option<Rate>,
}

pub(crate) const fn cny(text: f64) -> Rates {
    Rates {
        text: Rate::of(text),
        media: None,
    }
}

pub(crate) const fn cny_with_media(text: f64, media: f64) -> Rates {
    Rates {
        text: Rate::of(text),
        media: Some(Rate::of(media)),
    }
}

impl Rates {
    /// Returns the price list of a region, if it is known.
    pub(crate) fn on(self, region: Region) -> Option<EmbeddingPrice> {
        (region == Region::China).then_some(EmbeddingPrice {
            currency: CHINA.currency,
            text: self.text,
            media: self.media,
            source: CHINA.source,
            as_of: CHINA.as_of,
        })
    }
}

impl EmbeddingPrice {
    /// Returns the cost of a request; `None` when the price of its images is not known.
    #[must_use]
    pub fn cost(&self, tokens: Tokens) -> Option<Cost> {
        let text = Cost::zero(self.currency).plus(self.text, tokens.text);
        match tokens.media {
            0 => Some(text),
            media => Some(text.plus(self.media?, media)),
        }
    }

    pub(crate) fn charge(&self, tokens: Tokens) -> Option<Charge> {
        Some(Charge {
            cost: self.cost(tokens)?,
            as_of: self.as_of,
        })
    }
}

/// Returns the price list of an embedding model in a region, if it is known.
#[must_use]
pub fn price(model: &str, region: Region) -> Option<EmbeddingPrice> {
    find(model)?.rates?.on(region)
}

/// Returns what a request costs at list price on a classified base URL, and as of when.
///
/// `None` if the price is not known; it is known for Standard endpoints only. Free quotas are not
/// deducted.
#[must_use]
pub fn charge(class: Classification, model: &str, tokens: Tokens) -> Option<Charge> {
    price(model, standard_region(class)?)?.charge(tokens)
}

/// The region of a Standard endpoint; `None` for subscriptions and for hosts whose prices are unknown.
pub(crate) fn standard_region(class: Classification) -> Option<Region> {
    let endpoint = class
        .endpoint()
        .filter(|endpoint| endpoint.plan() == Plan::Standard)?;
    Some(endpoint.region())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{classify::classify, endpoint::Endpoint};

    fn check(model: &str, text: u64, media: u64, expected: Option<&str>) {
        let class = classify(Endpoint::StandardChina.base_url());
        let charge = charge(class, model, Tokens { text, media });
        let cost = charge.map(|charge| charge.cost.to_string());
        assert_eq!(cost.as_deref(), expected, "{model}");
    }

    #[test]
    fn text_and_media_are_billed_apart() {
        check("text-embedding-v4", 1_000_000, 0, Some("CNY 0.50"));
        check("text-embedding-v1", 1_000_000, 0, Some("CNY 0.70"));
        check("qwen3-vl-embedding", 1_000_000, 1_000_000, Some("CNY 2.50"));
        check("text-embedding-v4", 1, 1, None);
        check("qwen3.7-text-embedding", 1, 0, None);
    }

    #[test]
    fn only_the_standard_endpoint_of_china_has_prices() {
        for endpoint in Endpoint::all() {
            let class = classify(endpoint.base_url());
            let known = charge(class, "text-embedding-v4", Tokens::default());
            let expected = *endpoint == Endpoint::StandardChina;
            assert_eq!(known.is_some(), expected, "{endpoint}");
        }
    }
}
