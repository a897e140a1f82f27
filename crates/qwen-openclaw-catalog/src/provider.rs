//! The ids of providers, and what is known of the well-known ones.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{chat::default_model, endpoint::Endpoint, error::Error, nearest::nearest, plan::Plan};

/// The id of a provider: the part of a model ref before the first `/`.
///
/// Any id is possible: a provider is whatever serves models under that name. Of the well-known
/// ones the catalog holds base URL, environment variables, plans and models; of all others nothing,
/// and who uses them says where they are.
///
/// A credential belongs to one provider and is never sent to the host of another.
///
/// ```
/// use qwen_openclaw_catalog::Provider;
///
/// assert_eq!("modelstudio".parse::<Provider>()?, Provider::QWEN);
/// let own: Provider = "my-vllm".parse()?;
/// assert_eq!((own.id(), own.default_base_url()), ("my-vllm", None));
/// # Ok::<(), qwen_openclaw_catalog::Error>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Provider(Cow<'static, str>);

/// What is known of a well-known provider.
struct Facts {
    id: &'static str,
    label: &'static str,
    aliases: &'static [&'static str],
    env_vars: &'static [&'static str],
    default_base_url: &'static str,
    plans: &'static [Plan],
}

impl Facts {
    fn named(name: &str) -> Option<&'static Self> {
        let name = name.trim();
        let named = |known: &str| known.eq_ignore_ascii_case(name);
        WELL_KNOWN
            .iter()
            .find(|facts| named(facts.id) || facts.aliases.iter().copied().any(named))
    }
}

/// Qwen's own first.
const WELL_KNOWN: &[Facts] = &[
    Facts {
        id: "qwen",
        label: "Qwen Cloud",
        aliases: &["modelstudio", "qwencloud", "dashscope"],
        env_vars: &["QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY"],
        default_base_url: Endpoint::StandardGlobal.base_url(),
        plans: &[Plan::Standard, Plan::Coding],
    },
    Facts {
        id: "qwen-oauth",
        label: "Qwen OAuth",
        aliases: &["qwen-portal", "qwen-cli"],
        env_vars: &["QWEN_API_KEY"],
        default_base_url: Endpoint::Portal.base_url(),
        plans: &[Plan::Portal],
    },
    Facts {
        id: "qwen-token-plan",
        label: "Qwen Token Plan",
        aliases: &["bailian-token-plan"],
        env_vars: &["QWEN_TOKEN_PLAN_API_KEY"],
        default_base_url: Endpoint::TokenGlobal.base_url(),
        plans: &[Plan::Token],
    },
    Facts {
        id: "anthropic",
        label: "Anthropic",
        aliases: &[],
        env_vars: &["ANTHROPIC_API_KEY"],
        default_base_url: "https://api.anthropic.com/v1",
        plans: &[],
    },
    Facts {
        id: "openai",
        label: "OpenAI",
        aliases: &[],
        env_vars: &["OPENAI_API_KEY"],
        default_base_url: "https://api.openai.com/v1",
        plans: &[],
    },
];

impl Provider {
    /// `qwen`: Qwen Cloud on the Standard and Coding Plan endpoints.
    pub const QWEN: Self = Self(Cow::Borrowed("qwen"));
    /// `qwen-oauth`: the Qwen portal with a login token.
    pub const QWEN_OAUTH: Self = Self(Cow::Borrowed("qwen-oauth"));
    /// `qwen-token-plan`: the Token Plan endpoints.
    pub const QWEN_TOKEN_PLAN: Self = Self(Cow::Borrowed("qwen-token-plan"));
    /// `anthropic`, through its OpenAI-compatible API; known so that fallback chains can name it.
    pub const ANTHROPIC: Self = Self(Cow::Borrowed("anthropic"));
    /// `openai`; known so that fallback chains can name it.
    pub const OPENAI: Self = Self(Cow::Borrowed("openai"));

    /// A well-known id that stands in a table.
    pub(crate) const fn of_row(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// The length limit of an id, in bytes.
    pub const MAX_LENGTH: usize = 100;

    /// Returns every well-known provider, Qwen's own first.
    pub fn well_known() -> impl Iterator<Item = Self> {
        WELL_KNOWN.iter().map(|facts| Self(Cow::Borrowed(facts.id)))
    }

    /// Finds a well-known provider by its id or one of its aliases, ignoring case and surrounding
    /// blanks.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Some(Self(Cow::Borrowed(Facts::named(name)?.id)))
    }

    /// Returns the id that a name stands for: that of the well-known provider, otherwise the name
    /// itself.
    #[must_use]
    pub fn canonical_id(name: &str) -> &str {
        Facts::named(name).map_or(name, |facts| facts.id)
    }

    /// Takes an id as it is written, an alias of a well-known provider too: for an entry of exactly
    /// that name in a user's own configuration, which comes before the alias.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownProvider`](crate::ErrorKind::UnknownProvider) when it is empty, longer
    /// than [`MAX_LENGTH`](Self::MAX_LENGTH), or holds anything but ASCII letters, digits and
    /// `-_.+@`.
    pub fn exactly(id: &str) -> Result<Self, Error> {
        let id = id.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+@".contains(&byte);
        if id.is_empty() || id.len() > Self::MAX_LENGTH || !id.bytes().all(plain) {
            return Err(Error::unknown_provider(id));
        }
        let known = Self::well_known().find(|known| known.id() == id);
        Ok(known.unwrap_or_else(|| Self(Cow::Owned(id.to_owned()))))
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }

