//! `config`: OpenClaw's configuration file, looked at and changed.

use clap::{Args, Subcommand};
use qwen_openclaw::config::{self, KeyPath};
use serde_json::json;

use crate::{configuration::Configuration, failure::Failure, output::Out};

mod get;
mod set;
mod validate;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a value, without secrets: `config get agents.defaults.model`
    Get(get::Get),
    /// Change a value: `config set agents.defaults.model.primary qwen/qwen3.5-plus`
    Set(set::Set),
    /// Remove a value: `config unset agents.defaults.imageModel`
    Unset(set::Unset),
    /// Print the JSON Schema of the file, as far as this program reads it
    Schema(Plain),
    /// Check the file, and say what is odd in it
    Validate(validate::Validate),
    /// Print the path of the file
    #[command(visible_alias = "file")]
    Path(Plain),
}

#[derive(Args, Debug)]
pub(crate) struct Plain {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl ConfigCommand {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Get(get) => get.json,
            Self::Set(set) => set.json,
            Self::Unset(unset) => unset.json,
            Self::Validate(validate) => validate.json,
            Self::Schema(plain) | Self::Path(plain) => plain.json,
        }
    }
}

pub(crate) fn run(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Get(get) => get::run(get),
        ConfigCommand::Set(set) => set::set(set),
        ConfigCommand::Unset(unset) => set::unset(unset),
        ConfigCommand::Validate(validate) => validate::run(validate),
        ConfigCommand::Path(plain) => path(plain),
        ConfigCommand::Schema(_) => {
            let schema = config::schema().to_value();
            Out::new().line(&format!("{schema:#}"))
        }
    }
}

fn path(arguments: &Plain) -> Result<(), Failure> {
    let configuration = Configuration::locate()?;
    let path = configuration.file.path();
    let mut out = Out::new();
    if arguments.json {
        let document = json!({ "path": path, "exists": path.exists() });
        return out.line(&format!("{document:#}"));
    }
    out.line(&path.display().to_string())
}

/// The failure for a value that is not there.
fn not_found(path: &KeyPath, configuration: &Configuration) -> Failure {
    Failure::config(format!(
        "no such key in {}: {path}",
        configuration.file.shown()
    ))
}
