//! Profile ids.

use std::{fmt, str::FromStr};

use qwen_openclaw_catalog::Provider;

use crate::error::Error;

/// The id of a profile: a provider and an account, such as `qwen:default`.
///
/// An alias of a known provider is normalized to its id: `qwen-portal:default` is
/// `qwen-oauth:default`.
///
/// ```
/// use qwen_openclaw_auth::ProfileId;
///
/// let id: ProfileId = "qwen-portal:work".parse()?;
/// assert_eq!((id.provider(), id.account()), ("qwen-oauth", "work"));
/// assert!("qwen".parse::<ProfileId>().is_err());
/// # Ok::<(), qwen_openclaw_auth::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ProfileId {
    text: String,
    colon: usize,
}

/// The maximum length of a provider or account. Both end up in file names and on terminals.
const MAX: usize = 100;

impl ProfileId {
    /// Creates the id of a provider's account.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ProfileId`](crate::ErrorKind::ProfileId) when one of them is empty, longer than
    /// 100 bytes, or contains anything but ASCII letters, digits, `-`, `_`, `.`, `+`, and `@`.
    pub fn new(provider: &str, account: &str) -> Result<Self, Error> {
        let provider = canonical(provider);
        let fits = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+@".contains(&byte);
            !part.is_empty() && part.len() <= MAX && part.bytes().all(plain)
        };
        let text = format!("{provider}:{account}");
        if !fits(provider) || !fits(account) {
            return Err(Error::profile_id(&text));
        }
        let colon = provider.len();
        Ok(Self { text, colon })
    }

    /// Creates the id of the provider's default account, `default`.
    #[must_use]
    pub fn default_of(provider: &Provider) -> Self {
        let colon = provider.id().len();
        let text = format!("{}:default", provider.id());
        Self { text, colon }
    }

    /// Returns the provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.text[..self.colon]
    }

    /// Returns the account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.text[self.colon + 1..]
    }

    /// Returns the whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Returns the id of the known provider with this name or alias; any other name unchanged.
pub(super) fn canonical(provider: &str) -> &str {
    Provider::canonical_id(provider)
}

impl FromStr for ProfileId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let (provider, account) = text
            .split_once(':')
            .ok_or_else(|| Error::profile_id(text))?;
        Self::new(provider, account)
    }
}

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn aliases_become_the_provider() {
        for (text, id) in [
            ("qwen:default", "qwen:default"),
            (" qwen-portal:a@b.example ", "qwen-oauth:a@b.example"),
            ("Modelstudio:work", "qwen:work"),
            ("somebody:else", "somebody:else"),
        ] {
            assert_eq!(text.parse::<ProfileId>().unwrap().to_string(), id);
        }
        let id = ProfileId::default_of(&Provider::QWEN_OAUTH);
        assert_eq!(id, "qwen-cli:default".parse().unwrap());
    }

    #[test]
    fn other_strings_are_not_ids() {
        let long = format!("qwen:{}", "x".repeat(101));
        for text in [
            "",
            ":",
            "qwen",
            "qwen:",
            ":a",
            "qwen:a/b",
            "qwen:a b",
            "a:b:c",
            "qwen:\u{1b}[2J",
            &long,
        ] {
            let error = text.parse::<ProfileId>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ProfileId, "{text}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
    }
}
