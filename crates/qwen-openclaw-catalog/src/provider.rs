//! Provider ids, and what is known about the well-known ones.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{chat::default_model, endpoint::Endpoint, error::Error, nearest::nearest, plan::Plan};

/// The id of a provider: the part of a model ref before the first `/`.
///
/// Any id is possible: a provider is whatever serves models under that name. For well-known
/// providers the catalog has the base URL, environment variables, plans and models. For all others it
/// has nothing, and the caller supplies the base URL.
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

/// What is known about a well-known provider.
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

    /// Wraps a well-known id from a table.
    pub(crate) const fn of_row(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// The maximum length of an id in bytes.
    pub const MAX_LENGTH: usize = 100;

    /// Returns every well-known provider, Qwen's own first.
    pub fn well_known() -> impl Iterator<Item = Self> {
        WELL_KNOWN.iter().map(|facts| Self(Cow::Borrowed(facts.id)))
    }

    /// Finds a well-known provider by id or alias, ignoring case and surrounding whitespace.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Some(Self(Cow::Borrowed(Facts::named(name)?.id)))
    }

    /// Resolves an alias of a well-known provider to its id; returns any other name unchanged.
    #[must_use]
    pub fn canonical_id(name: &str) -> &str {
        Facts::named(name).map_or(name, |facts| facts.id)
    }

    /// Creates a provider from an id as written, without resolving aliases.
    ///
    /// Use it for an entry of that exact name in a user's own configuration, which takes precedence
    /// over the alias.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownProvider`](crate::ErrorKind::UnknownProvider) when it is empty, longer
    /// than [`MAX_LENGTH`](Self::MAX_LENGTH), or contains anything but ASCII letters, digits and
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

    /// Returns the display name, which is the id unless the provider is well known.
    #[must_use]
    pub fn label(&self) -> &str {
        self.facts().map_or(self.id(), |facts| facts.label)
    }

    /// Returns other names for this provider, mostly legacy ones.
    ///
    /// An entry of that exact name in a user's own configuration takes precedence over the alias; the
    /// code that reads the configuration is responsible for that.
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        self.facts().map_or(&[], |facts| facts.aliases)
    }

    /// Returns the environment variables that may hold the key, preferred one first.
    #[must_use]
    pub fn env_vars(&self) -> &'static [&'static str] {
        self.facts().map_or(&[], |facts| facts.env_vars)
    }

    /// Returns the id of the default model; only Qwen's own providers have one.
    #[must_use]
    pub fn default_model(&self) -> Option<&'static str> {
        default_model(self)
    }

    /// Returns the default base URL; `None` unless the provider is well known.
    #[must_use]
    pub fn default_base_url(&self) -> Option<&'static str> {
        Some(self.facts()?.default_base_url)
    }

    /// Returns the plans that this provider supports, default first; none for other vendors.
    #[must_use]
    pub fn plans(&self) -> &'static [Plan] {
        self.facts().map_or(&[], |facts| facts.plans)
    }

    /// Returns whether this is one of Qwen's own providers.
    #[must_use]
    pub fn is_qwen(&self) -> bool {
        !self.plans().is_empty()
    }

    /// Returns whether the catalog knows this provider.
    #[must_use]
    pub fn is_well_known(&self) -> bool {
        self.facts().is_some()
    }

    /// Returns the ids of up to three well-known providers with a name close to `name`, closest first.
    #[must_use]
    pub fn nearest(name: &str) -> Vec<&'static str> {
        let names = WELL_KNOWN.iter().flat_map(|facts| {
            std::iter::once(facts.id)
                .chain(facts.aliases.iter().copied())
                .map(|known| (known, facts.id))
        });
        nearest(name, names)
    }

    /// Returns the error for an unknown provider, with those close to it as suggestions.
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

    /// Parses an id, resolving the alias of a well-known provider.
    ///
    /// # Errors
    ///
    /// Same as [`Provider::exactly`].
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
    fn every_name_resolves_to_one_provider() {
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
    fn any_valid_id_is_a_provider() {
        let own: Provider = " my-vllm ".parse().unwrap();
        assert_eq!((own.id(), own.label()), ("my-vllm", "my-vllm"));
        assert!(!own.is_well_known() && !own.is_qwen());
        assert!(own.env_vars().is_empty());
        // Aliases are kept as written on request.
        assert_eq!(
            Provider::exactly("modelstudio").unwrap().id(),
            "modelstudio"
        );
        for id in ["", "a b", "a/b", "a:b", "ключ", &"x".repeat(101)] {
            assert!(id.parse::<Provider>().is_err(), "{id}");
        }
    }

    #[test]
    fn an_unknown_provider_suggests_those_close_to_it() {
        let message = |name: &str| name.parse::<Provider>().unwrap().unknown().to_string();
        assert_eq!(
            message("qwenn"),
            "unknown provider \"qwenn\"; did you mean qwen?"
        );
        assert_eq!(
            message("nope"),
            "unknown provider \"nope\"; the known ones are qwen, qwen-oauth, qwen-token-plan, \
             anthropic, openai"
        );
    }
}
