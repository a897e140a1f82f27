//! What a reply costs.

use qwen_openclaw_catalog::price::{self, Cost, TokenUsage};
use qwen_openclaw_client::Route;
use qwen_openclaw_transport::Usage;

use crate::Qwen;

/// The cost of a reply, and whose price it follows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ReplyCost {
    /// The amount.
    pub cost: Cost,
    /// Whether it follows the price in OpenClaw's configuration, rather than the list price in the
    /// catalog.
    pub is_configured: bool,
}

impl Qwen {
    /// Returns the cost of a reply from the model of a route: by the `cost` of its row in OpenClaw's
    /// configuration if there is one, otherwise by the list price of the endpoint.
    ///
    /// `None` when the price is not known, as on the endpoints of plans. A price that is configured in
    /// part is not completed from the catalog.
    #[must_use]
    pub fn cost(&self, route: &Route, usage: &Usage) -> Option<ReplyCost> {
        let model = route.model()?;
        let spent = TokenUsage {
            input: usage.input_tokens,
            output: usage.output_tokens,
            cached: usage.cached_tokens,
            cache_write: usage.cache_write_tokens,
            reasoning: usage.reasoning_tokens.unwrap_or_default(),
            ..TokenUsage::default()
        };
        #[cfg(feature = "config")]
        if let Some(own) = self.inner.settings.configured.get(route.provider())
            && let Some(price) = own.prices.get(model)
        {
            return Some(ReplyCost {
                cost: price.cost(&spent)?,
                is_configured: true,
            });
        }
        Some(ReplyCost {
            cost: price::on(route.endpoint().class(), model)?.cost(&spent)?,
            is_configured: false,
        })
    }
}
