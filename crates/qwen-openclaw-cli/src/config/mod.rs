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
    /// Print a value, with keys and tokens hidden
    #[command(after_help = "Example: qwen-openclaw config get agents.defaults.model")]
    Get(get::Get),
    /// Change a value, and nothing else
    #[command(after_help = "Example: qwen-openclaw config set agents.defaults.mediaMaxMb 20")]
    Set(set::Set),
    /// Remove a value
    #[command(after_help = "Example: qwen-openclaw config unset agents.defaults.imageModel")]
    Unset(set::Unset),
    /// Print the JSON Schema of the file, as far as this program reads it
    #[command(after_help = "Example: qwen-openclaw config schema > openclaw.schema.json")]
    Schema(Plain),
    /// Check the file, and show what is wrong with it
    #[command(after_help = "Example: qwen-openclaw config validate --strict")]
    Validate(validate::Validate),
    /// Print the path of the file
    #[command(
        visible_alias = "file",
        after_help = "Example: $EDITOR \"$(qwen-openclaw config path)\""
    )]
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
            Out::new().document(&schema)
        }
    }
}

fn path(arguments: &Plain) -> Result<(), Failure> {
    let configuration = Configuration::locate()?;
    let path = configuration.file.path();
    let mut out = Out::new();
    if arguments.json {
        let document = json!({ "path": path, "exists": path.exists() });
        return out.document(&document);
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
