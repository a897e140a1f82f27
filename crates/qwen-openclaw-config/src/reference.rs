//! What a user may write for a model, and what is stored for it.

use qwen_openclaw_catalog::{Edition, Provider, find};

use crate::{config::Config, error::Error};

/// A model as it is stored in a configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reference {
    /// The reference, such as `qwen/m`.
    pub text: String,
    /// Whether the provider is configured or well known. What is not cannot answer.
    pub is_known_provider: bool,
    /// Whether the model is in the provider's entry or in the catalog. What is not may be new.
    pub is_known_model: bool,
}

impl Config {
    /// Finds out which model is meant: an alias, a reference, or the bare id of a Qwen model.
    ///
    /// The prefix of a reference becomes the canonical id of its provider (`modelstudio/m` is
    /// `qwen/m`), unless there is an entry or profile of exactly that name. A bare id belongs to
    /// `qwen` if its catalog has it, and otherwise to the only Qwen provider that does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidModel`](crate::ErrorKind::InvalidModel) when it is blank, has no model id,
    /// or is a bare id that no Qwen provider has, or several; [`Error::candidates`] names them. And
    /// [`ErrorKind::AmbiguousAlias`](crate::ErrorKind::AmbiguousAlias).
    pub fn reference(&self, text: &str) -> Result<Reference, Error> {
        let name = self.resolve(text)?;
        let Some((provider, model)) = name.split_once('/') else {
            return self.bare(name);
        };
        let (provider, model) = (provider.trim(), model.trim());
        if provider.is_empty() || model.is_empty() {
            return Err(Error::invalid_model(text, Vec::new()));
        }
        let provider = if self.has(provider) {
            provider
        } else {
            Provider::canonical_id(provider)
        };
        Ok(self.described(provider, model))
    }

    /// Whether there is an entry or profile of exactly this provider.
    fn has(&self, provider: &str) -> bool {
        let mut profiles = self.auth.profiles.iter();
        self.models.exact(provider).is_some()
            || profiles.any(|profile| profile.provider.as_deref() == Some(provider))
    }

    fn bare(&self, id: &str) -> Result<Reference, Error> {
        let qwen = Provider::well_known().filter(Provider::is_qwen);
        let having: Vec<Provider> = qwen
            .filter(|provider| !id.is_empty() && find(provider, id, Edition::Merged).is_some())
            .collect();
        match &having[..] {
            [only] => Ok(self.described(only.id(), id)),
            several if several.contains(&Provider::QWEN) => {
                Ok(self.described(Provider::QWEN.id(), id))
            }
            several => {
                let refs = several.iter().map(|provider| format!("{provider}/{id}"));
                Err(Error::invalid_model(id, refs.collect()))
            }
        }
    }

    fn described(&self, provider: &str, model: &str) -> Reference {
        let entry = self.models.provider(provider);
        let known = Provider::by_name(provider);
        let in_catalog = known
            .as_ref()
            .and_then(|provider| find(provider, model, Edition::Merged));
        Reference {
            text: format!("{provider}/{model}"),
            is_known_provider: entry.is_some() || known.is_some(),
            is_known_model: in_catalog.is_some()
                || entry.is_some_and(|entry| entry.model(model).is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use qwen_openclaw_auth::Environment;

    use super::*;
    use crate::{Document, ErrorKind};

    fn config(text: &str) -> Config {
        Config::of(&Document::parse(text).unwrap(), &Environment::empty())
    }

    #[test]
    fn a_name_becomes_a_reference() {
        let plain = config("{ agents: { defaults: { models: { 'p/m': { alias: 'Fast' } } } } }");
        let check = |config: &Config, name: &str, text: &str, provider: bool, model: bool| {
            let found = config.reference(name).unwrap();
            assert_eq!(found.text, text);
            assert_eq!(
                (found.is_known_provider, found.is_known_model),
                (provider, model),
                "{name}"
            );
        };
        check(
            &plain,
            "qwen3-coder-plus",
            "qwen/qwen3-coder-plus",
            true,
            true,
        );
        check(
            &plain,
            " coder-model ",
            "qwen-oauth/coder-model",
            true,
            true,
        );
        check(&plain, "modelstudio/glm-5", "qwen/glm-5", true, true);
        check(
            &plain,
            "qwen-portal/coder-model",
            "qwen-oauth/coder-model",
            true,
            true,
        );
        check(
            &plain,
            "qwen/does-not-exist",
            "qwen/does-not-exist",
            true,
            false,
        );
        check(&plain, "nosuchprov/foo", "nosuchprov/foo", false, false);
        check(&plain, "fast", "p/m", false, false);

        let own = config(
            "{ models: { providers: { modelstudio: { models: [{ id: 'mine' }] } } },
               auth: { profiles: { 'qwen-portal:default': { provider: 'qwen-portal' } } } }",
        );
        check(&own, "modelstudio/mine", "modelstudio/mine", true, true);
        check(
            &own,
            "qwen-portal/coder-model",
            "qwen-portal/coder-model",
            true,
            true,
        );
    }

    #[test]
    fn a_name_that_is_no_model_is_an_error() {
        let config = config("{}");
        for name in ["", "  ", "qwen/", "/m", "gpt-4o"] {
            let error = config.reference(name).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidModel, "{name}");
            assert!(error.candidates().is_empty());
        }
    }
}
