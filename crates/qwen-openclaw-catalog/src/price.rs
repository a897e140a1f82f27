//! What chat costs: price lists with source and date, and the arithmetic.
//!
//! An unknown price is `None`, never zero. Prices are list prices: discounts, free quotas and taxes
//! are not included, and subscriptions (Coding Plan, Token Plan) have none.
//!
//! ```
//! use qwen_openclaw_catalog::{Region, price};
//!
//! let list = price::chat("qwen3.5-plus", Region::China).expect("it is in the list");
//! let usage = price::TokenUsage { input: 200_000, output: 1_000, ..Default::default() };
//! // The whole request is billed at the tier of its input length: 2 and 12 yuan per million.
//! assert_eq!(list.cost(&usage).expect("the tier is known").to_string(), "CNY 0.412");
//! ```

mod flat;
mod list;
mod money;

use serde::Serialize;

pub(crate) use self::list::{CHINA, K, LITELLM, MILLION, MODELS_DEV, PriceList, any, up_to};
pub use self::{
    flat::FlatPrice,
    money::{Cost, Currency, Rate},
};
use crate::{
    chat::row,
    classify::Classification,
    plan::{Plan, Region},
};

/// The price of an implicit cache hit, as a percentage of the input price.
pub const IMPLICIT_CACHE_HIT_PERCENT: u64 = 20;

/// The price of a write to the explicit cache, as a percentage of the input price.
pub const EXPLICIT_CACHE_WRITE_PERCENT: u64 = 125;

/// The price of a read from the explicit cache, as a percentage of the input price.
pub const EXPLICIT_CACHE_READ_PERCENT: u64 = 10;

/// The price of a batch request, as a percentage of its usual price.
pub const BATCH_PERCENT: u64 = 50;

/// The price of web searches with the strategy `agent`, for a million of them: 4 yuan for a thousand
/// in mainland China (help.aliyun.com, Model Studio, "web-search"). Elsewhere, and for the other
/// strategies, it is unknown.
const AGENT_SEARCH: (Currency, Rate) = (Currency::Cny, Rate::of(4_000.0));

/// Returns the price list of a chat model in a region, matching the exact id and ignoring case.
///
/// Models outside the catalog may have one too. A snapshot does not inherit the price of its main
/// model.
#[must_use]
pub fn chat(model: &str, region: Region) -> Option<ChatPrice> {
    row(model)?.price(region)
}

/// Returns the price list of a chat model on a classified base URL.
///
/// Only the Standard endpoints bill by the token. Subscriptions do not, and the prices of other
/// hosts are unknown. That includes workspaces, since some are in regions with their own prices.
#[must_use]
pub fn on(class: Classification, model: &str) -> Option<ChatPrice> {
    let endpoint = class
        .endpoint()
        .filter(|endpoint| endpoint.plan() == Plan::Standard)?;
    chat(model, endpoint.region())
}

/// Returns what a chat request costs at list price on a classified base URL, and as of when.
///
/// `None` if the price is unknown, and for subscriptions, which bill no tokens: see [`on`]. Whether a
/// free quota covers the request is not known, so it is not deducted.
///
/// ```
/// use qwen_openclaw_catalog::{classify, price};
///
/// let standard = classify("https://dashscope.aliyuncs.com/compatible-mode/v1");
/// let usage = price::TokenUsage { input: 1_000_000, ..Default::default() };
/// let charge = price::charge(standard, "qwen3.7-max", &usage).expect("it is in the list");
/// assert_eq!(charge.cost.to_string(), "CNY 12.00");
/// let plan = classify("https://coding.dashscope.aliyuncs.com/v1");
/// assert_eq!(price::charge(plan, "qwen3.7-max", &usage), None);
/// ```
#[must_use]
pub fn charge(class: Classification, model: &str, usage: &TokenUsage) -> Option<Charge> {
    let list = on(class, model)?;
    Some(Charge {
        cost: list.cost(usage)?,
        as_of: list.as_of,
    })
}

/// What a request costs at list price.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Charge {
    /// The amount.
    pub cost: Cost,
    /// The date of the price list, as `YYYY-MM-DD`.
    pub as_of: &'static str,
}

/// The price list of a chat model in one region.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChatPrice {
    /// The id of the model.
    pub model: &'static str,
    /// The currency of every figure.
    pub currency: Currency,
    /// The tiers, in order of increasing input length.
    pub tiers: &'static [Tier],
    /// Where the figures come from.
    pub source: &'static str,
    /// The date of the figures, as `YYYY-MM-DD`.
    pub as_of: &'static str,
}

