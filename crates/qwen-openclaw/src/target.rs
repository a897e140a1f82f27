//! What a model ref means: provider, endpoint, model, and what is odd about it.

use std::fmt;

use qwen_openclaw_catalog::{
    Availability, ChatModel, Edition, ModelRef, Provider, availability, find, nearest_models,
};
use qwen_openclaw_http::UrlText;

/// Where a request for a model goes. `Debug` shows of the base URL what looks like an address.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Target {
    /// The provider whose credential is used.
    pub provider: Provider,
    /// The model's id, without the provider.
    pub model: String,
    /// The base URL of the endpoint.
    pub base_url: String,
    /// What the catalog knows of the model; `None` for a model it does not know.
    pub row: Option<&'static ChatModel>,
    /// Whether the endpoint has the model, and if not, why and who has.
    pub availability: Availability,
}

impl Target {
    pub(crate) fn new(model: ModelRef, base_url: String, edition: Edition) -> Self {
        let ModelRef {
            provider, model, ..
        } = model;
        Self {
            row: find(&provider, &model, edition),
            availability: availability(&provider, &model, edition, &base_url),
            provider,
            model,
            base_url,
        }
    }

    /// Returns what is worth saying before the request is sent.
    #[must_use]
    pub fn warning(&self) -> Option<Warning> {
        (self.row.is_none() && self.provider.is_qwen()).then(|| Warning {
            model: self.to_string(),
            nearest: nearest_models(&self.provider, &self.model),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider.id(), self.model)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("base_url", &UrlText::from(self.base_url.as_str()))
            .field("row", &self.row)
            .field("availability", &self.availability)
            .finish()
    }
}

/// A model that the catalog does not know. The request is sent all the same: new models come
/// faster than catalogs.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Warning {
    /// The ref as it was understood.
    pub model: String,
    /// The known models of the provider with the most similar ids, at most three.
    pub nearest: Vec<&'static str>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the catalog does not know {}", self.model)?;
        match self.nearest[..] {
            [] => Ok(()),
            _ => write!(f, "; close to it: {}", self.nearest.join(", ")),
        }
    }
}
