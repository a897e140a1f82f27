//! What chat costs: price lists with their source and date, and the pure arithmetic.
//!
//! A price that is not known is `None`, never zero. Prices are list prices: discounts, free
//! quotas and taxes are not counted, and subscriptions (Coding Plan, Token Plan) have none.
//!
//! ```
//! use qwen_openclaw_catalog::{Region, price};
//!
//! let list = price::chat("qwen3.5-plus", Region::China).expect("it is in the list");
//! let usage = price::TokenUsage { input: 200_000, output: 1_000, ..Default::default() };
//! // The whole request is billed at the tier of its input length: 2 and 12 yuan a million.
//! assert_eq!(list.cost(&usage).expect("the tier is known").to_string(), "CNY 0.412");
//! ```

mod list;
mod money;

use serde::Serialize;

pub(crate) use self::list::{CHINA, K, MILLION, MODELS_DEV, PriceList, any, up_to};
pub use self::money::{Cost, Currency, Rate};
use crate::{
    chat::row,
    classify::Classification,
    plan::{Plan, Region},
};

/// What a hit of the implicit cache costs, in hundredths of the input price.
pub const IMPLICIT_CACHE_HIT_PERCENT: u64 = 20;

/// What writing to the explicit cache costs, in hundredths of the input price.
pub const EXPLICIT_CACHE_WRITE_PERCENT: u64 = 125;

/// What reading from the explicit cache costs, in hundredths of the input price.
pub const EXPLICIT_CACHE_READ_PERCENT: u64 = 10;

/// What a request in a batch costs, in hundredths of its usual price.
pub const BATCH_PERCENT: u64 = 50;

/// Returns the price list of a chat model in a region, going by the exact id, case ignored.
///
/// Models outside the catalog may have one too. Snapshots do not inherit the price of their main
/// model.
#[must_use]
pub fn chat(model: &str, region: Region) -> Option<ChatPrice> {
    row(model)?.price(region)
}

/// Returns the price list of a chat model on a classified base URL.
///
/// Only the Standard endpoints bill by the token. Subscriptions do not; what other hosts take is
/// not known, workspaces included, as some of them stand in regions with prices of their own.
#[must_use]
pub fn on(class: Classification, model: &str) -> Option<ChatPrice> {
    let endpoint = class
        .endpoint()
        .filter(|endpoint| endpoint.plan() == Plan::Standard)?;
    chat(model, endpoint.region())
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
    /// The tiers, by rising input length.
    pub tiers: &'static [Tier],
    /// Where the figures come from.
    pub source: &'static str,
    /// The day the figures are of, as `YYYY-MM-DD`.
    pub as_of: &'static str,
}

/// The prices for requests up to some input length.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Tier {
    /// The longest input, in tokens, that is billed here; `None` is without limit.
    pub up_to: Option<u64>,
    /// Input.
    pub input: Rate,
    /// Output.
    pub output: Rate,
    /// Output of a request that thinks, reasoning and answer alike, where it differs.
    pub thinking_output: Option<Rate>,
    /// Input found in the implicit cache.
    pub implicit_hit: Option<Rate>,
    /// Input written to the explicit cache.
    pub explicit_write: Option<Rate>,
    /// Input read from the explicit cache.
    pub explicit_read: Option<Rate>,
}

/// The tokens of one request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TokenUsage {
    /// All input, whatever is cached included.
    pub input: u64,
    /// How much of the input was read from a cache.
    pub cached: u64,
    /// Whether the request carried cache markers, so that what it read was explicitly cached.
    pub explicit_cache: bool,
    /// How much of the input was written to the explicit cache.
    pub cache_write: u64,
    /// All output, reasoning included.
    pub output: u64,
    /// How much of the output is reasoning.
    pub reasoning: u64,
}

impl ChatPrice {
    /// Returns the tier that a request of this input length is billed at as a whole; `None` when
    /// the price of such a long input is not known.
    #[must_use]
    pub fn tier(&self, input: u64) -> Option<&'static Tier> {
        self.tiers
            .iter()
            .find(|tier| tier.up_to.is_none_or(|limit| input <= limit))
    }

    /// Returns what a request costs; `None` when the price of so long an input is not known.
    ///
    /// Where the list has no figure for the cache, the service's general percentages are taken.
    #[must_use]
    pub fn cost(&self, usage: &TokenUsage) -> Option<Cost> {
        let tier = self.tier(usage.input)?;
        let cached = usage.cached.min(usage.input);
        let written = usage.cache_write.min(usage.input - cached);
        let plain = usage.input - cached - written;
        let cost = Cost::zero(self.currency)
            .plus(tier.input, plain)
            .plus(tier.read_rate(usage.explicit_cache), cached)
            .plus(tier.write_rate(), written)
            .plus(tier.output_rate(usage.reasoning > 0), usage.output);
        Some(cost)
    }
}

impl Tier {
    /// Returns the price of output; with thinking it may be another one for all of it.
    #[must_use]
    pub fn output_rate(&self, thinking: bool) -> Rate {
        if thinking {
            self.thinking_output.unwrap_or(self.output)
        } else {
            self.output
        }
    }

    /// Returns the price of input that was read from a cache.
    #[must_use]
    pub fn read_rate(&self, explicit: bool) -> Rate {
        let (rate, percent) = if explicit {
            (self.explicit_read, EXPLICIT_CACHE_READ_PERCENT)
        } else {
            (self.implicit_hit, IMPLICIT_CACHE_HIT_PERCENT)
        };
        rate.unwrap_or_else(|| self.input.percent(percent))
    }

    /// Returns the price of input that was written to the explicit cache.
    #[must_use]
    pub fn write_rate(&self) -> Rate {
        self.explicit_write
            .unwrap_or_else(|| self.input.percent(EXPLICIT_CACHE_WRITE_PERCENT))
    }
}

#[cfg(test)]
mod tests;