    /// Returns the name to show to people; of a provider that is not well known, its id.
    #[must_use]
    pub fn label(&self) -> &str {
        self.facts().map_or(self.id(), |facts| facts.label)
    }

    /// Returns the other names of this provider, legacy ones mostly.
    ///
    /// An entry of exactly such a name in a user's own configuration wins over the alias; that is
    /// for the reader of the configuration to decide.
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        self.facts().map_or(&[], |facts| facts.aliases)
    }

    /// Returns the environment variables that may hold the key, the preferred one first.
    #[must_use]
    pub fn env_vars(&self) -> &'static [&'static str] {
        self.facts().map_or(&[], |facts| facts.env_vars)
    }

    /// Returns the id of the model that is used when none is named; only Qwen's own providers
    /// have one.
    #[must_use]
    pub fn default_model(&self) -> Option<&'static str> {
        default_model(self)
    }

    /// Returns the base URL that is used when nothing else is configured; `None` of a provider that
    /// is not well known.
    #[must_use]
    pub fn default_base_url(&self) -> Option<&'static str> {
        Some(self.facts()?.default_base_url)
    }

    /// Returns the plans whose endpoints this provider speaks to, its default first; none for
    /// the providers of other vendors.
    #[must_use]
    pub fn plans(&self) -> &'static [Plan] {
        self.facts().map_or(&[], |facts| facts.plans)
    }

    /// Returns whether this is one of Qwen's own providers.
    #[must_use]
    pub fn is_qwen(&self) -> bool {
        !self.plans().is_empty()
    }

    /// Returns whether the catalog knows anything of this provider.
    #[must_use]
    pub fn is_well_known(&self) -> bool {
        self.facts().is_some()
    }

    /// Returns the ids of the three well-known providers whose id or alias is closest to `name`, the
    /// closest first.
    #[must_use]
    pub fn nearest(name: &str) -> Vec<&'static str> {
        let names = WELL_KNOWN.iter().flat_map(|facts| {
            std::iter::once(facts.id)
                .chain(facts.aliases.iter().copied())
                .map(|known| (known, facts.id))
        });
        nearest(name, names)
    }

    /// Returns the error of a provider that nothing is known of, with the nearest three.
    #[must_use]
    pub fn unknown(&self) -> Error {
        Error::unknown_provider(self.id())
    }

    fn facts(&self) -> Option<&'static Facts> {
        WELL_KNOWN.iter().find(|facts| facts.id == self.0)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({})", self.id())
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl FromStr for Provider {
    type Err = Error;

    /// Reads an id; an alias of a well-known provider becomes its id.
    ///
    /// # Errors
    ///
    /// As [`Provider::exactly`].
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::by_name(name).map_or_else(|| Self::exactly(name), Ok)
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Provider {
    fn schema_name() -> Cow<'static, str> {
        "Provider".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The id of a provider, such as `qwen`."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_one_provider() {
        for provider in Provider::well_known() {
            assert_eq!(Provider::by_name(provider.id()).as_ref(), Some(&provider));
            for alias in provider.aliases() {
                let found = Provider::by_name(&alias.to_uppercase());
                assert_eq!(found.as_ref(), Some(&provider));
            }
        }
        assert_eq!(Provider::by_name("  QWEN "), Some(Provider::QWEN));
        assert_eq!(Provider::by_name("qwen_token_plan"), None);
        assert_eq!(Provider::by_name(""), None);
    }

    #[test]
    fn the_constants_are_well_known() {
        let constants = [
            Provider::QWEN,
            Provider::QWEN_OAUTH,
            Provider::QWEN_TOKEN_PLAN,
            Provider::ANTHROPIC,
            Provider::OPENAI,
        ];
        assert!(Provider::well_known().eq(constants));
    }

    #[test]
    fn the_default_endpoint_is_one_of_the_providers_plans() {
        for provider in Provider::well_known().filter(Provider::is_qwen) {
            let class = crate::classify(provider.default_base_url().unwrap());
            assert_eq!(
                class.plan(),
                provider.plans().first().copied(),
                "{provider}"
            );
        }
    }

    #[test]
    fn any_id_is_a_provider_of_which_nothing_is_known() {
        let own: Provider = " my-vllm ".parse().unwrap();
        assert_eq!((own.id(), own.label()), ("my-vllm", "my-vllm"));
        assert!(!own.is_well_known() && !own.is_qwen());
        assert!(own.env_vars().is_empty());
        // As written, where that is meant.
        assert_eq!(
            Provider::exactly("modelstudio").unwrap().id(),
            "modelstudio"
        );
        for id in ["", "a b", "a/b", "a:b", "ключ", &"x".repeat(101)] {
            assert!(id.parse::<Provider>().is_err(), "{id}");
        }
    }

    #[test]
    fn an_unknown_provider_names_the_nearest_three() {
        let error = "qwenn".parse::<Provider>().unwrap().unknown();
        assert_eq!(
            error.to_string(),
            "unknown provider \"qwenn\"; did you mean qwen, qwen-oauth or openai?"
        );
    }
}
