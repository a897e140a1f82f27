//! What speech costs.

use serde::Serialize;

use super::find;
use crate::{
    classify::Classification,
    plan::{Plan, Region},
    price::{CHINA, Charge, Cost, Currency, LITELLM, Rate},
};

/// The price of speech in one region. Exactly one of the ways to count has figures.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SynthesisPrice {
    /// The currency of every figure.
    pub currency: Currency,
    /// The price of a million characters.
    pub characters: Option<Rate>,
    /// The price of a million tokens of text.
    pub input: Option<Rate>,
    /// The price of a million tokens of audio.
    pub output: Option<Rate>,
    /// Where the figures come from.
    pub source: &'static str,
    /// The date of the figures, as `YYYY-MM-DD`.
    pub as_of: &'static str,
}

/// What a request is billed for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Units {
    /// Characters of text.
    Characters(u64),
    /// Tokens.
    #[non_exhaustive]
    Tokens {
        /// Tokens of text.
        input: u64,
        /// Tokens of audio.
        output: u64,
    },
}

impl Units {
    /// Creates a number of tokens.
    #[must_use]
    pub const fn tokens(input: u64, output: u64) -> Self {
        Self::Tokens { input, output }
    }
}

/// The figures of a model in one region.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Rates(SynthesisPrice);

const fn characters(
    currency: Currency,
    price: f64,
    source: &'static str,
    as_of: &'static str,
) -> Rates {
    Rates(SynthesisPrice {
        currency,
        characters: Some(Rate::of(price)),
        input: None,
        output: None,
        source,
        as_of,
    })
}

/// The vendor's list for mainland China, in yuan for 10,000 characters.
pub(super) const fn cny_per_10k(price: f64) -> Rates {
    characters(Currency::Cny, price * 100.0, CHINA.source, CHINA.as_of)
}

/// Litellm's list, in dollars for 10,000 characters.
pub(super) const fn usd_per_10k(price: f64) -> Rates {
    characters(Currency::Usd, price * 100.0, LITELLM.source, LITELLM.as_of)
}

/// The vendor's page for Singapore, in dollars for 10,000 characters.
pub(super) const fn usd_realtime_per_10k(price: f64) -> Rates {
    let source = "alibabacloud.com model-studio qwen-tts-realtime";
    characters(Currency::Usd, price * 100.0, source, "2025-11-06")
}

/// Where no list of the vendor was seen.
const RESELLERS: (&str, &str) = ("resellers' lists", "2026-11-25");

/// In dollars for a million characters.
pub(super) const fn usd_characters(price: f64) -> Rates {
    characters(Currency::Usd, price, RESELLERS.0, RESELLERS.1)
}

/// In dollars for a million tokens.
pub(super) const fn usd_tokens(input: f64, output: f64) -> Rates {
    Rates(SynthesisPrice {
        currency: Currency::Usd,
        characters: None,
        input: Some(Rate::of(input)),
        output: Some(Rate::of(output)),
        source: RESELLERS.0,
        as_of: RESELLERS.1,
    })
}

impl SynthesisPrice {
    /// Returns the cost of a request; `None` when the model is not billed in these units.
    #[must_use]
    pub fn cost(&self, used: Units) -> Option<Cost> {
        let nothing = Cost::zero(self.currency);
        Some(match used {
            Units::Characters(characters) => nothing.plus(self.characters?, characters),
            Units::Tokens { input, output } => {
                nothing.plus(self.input?, input).plus(self.output?, output)
            }
        })
    }
}

/// Returns the price list of a model in a region, if it is known.
#[must_use]
pub fn price(model: &str, region: Region) -> Option<SynthesisPrice> {
    let model = find(model)?;
    let rates = match region {
        Region::China => model.china,
        Region::Global => model.global,
    };
    rates.map(|rates| rates.0)
}

/// Returns what a request costs at list price on a classified base URL, and as of when.
///
/// `None` if the price is not known; it is known for Standard endpoints only. Free quotas are not
/// deducted.
#[must_use]
pub fn charge(class: Classification, model: &str, used: Units) -> Option<Charge> {
    let endpoint = class
        .endpoint()
        .filter(|endpoint| endpoint.plan() == Plan::Standard)?;
    let price = price(model, endpoint.region())?;
    Some(Charge {
        cost: price.cost(used)?,
        as_of: price.as_of,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{classify::classify, endpoint::Endpoint};

    fn check(endpoint: Endpoint, model: &str, used: Units, expected: Option<&str>) {
        let charge = charge(classify(endpoint.base_url()), model, used);
        let cost = charge.map(|charge| charge.cost.to_string());
        assert_eq!(cost.as_deref(), expected, "{model}");
    }

    #[test]
    fn characters_and_tokens_are_billed() {
        let (china, global) = (Endpoint::StandardChina, Endpoint::StandardGlobal);
        let million = Units::Characters(1_000_000);
        check(china, "cosyvoice-v3-flash", million, Some("CNY 100.00"));
        check(china, "qwen3-tts-flash", million, Some("CNY 80.00"));
        check(global, "qwen3-tts-flash", million, Some("USD 10.00"));
        let tokens = Units::tokens(1_000_000, 1_000_000);
        let model = "qwen-audio-3.1-tts-flash";
        check(global, model, tokens, Some("USD 2.10"));
        check(global, model, million, None);
        check(Endpoint::CodingChina, "qwen3-tts-flash", million, None);
        check(china, "qwen-tts", tokens, None);
    }
}
