//! `models set` and `models set-image`: the model that is used unless another is named.

use clap::Args;
use qwen_openclaw::{
    catalog::{Edition, Modality, Provider, find},
    config::ModelSlot,
};
use serde_json::json;

use super::choice::Choice;
use crate::{block_on, configuration::Configuration, failure::Failure, output::Out};

#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Model to use, such as qwen/qwen3-coder-plus; an alias, or an id without a provider, works too
    #[arg(value_name = "REF")]
    pub(crate) model: String,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(arguments: &Set, slot: ModelSlot) -> Result<(), Failure> {
    let configuration = Configuration::locate()?;
    let mut choice = Choice::of(&arguments.model, &configuration.load()?)?;
    if !choice.is_known_provider {
        return Err(unknown_provider(&choice.model));
    }
    if slot == ModelSlot::Image && is_blind(&choice.model) {
        let warning = format!(
            "{} takes no images, as far as the catalog knows",
            choice.model
        );
        choice.warnings.push(warning);
    }
    choice.tell();
    let model = choice.model.as_str();
    block_on(configuration.edit(|document| document.set_model(slot, model)))?;
    let mut out = Out::new();
    if arguments.json {
        let document = json!({
            "ok": true,
            "configPath": configuration.file.path(),
            "model": model,
            "warnings": choice.warnings,
        });
        return out.line(&format!("{document:#}"));
    }
    let label = match slot {
        ModelSlot::Image => "Image model",
        _ => "Default model",
    };
    out.line(&format!("{label}: {model}"))
}

/// Nothing was written: no request for it would ever be answered.
fn unknown_provider(model: &str) -> Failure {
    let provider = model
        .split_once('/')
        .map_or(model, |(provider, _)| provider);
    let failure = match provider.parse::<Provider>() {
        Ok(provider) => Failure::from(provider.unknown()),
        Err(error) => Failure::from(error),
    };
    failure.with_code_1().with_hint(format!(
        "the configuration was not changed: configure the provider under \
         models.providers first to choose {}",
        crate::output::harmless(model)
    ))
}

/// Whether the catalog says that a model takes no images.
fn is_blind(model: &str) -> bool {
    let row = model
        .split_once('/')
        .and_then(|(provider, id)| find(&Provider::by_name(provider)?, id, Edition::Merged));
    row.is_some_and(|row| row.accepts(Modality::Image) == Some(false))
}
