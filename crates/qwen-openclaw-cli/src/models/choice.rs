//! A model that a command line names, before it is written into the configuration.

use qwen_openclaw::{
    catalog::{Edition, Provider, models, nearest_models},
    config::{self, Config, ErrorKind, Reference},
};

use crate::{
    failure::Failure,
    output::{harmless, note},
};

/// A model as it is stored, and what the user should know about it.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The reference, such as `qwen/m`.
    pub(crate) model: String,
    pub(crate) is_known_provider: bool,
    pub(crate) warnings: Vec<String>,
}

impl Choice {
    /// Finds out which model is meant: an alias, a reference, or the bare id of a Qwen model.
    pub(crate) fn of(text: &str, config: &Config) -> Result<Self, Failure> {
        let reference = config
            .reference(text)
            .map_err(|error| not_a_model(error, text, config))?;
        let mut choice = Self {
            warnings: Vec::new(),
            is_known_provider: reference.is_known_provider,
            model: reference.text.clone(),
        };
        choice.note_other_spelling(text, config);
        if !reference.is_known_provider {
            let provider = provider_of(&reference);
            choice.warnings.push(format!(
                "the provider {} is not configured",
                harmless(provider)
            ));
        } else if !reference.is_known_model && has_models(provider_of(&reference), config) {
            choice.warnings.push(not_in_catalog(&reference));
        }
        Ok(choice)
    }

    /// A legacy prefix, such as `modelstudio/`, is not what is written.
    fn note_other_spelling(&mut self, text: &str, config: &Config) {
        let given = config.resolve(text).unwrap_or(text);
        if let (Some((given, _)), Some((provider, _))) =
            (given.split_once('/'), self.model.split_once('/'))
            && given.trim() != provider
        {
            let given = harmless(given.trim());
            self.warnings.push(format!(
                "{given} is another name of the provider {provider}: {} is written",
                self.model
            ));
        }
    }

    /// Says on standard error what the user should know.
    pub(crate) fn tell(&self) {
        for warning in &self.warnings {
            note(&format!("warning: {warning}"));
        }
    }
}

/// A bare id belongs to a Qwen provider, and to no other.
fn not_a_model(error: config::Error, text: &str, config: &Config) -> Failure {
    let is_bare = !text.contains('/') && error.candidates().is_empty();
    let is_unknown = is_bare && error.kind() == ErrorKind::InvalidModel;
    let failure = Failure::from(error);
    if !is_unknown {
        return failure;
    }
    let aliases = config.agents.nearest_aliases(text).into_iter();
    let models = nearest_models(&Provider::QWEN, text.trim()).into_iter();
    let nearest: Vec<String> = aliases
        .map(the_alias)
        .chain(models.map(|model| format!("`{model}`")))
        .collect();
    failure.with_hint(match nearest[..] {
        [] => "write a model as PROVIDER/ID; `models list` shows those of qwen".to_owned(),
        _ => format!("did you mean {}?", nearest.join(" or ")),
    })
}

/// An alias that may have been meant.
pub(crate) fn the_alias(alias: &str) -> String {
    format!("the alias `{}`", harmless(alias))
}

/// An example of a command line that ends with a model, for the help.
pub(crate) fn example(words: &str) -> String {
    let model = Provider::QWEN.default_model().unwrap_or_default();
    format!("Example: qwen-openclaw {words} {}/{model}", Provider::QWEN)
}

fn provider_of(reference: &Reference) -> &str {
    let parts = reference.text.split_once('/');
    parts.map_or("", |(provider, _)| provider)
}

/// Whether there are models to compare with.
fn has_models(provider: &str, config: &Config) -> bool {
    let known = Provider::by_name(provider);
    known.is_some_and(|known| !models(&known, Edition::Merged).is_empty())
        || config
            .models
            .provider(provider)
            .is_some_and(|entry| !entry.models.is_empty())
}

fn not_in_catalog(reference: &Reference) -> String {
    let mut text = format!("{} is not in the catalog", harmless(&reference.text));
    let parts = reference.text.split_once('/');
    let nearest = parts
        .and_then(|(provider, id)| Some(nearest_models(&Provider::by_name(provider)?, id)))
        .unwrap_or_default();
    let mut lead = "; similar models:";
    for model in nearest {
        text.push_str(&format!("{lead} {model}"));
        lead = ",";
    }
    text
}
