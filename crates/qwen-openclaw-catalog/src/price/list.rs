//! How a row states the price of a chat model.
//!
//! Mainland China: help.aliyun.com model-studio, page "model-pricing", as of 2026-05-27. A "k" of
//! its tier limits is read as 1,024 tokens, since the tier up to "256k" covers inputs of 258,048
//! tokens. Global: models.dev, as of 2026-07-02. It carries no more than the first tier of models
//! that have several in China, so longer inputs have no known price there. What is newer comes from
//! litellm 1.110.2, as of 2026-11-20.

use super::{ChatPrice, Currency, Rate, Tier};
use crate::{chat::ModelFacts, plan::Region};

/// The price list of one model in one region.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PriceList {
    pub(crate) currency: Currency,
    /// The tiers, in order of increasing input length.
    pub(crate) tiers: &'static [Tier],
    pub(crate) source: &'static str,
    /// The date of the figures, as `YYYY-MM-DD`.
    pub(crate) as_of: &'static str,
}

/// The vendor's own list for mainland China, without its figures.
pub(crate) const CHINA: PriceList = PriceList {
    currency: Currency::Cny,
    tiers: &[],
    source: "help.aliyun.com model-studio model-pricing",
    as_of: "2026-05-27",
};

/// The list of models.dev for everywhere else, without its figures.
pub(crate) const MODELS_DEV: PriceList = PriceList {
    currency: Currency::Usd,
    tiers: &[],
    source: "models.dev",
    as_of: "2026-07-02",
};

/// The list of litellm for everywhere else, without its figures.
pub(crate) const LITELLM: PriceList = PriceList {
    currency: Currency::Usd,
    tiers: &[],
    source: "litellm 1.110.2",
    as_of: "2026-11-20",
};

pub(crate) const K: u64 = 1_024;

pub(crate) const MILLION: u64 = 1_000_000;

impl ModelFacts {
    /// Returns the price list of the Standard endpoint of a region.
    pub(crate) fn price(&self, region: Region) -> Option<ChatPrice> {
        let list = match region {
            Region::China => self.china,
            Region::Global => self.global,
        };
        list.map(|list| ChatPrice {
            model: self.id,
            currency: list.currency,
            tiers: list.tiers,
            source: list.source,
            as_of: list.as_of,
        })
    }
}

/// A tier up to an input length in tokens.
pub(crate) const fn up_to(limit: u64, input: f64, output: f64) -> Tier {
    Tier {
        up_to: Some(limit),
        ..any(input, output)
    }
}

/// A tier without an upper limit.
pub(crate) const fn any(input: f64, output: f64) -> Tier {
    Tier {
        up_to: None,
        input: Rate::of(input),
        output: Rate::of(output),
        thinking_output: None,
        implicit_hit: None,
        explicit_write: None,
        explicit_read: None,
    }
}

impl Tier {
    /// Sets a different price for output with thinking on.
    pub(crate) const fn thinking(self, output: f64) -> Self {
        Self {
            thinking_output: Some(Rate::of(output)),
            ..self
        }
    }

    /// The price of a hit of the implicit cache.
    pub(crate) const fn implicit(self, hit: f64) -> Self {
        Self {
            implicit_hit: Some(Rate::of(hit)),
            ..self
        }
    }

    /// The prices of the explicit cache.
    pub(crate) const fn explicit(self, write: f64, read: f64) -> Self {
        Self {
            explicit_write: Some(Rate::of(write)),
            ..self.read(read)
        }
    }

    /// The price of reading from the explicit cache, where that of writing is not known.
    pub(crate) const fn read(self, read: f64) -> Self {
        Self {
            explicit_read: Some(Rate::of(read)),
            ..self
        }
    }
}
