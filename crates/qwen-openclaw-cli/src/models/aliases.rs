//! `models aliases`: short names for models.

use clap::{Args, Subcommand};
use qwen_openclaw::{
    catalog::nearest_names,
    config::{Config, ErrorKind},
};
use serde_json::{Map, Value, json};

use super::{
    choice::{Choice, example, the_alias},
    list_args::ListArgs,
};
use crate::{
    block_on,
    configuration::Configuration,
    failure::Failure,
    output::{Out, note},
};

#[derive(Debug, Subcommand)]
pub(crate) enum AliasesCommand {
    /// List the aliases
    #[command(after_help = "Example: qwen-openclaw models aliases list")]
    List(ListArgs),
    /// Give a model an alias
    #[command(after_help = example("models aliases add fast"))]
    Add(Add),
    /// Remove an alias
    #[command(after_help = "Example: qwen-openclaw models aliases remove fast")]
    Remove(Remove),
}

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// Alias: letters, digits, dots, underscores, colons and dashes
    #[arg(value_name = "ALIAS")]
    alias: String,

    /// Model it stands for, such as qwen/qwen3-coder-plus
    #[arg(value_name = "REF")]
    model: String,

    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// Alias to remove
    #[arg(value_name = "ALIAS")]
    alias: String,

    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl AliasesCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List(list) => list.json,
            Self::Add(add) => add.json,
            Self::Remove(remove) => remove.json,
        }
    }
}

pub(crate) fn run(command: &AliasesCommand) -> Result<(), Failure> {
    let configuration = Configuration::locate()?;
    match command {
        AliasesCommand::List(arguments) => list(arguments, &configuration.load()?),
        AliasesCommand::Add(arguments) => add(arguments, &configuration),
        AliasesCommand::Remove(arguments) => remove(arguments, &configuration),
    }
}

fn list(arguments: &ListArgs, config: &Config) -> Result<(), Failure> {
    let aliases: Vec<(&str, &str)> = config.agents.aliases().collect();
    let mut out = Out::new();
    if arguments.json {
        return out.line(&format!("{:#}", json!({ "aliases": object(&aliases) })));
    }
    if arguments.plain {
        let mut lines = aliases.iter();
        return lines.try_for_each(|(alias, model)| out.line(&format!("{alias} {model}")));
    }
    out.line(&format!("Aliases ({}):", aliases.len()))?;
    if aliases.is_empty() {
        return out.line("- none");
    }
    let mut lines = aliases.iter();
    lines.try_for_each(|(alias, model)| out.line(&format!("- {alias} -> {model}")))
}

fn add(arguments: &Add, configuration: &Configuration) -> Result<(), Failure> {
    let choice = Choice::of(&arguments.model, &configuration.load()?)?;
    choice.tell();
    let (alias, model) = (arguments.alias.trim(), choice.model.as_str());
    let (before, aliases) = block_on(configuration.edit(|document| {
        let before = document.aliases();
        document.add_alias(alias, model)?;
        Ok((before, document.aliases()))
    }))?;
    let replaced = before
        .iter()
        .find(|(other, of)| of == model && other != alias);
    if let Some((other, _)) = replaced {
        note(&format!(
            "A model has one alias: {other} no longer stands for {model}."
        ));
    }
    let line = format!("Alias {alias} -> {model}");
    report(arguments.json, &aliases, &choice.warnings, &line)
}

fn remove(arguments: &Remove, configuration: &Configuration) -> Result<(), Failure> {
    let alias = arguments.alias.trim();
    let mut hint = None;
    let aliases = block_on(configuration.edit(|document| {
        let removed = document.remove_alias(alias);
        if matches!(&removed, Err(error) if error.kind() == ErrorKind::NotFound) {
            let aliases = document.aliases();
            let names = aliases.iter().map(|(alias, _)| alias.as_str());
            hint = Some(match nearest_names(alias, names).first() {
                Some(alias) => format!("did you mean {}?", the_alias(alias)),
                None => "`models aliases list` shows the aliases".to_owned(),
            });
        }
        removed?;
        Ok(document.aliases())
    }))
    .map_err(|failure| match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    })?;
    report(
        arguments.json,
        &aliases,
        &[],
        &format!("Alias removed: {alias}"),
    )
}

fn report(
    json: bool,
    aliases: &[(String, String)],
    warnings: &[String],
    line: &str,
) -> Result<(), Failure> {
    if !json {
        return Out::new().line(line);
    }
    let pairs: Vec<(&str, &str)> = aliases
        .iter()
        .map(|(a, m)| (a.as_str(), m.as_str()))
        .collect();
    let document = json!({ "ok": true, "aliases": object(&pairs), "warnings": warnings });
    Out::new().line(&format!("{document:#}"))
}

fn object(aliases: &[(&str, &str)]) -> Map<String, Value> {
    let pairs = aliases.iter();
    pairs
        .map(|(alias, model)| ((*alias).to_owned(), (*model).into()))
        .collect()
}
