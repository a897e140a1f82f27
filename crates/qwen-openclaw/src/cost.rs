//! What a reply costs.

use qwen_openclaw_catalog::price::{self, Cost, TokenUsage};
use qwen_openclaw_client::Route;

use crate::Qwen;

/// The cost of a reply, and whose price it follows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ReplyCost {
    /// The amount.
    pub cost: Cost,
    /// The date of the price list, as `YYYY-MM-DD`; `None` for a configured price.
    pub as_of: Option<&'static str>,
    /// Whether it follows the price in OpenClaw's configuration, rather than the list price in the
    /// catalog.
    pub is_configured: bool,
}

impl Qwen {
    /// Returns the cost of what a reply [used](crate::chat::Reply::billed) from the model of a route: by
    /// the `cost` of its row in OpenClaw's configuration if there is one, otherwise by the list price of
    /// the endpoint.
    ///
    /// `None` when the price is not known, as on the endpoints of plans. A price that is configured in
    /// part is not completed from the catalog.
    #[must_use]
    pub fn cost(&self, route: &Route, usage: &TokenUsage) -> Option<ReplyCost> {
        let model = route.model()?;
        #[cfg(feature = "config")]
        if let Some(own) = self.inner.settings.configured.get(route.provider())
            && let Some(price) = own.prices.get(model)
        {
            return Some(ReplyCost {
                cost: price.cost(usage)?,
                as_of: None,
                is_configured: true,
            });
        }
        let charge = price::charge(route.endpoint().class(), model, usage)?;
        Some(ReplyCost {
            cost: charge.cost,
            as_of: Some(charge.as_of),
            is_configured: false,
        })
    }
}
