//! `models fallbacks` and `models image-fallbacks`: the models that are asked when the first fails.

use clap::{Args, Command, Subcommand};
use qwen_openclaw::config::{Config, Document, ModelSlot};
use serde_json::json;

use super::{
    choice::{Choice, example},
    list_args::ListArgs,
};
use crate::{block_on, configuration::Configuration, failure::Failure, output::Out};

#[derive(Debug, Subcommand)]
pub(crate) enum FallbacksCommand {
    /// List the fallbacks, in the order in which they are asked
    List(ListArgs),
    /// Add a model at the end
    Add(Fallback),
    /// Remove a model
    Remove(Fallback),
    /// Remove all fallbacks
    Clear(Clear),
}

#[derive(Args, Debug)]
pub(crate) struct Fallback {
    /// Model, such as qwen/qwen3.6-plus, or an alias
    #[arg(value_name = "REF")]
    model: String,

    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Clear {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Ends the help of a command below `models GROUP` with an example.
pub(crate) fn with_example(command: Command, group: &str) -> Command {
    let line = format!("models {group} {}", command.get_name());
    let text = match command.get_name() {
        "add" | "remove" => example(&line),
        _ => format!("Example: qwen-openclaw {line}"),
    };
    command.after_help(text)
}

impl FallbacksCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List(list) => list.json,
            Self::Add(fallback) | Self::Remove(fallback) => fallback.json,
            Self::Clear(clear) => clear.json,
        }
    }
}

pub(crate) fn run(command: &FallbacksCommand, slot: ModelSlot) -> Result<(), Failure> {
    let configuration = Configuration::locate()?;
    match command {
        FallbacksCommand::List(arguments) => list(arguments, slot, &configuration.load()?),
        FallbacksCommand::Add(arguments) => add(arguments, slot, &configuration),
        FallbacksCommand::Remove(arguments) => remove(arguments, slot, &configuration),
        FallbacksCommand::Clear(arguments) => {
            block_on(configuration.edit(|document| document.clear_fallbacks(slot)))?;
            let line = format!("{} list cleared.", singular(slot));
            report(arguments.json, &[], &[], &line)
        }
    }
}

fn list(arguments: &ListArgs, slot: ModelSlot, config: &Config) -> Result<(), Failure> {
    let defaults = &config.agents.defaults;
    let choice = match slot {
        ModelSlot::Image => &defaults.image_model,
        _ => &defaults.model,
    };
    let fallbacks: Vec<&str> = choice
        .fallbacks
        .iter()
        .flatten()
        .map(|text| text.raw())
        .collect();
    let mut out = Out::new();
    if arguments.json {
        return out.line(&format!("{:#}", json!({ "fallbacks": fallbacks })));
    }
    if arguments.plain {
        return fallbacks.iter().try_for_each(|model| out.line(model));
    }
    out.line(&format!("{}s ({}):", singular(slot), fallbacks.len()))?;
    if fallbacks.is_empty() {
        return out.line("- none");
    }
    let mut lines = fallbacks.iter();
    lines.try_for_each(|model| out.line(&format!("- {model}")))
}

fn add(
    arguments: &Fallback,
    slot: ModelSlot,
    configuration: &Configuration,
) -> Result<(), Failure> {
    let mut choice = Choice::of(&arguments.model, &configuration.load()?)?;
    let model = choice.model.clone();
    let environment = &configuration.environment;
    let mut is_primary = false;
    let fallbacks = block_on(configuration.edit(|document| {
        let config = Config::of(document, environment);
        let primary = document.model(slot);
        is_primary = primary.is_some_and(|primary| is_same(&config, primary, &model));
        // The same model may be there under an alias.
        if entries(document, slot, &config, &model).is_empty() {
            document.add_fallback(slot, &model)?;
        }
        Ok(document.fallbacks(slot))
    }))?;
    if is_primary {
        choice
            .warnings
            .push(format!("{model} is asked first anyway"));
    }
    choice.tell();
    report(
        arguments.json,
        &fallbacks,
        &choice.warnings,
        &line(slot, &fallbacks),
    )
}

fn remove(
    arguments: &Fallback,
    slot: ModelSlot,
    configuration: &Configuration,
) -> Result<(), Failure> {
    let environment = &configuration.environment;
    let given = arguments.model.trim();
    let mut is_missing = false;
    let fallbacks = block_on(configuration.edit(|document| {
        let config = Config::of(document, environment);
        let mut found = entries(document, slot, &config, given);
        found.dedup();
        is_missing = found.is_empty();
        if is_missing {
            document.remove_fallback(slot, given)?;
        }
        for entry in &found {
            document.remove_fallback(slot, entry)?;
        }
        Ok(document.fallbacks(slot))
    }));
    let list = match slot {
        ModelSlot::Image => "image-fallbacks",
        _ => "fallbacks",
    };
    let fallbacks = fallbacks.map_err(|failure| {
        if is_missing {
            failure.with_hint(format!("`models {list} list` shows the fallbacks"))
        } else {
            failure
        }
    })?;
    report(arguments.json, &fallbacks, &[], &line(slot, &fallbacks))
}

/// The fallbacks that are this model, as they are written.
fn entries(document: &Document, slot: ModelSlot, config: &Config, model: &str) -> Vec<String> {
    let fallbacks = document.fallbacks(slot).into_iter();
    fallbacks
        .filter(|entry| is_same(config, entry, model))
        .collect()
}

/// Whether two names, such as an alias and a reference, stand for the same model.
fn is_same(config: &Config, one: &str, other: &str) -> bool {
    let model = |name| config.reference(name).map(|reference| reference.text).ok();
    one == other || model(one).is_some_and(|one| Some(one) == model(other))
}

fn line(slot: ModelSlot, fallbacks: &[String]) -> String {
    format!("{}s: {}", singular(slot), fallbacks.join(", "))
}

fn singular(slot: ModelSlot) -> &'static str {
    match slot {
        ModelSlot::Image => "Image fallback",
        _ => "Fallback",
    }
}

fn report(
    json: bool,
    fallbacks: &[String],
    warnings: &[String],
    line: &str,
) -> Result<(), Failure> {
    let mut out = Out::new();
    if !json {
        return out.line(line);
    }
    let document = json!({ "ok": true, "fallbacks": fallbacks, "warnings": warnings });
    out.line(&format!("{document:#}"))
}
