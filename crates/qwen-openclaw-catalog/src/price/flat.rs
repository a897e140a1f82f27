//! A price without tiers, as an operator states it for a model.

use super::{Cost, Currency, Rate, TokenUsage};

/// The price of a model per million tokens, whatever the length of the input.
///
/// A rate that is `None` is not known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FlatPrice {
    /// The currency of every rate.
    pub currency: Currency,
    /// The price of input that is in no cache.
    pub input: Option<Rate>,
    /// The price of output, reasoning included.
    pub output: Option<Rate>,
    /// The price of input read from a cache.
    pub cache_read: Option<Rate>,
    /// The price of input written to a cache.
    pub cache_write: Option<Rate>,
}

impl FlatPrice {
    /// Returns the cost of a request; `None` when a rate that it needs is not known.
    #[must_use]
    pub fn cost(&self, usage: &TokenUsage) -> Option<Cost> {
        let cached = usage.implicit_cached.saturating_add(usage.explicit_cached);
        let cached = cached.min(usage.input);
        let written = usage.cache_write.min(usage.input - cached);
        let plain = usage.input - cached - written;
        let parts = [
            (self.input, plain),
            (self.cache_read, cached),
            (self.cache_write, written),
            (self.output, usage.output),
        ];
        let mut parts = parts.into_iter().filter(|(_, tokens)| *tokens > 0);
        parts.try_fold(Cost::zero(self.currency), |cost, (rate, tokens)| {
            Some(cost.plus(rate?, tokens))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_free() {
        let price = FlatPrice {
            currency: Currency::Usd,
            input: Rate::new(2.0),
            output: Rate::new(10.0),
            cache_read: Rate::new(0.0),
            cache_write: None,
        };
        let cost = |usage: TokenUsage| price.cost(&usage).map(|cost| cost.to_string());
        let usage = TokenUsage {
            input: 1_500_000,
            implicit_cached: 500_000,
            output: 100_000,
            ..TokenUsage::default()
        };
        assert_eq!(cost(usage).as_deref(), Some("USD 3.00"));
        let written = TokenUsage {
            cache_write: 1,
            ..usage
        };
        assert_eq!(cost(written), None);
        for odd in [-1.0, f64::NAN, f64::INFINITY, 1e10] {
            assert_eq!(Rate::new(odd), None);
        }
    }
}
