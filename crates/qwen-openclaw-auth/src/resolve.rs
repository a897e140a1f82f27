//! Resolves which key to use for a provider.

use qwen_openclaw_catalog::Provider;

use crate::{
    credential::Credential, environment::Environment, error::Error, key::ApiKey, source::Source,
};

/// Finds the key for a provider in an environment's variables.
///
/// Shorthand for a [`Resolver`] with nothing but an environment.
///
/// # Errors
///
/// As [`Resolver::resolve`].
pub fn resolve(provider: Provider, environment: &Environment) -> Result<Resolved, Error> {
    Resolver::new(provider).environment(environment).resolve()
}

/// Finds the key for a provider in the sources it is given.
///
/// An explicit key comes first, then a stored profile, then the environment, and last a key from a
/// configuration file. In the environment, the provider's variables are checked in order, each
/// through all layers; a blank value counts as unset. The first source with a value wins: an
/// invalid key there is an error, never a reason to fall back to the next source.
///
/// ```
/// use qwen_openclaw_auth::{ApiKey, Environment, Resolver, Source};
/// use qwen_openclaw_catalog::Provider;
///
/// let environment = Environment::from_pairs([("DASHSCOPE_API_KEY", "sk-from-the-environment")]);
/// let in_file = Source::Config { path: "openclaw.json".to_owned() };
/// let found = Resolver::new(Provider::QWEN)
///     .environment(&environment)
///     .config_key(ApiKey::parse("sk-from-the-file")?, in_file)
///     .resolve()?;
/// assert_eq!(found.source().to_string(), "env: DASHSCOPE_API_KEY");
/// # Ok::<(), qwen_openclaw_auth::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a resolver does nothing before `resolve`"]
pub struct Resolver<'a> {
    provider: Provider,
    explicit: Option<ApiKey>,
    profile: Option<(String, ApiKey)>,
    environment: Option<&'a Environment>,
    config_key: Option<Resolved>,
}

impl<'a> Resolver<'a> {
    /// Creates a resolver for this provider's key, without any source yet.
    pub fn new(provider: Provider) -> Self {
        Self {
            provider,
            explicit: None,
            profile: None,
            environment: None,
            config_key: None,
        }
    }

    /// Sets a key passed explicitly by the caller. Default: none.
    pub fn explicit(mut self, key: ApiKey) -> Self {
        self.explicit = Some(key);
        self
    }

    /// Sets the key of a stored profile. Default: none.
    ///
    /// The profile must belong to the provider.
    pub fn profile(mut self, name: impl Into<String>, key: ApiKey) -> Self {
        self.profile = Some((name.into(), key));
        self
    }

    /// Sets the environment to search. Default: none.
    pub fn environment(mut self, environment: &'a Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Sets the key that a configuration file holds or names, and where it was found. Default: none.
    pub fn config_key(mut self, key: ApiKey, source: Source) -> Self {
        self.config_key = Some(Resolved { key, source });
        self
    }

    /// Returns the key with the highest precedence, and its source.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`](crate::ErrorKind::Missing) when no source has a key; it lists the
    /// variables that were checked, and its cause is the first of the environment's
    /// [`problems`](Environment::problems). [`ErrorKind::InvalidKey`](crate::ErrorKind::InvalidKey)
    /// or [`ErrorKind::NotUnicode`](crate::ErrorKind::NotUnicode) when the winning variable does
    /// not hold a valid key; it names the variable.
    pub fn resolve(self) -> Result<Resolved, Error> {
        if let Some(key) = self.explicit {
            return Ok(Resolved {
                key,
                source: Source::Explicit,
            });
        }
        if let Some((name, key)) = self.profile {
            return Ok(Resolved {
                key,
                source: Source::Profile(name),
            });
        }
        if let Some(environment) = self.environment
            && let Some(found) = in_environment(&self.provider, environment)?
        {
            return Ok(found);
        }
        self.config_key
            .ok_or_else(|| missing(&self.provider, self.environment))
    }
}

/// A key and where it was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resolved {
    key: ApiKey,
    source: Source,
}

impl Resolved {
    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// Returns where the key was found.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl From<Resolved> for Credential {
    fn from(resolved: Resolved) -> Self {
        Self::new(resolved.key, resolved.source)
    }
}

fn in_environment(
    provider: &Provider,
    environment: &Environment,
) -> Result<Option<Resolved>, Error> {
    let Some(variable) = provider
        .env_vars()
        .iter()
        .find_map(|name| environment.get(name))
    else {
        return Ok(None);
    };
    let source = variable.source();
    match ApiKey::parse(variable.value()?) {
        Ok(key) => Ok(Some(Resolved { key, source })),
        Err(error) => Err(error.at(source)),
    }
}

fn missing(provider: &Provider, environment: Option<&Environment>) -> Error {
    let variables = provider.env_vars();
    let blank = |name: &&str| environment.is_some_and(|environment| environment.is_blank(name));
    Error::missing(
        provider.label(),
        variables,
        variables.iter().copied().filter(blank).collect(),
        environment.and_then(|environment| environment.problems().first()),
    )
}

#[cfg(test)]
mod tests;
