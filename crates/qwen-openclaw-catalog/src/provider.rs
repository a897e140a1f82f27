//! The provider ids that are known, with their aliases and defaults.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{endpoint::Endpoint, error::Error, nearest::nearest, plan::Plan};

/// A known provider id: the part of a model ref before the first `/`.
///
/// A credential belongs to one provider and is never sent to the host of another.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Provider {
    /// `qwen`: Qwen Cloud on the Standard and Coding Plan endpoints.
    #[serde(rename = "qwen")]
    Qwen,
    /// `qwen-oauth`: the Qwen portal with a login token.
    #[serde(rename = "qwen-oauth")]
    QwenOauth,
    /// `qwen-token-plan`: the Token Plan endpoints.
    #[serde(rename = "qwen-token-plan")]
    QwenTokenPlan,
    /// `anthropic`, through its OpenAI-compatible API; known so that fallback chains can name it.
    #[serde(rename = "anthropic")]
    Anthropic,
    /// `openai`; known so that fallback chains can name it.
    #[serde(rename = "openai")]
    OpenAi,
}

impl Provider {
    /// Returns every known provider, Qwen's own first.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[
            Self::Qwen,
            Self::QwenOauth,
            Self::QwenTokenPlan,
            Self::Anthropic,
            Self::OpenAi,
        ]
    }

    /// Finds a provider by its id or one of its aliases, ignoring case and surrounding blanks.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.trim();
        let named = |known: &str| known.eq_ignore_ascii_case(name);
        Self::all()
            .iter()
            .copied()
            .find(|provider| named(provider.id()) || provider.aliases().iter().copied().any(named))
    }

    /// Returns the canonical id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Qwen => "qwen",
            Self::QwenOauth => "qwen-oauth",
            Self::QwenTokenPlan => "qwen-token-plan",
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        }
    }

    /// Returns the name to show to people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Qwen => "Qwen Cloud",
            Self::QwenOauth => "Qwen OAuth",
            Self::QwenTokenPlan => "Qwen Token Plan",
            Self::Anthropic => "Anthropic",
            Self::OpenAi => "OpenAI",
        }
    }

    /// Returns the other names of this provider, legacy ones mostly.
    ///
    /// An entry of exactly such a name in a user's own configuration wins over the alias; that is
    /// for whoever reads the configuration to decide.
    #[must_use]
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Qwen => &["modelstudio", "qwencloud", "dashscope"],
            Self::QwenOauth => &["qwen-portal", "qwen-cli"],
            Self::QwenTokenPlan => &["bailian-token-plan"],
            Self::Anthropic | Self::OpenAi => &[],
        }
    }

    /// Returns the environment variables that may hold the key, the preferred one first.
    #[must_use]
    pub const fn env_vars(self) -> &'static [&'static str] {
        match self {
            Self::Qwen => &["QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY"],
            Self::QwenOauth => &["QWEN_API_KEY"],
            Self::QwenTokenPlan => &["QWEN_TOKEN_PLAN_API_KEY"],
            Self::Anthropic => &["ANTHROPIC_API_KEY"],
            Self::OpenAi => &["OPENAI_API_KEY"],
        }
    }

    /// Returns the id of the model that is used when none is named; only Qwen's own providers
    /// have one.
    #[must_use]
    pub const fn default_model(self) -> Option<&'static str> {
        match self {
            Self::Qwen | Self::QwenOauth => Some("qwen3.5-plus"),
            Self::QwenTokenPlan => Some("qwen3.7-plus"),
            Self::Anthropic | Self::OpenAi => None,
        }
    }

    /// Returns the base URL that is used when nothing else is configured.
    #[must_use]
    pub const fn default_base_url(self) -> &'static str {
        match self {
            Self::Qwen => Endpoint::StandardGlobal.base_url(),
            Self::QwenOauth => Endpoint::Portal.base_url(),
            Self::QwenTokenPlan => Endpoint::TokenGlobal.base_url(),
            Self::Anthropic => "https://api.anthropic.com/v1",
            Self::OpenAi => "https://api.openai.com/v1",
        }
    }

    /// Returns the plans whose endpoints this provider speaks to, its default first; none for
    /// the providers of other vendors.
    #[must_use]
    pub const fn plans(self) -> &'static [Plan] {
        match self {
            Self::Qwen => &[Plan::Standard, Plan::Coding],
            Self::QwenOauth => &[Plan::Portal],
            Self::QwenTokenPlan => &[Plan::Token],
            Self::Anthropic | Self::OpenAi => &[],
        }
    }

    /// Returns whether this is one of Qwen's own providers.
    #[must_use]
    pub const fn is_qwen(self) -> bool {
        !self.plans().is_empty()
    }

    /// Returns the three providers whose id or alias is closest to `name`, the closest first.
    #[must_use]
    pub fn nearest(name: &str) -> Vec<Self> {
        let names = Self::all().iter().flat_map(|provider| {
            std::iter::once(provider.id())
                .chain(provider.aliases().iter().copied())
                .map(|known| (known, *provider))
        });
        nearest(name, names)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl FromStr for Provider {
    type Err = Error;

    /// Reads a provider as [`Provider::by_name`] does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownProvider`](crate::ErrorKind::UnknownProvider), with the nearest three.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::by_name(name).ok_or_else(|| Error::unknown_provider(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_one_provider() {
        for provider in Provider::all() {
            assert_eq!(Provider::by_name(provider.id()), Some(*provider));
            for alias in provider.aliases() {
                assert_eq!(Provider::by_name(&alias.to_uppercase()), Some(*provider));
            }
        }
        assert_eq!(Provider::by_name("  QWEN "), Some(Provider::Qwen));
        assert_eq!(Provider::by_name("qwen_token_plan"), None);
        assert_eq!(Provider::by_name(""), None);
    }

    #[test]
    fn the_default_endpoint_is_one_of_the_providers_plans() {
        for provider in Provider::all().iter().filter(|provider| provider.is_qwen()) {
            let class = crate::classify(provider.default_base_url());
            assert_eq!(
                class.plan(),
                provider.plans().first().copied(),
                "{provider}"
            );
        }
    }

    #[test]
    fn an_unknown_provider_names_the_nearest_three() {
        let error = "qwenn".parse::<Provider>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown provider \"qwenn\"; did you mean qwen, qwen-oauth or openai?"
        );
    }
}