/// The prices for requests up to some input length.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Tier {
    /// The maximum input length of this tier in tokens; `None` if unlimited.
    pub up_to: Option<u64>,
    /// The price of input.
    pub input: Rate,
    /// The price of output.
    pub output: Rate,
    /// The price of all output (reasoning and answer) with thinking on, if different.
    pub thinking_output: Option<Rate>,
    /// The price of input found in the implicit cache.
    pub implicit_hit: Option<Rate>,
    /// The price of input written to the explicit cache.
    pub explicit_write: Option<Rate>,
    /// The price of input read from the explicit cache.
    pub explicit_read: Option<Rate>,
}

/// What one request used, by how it is billed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TokenUsage {
    /// All input tokens, including cached ones.
    pub input: u64,
    /// Input tokens read from the implicit cache.
    pub implicit_cached: u64,
    /// Input tokens read from the explicit cache.
    pub explicit_cached: u64,
    /// Input tokens written to the explicit cache.
    pub cache_write: u64,
    /// All output tokens, including reasoning.
    pub output: u64,
    /// Output tokens spent on reasoning, as far as they are counted.
    pub reasoning: u64,
    /// Whether the model was thinking, even if the reasoning is not counted.
    pub thinking: bool,
    /// Web searches with the strategy `agent`, which are billed for each call.
    pub agent_searches: u64,
    /// Whether anything else was billed apart, such as other web searches. Its price is unknown.
    pub has_unpriced_calls: bool,
    /// Whether it was a batch request, which is billed at half the price.
    pub batch: bool,
}

impl ChatPrice {
    /// Returns the tier that applies to an entire request with this input length.
    ///
    /// `None` when the price of such a long input is unknown.
    #[must_use]
    pub fn tier(&self, input: u64) -> Option<&'static Tier> {
        self.tiers
            .iter()
            .find(|tier| tier.up_to.is_none_or(|limit| input <= limit))
    }

    /// Returns the cost of a request; `None` when the price of such a long input is unknown, or that of
    /// a call that is billed apart.
    ///
    /// Where the list has no cache price, the service's general percentages apply.
    #[must_use]
    pub fn cost(&self, usage: &TokenUsage) -> Option<Cost> {
        let tokens = self.tier(usage.input)?.cost(self.currency, usage);
        let tokens = if usage.batch {
            tokens.percent(BATCH_PERCENT)
        } else {
            tokens
        };
        match (usage.has_unpriced_calls, usage.agent_searches) {
            (true, _) => None,
            (false, 0) => Some(tokens),
            (false, calls) => {
                let (currency, rate) = AGENT_SEARCH;
                // A rate is for a million.
                (currency == self.currency).then(|| tokens.plus(rate, calls))
            }
        }
    }
}

impl Tier {
    /// Returns the cost of the tokens of a request.
    fn cost(&self, currency: Currency, usage: &TokenUsage) -> Cost {
        // What was counted twice is billed once.
        let explicit = usage.explicit_cached.min(usage.input);
        let implicit = usage.implicit_cached.min(usage.input - explicit);
        let written = usage.cache_write.min(usage.input - explicit - implicit);
        let plain = usage.input - explicit - implicit - written;
        Cost::zero(currency)
            .plus(self.input, plain)
            .plus(self.read_rate(true), explicit)
            .plus(self.read_rate(false), implicit)
            .plus(self.write_rate(), written)
            .plus(
                self.output_rate(usage.thinking || usage.reasoning > 0),
                usage.output,
            )
    }

    /// Returns the price of output; thinking may change the price of all of it.
    #[must_use]
    pub fn output_rate(&self, thinking: bool) -> Rate {
        if thinking {
            self.thinking_output.unwrap_or(self.output)
        } else {
            self.output
        }
    }

    /// Returns the price of input read from a cache.
    #[must_use]
    pub fn read_rate(&self, explicit: bool) -> Rate {
        let (rate, percent) = if explicit {
            (self.explicit_read, EXPLICIT_CACHE_READ_PERCENT)
        } else {
            (self.implicit_hit, IMPLICIT_CACHE_HIT_PERCENT)
        };
        rate.unwrap_or_else(|| self.input.percent(percent))
    }

    /// Returns the price of input written to the explicit cache.
    #[must_use]
    pub fn write_rate(&self) -> Rate {
        self.explicit_write
            .unwrap_or_else(|| self.input.percent(EXPLICIT_CACHE_WRITE_PERCENT))
    }
}

#[cfg(test)]
mod tests;
