//! `config get`: a value, as it may be shown.

use clap::Args;
use qwen_openclaw::config::KeyPath;
use serde_json::Value;

use super::not_found;
use crate::{configuration::Configuration, failure::Failure, output::Out};

#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Key, such as agents.defaults.model or 'agents.defaults.models["qwen/qwen3.5-plus"]'
    #[arg(value_name = "KEY")]
    pub(super) key: String,

    /// Print JSON, also for a value that is a string
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn run(arguments: &Get) -> Result<(), Failure> {
    let path: KeyPath = arguments.key.parse()?;
    let configuration = Configuration::locate()?;
    let document = configuration.file.read_merged()?.unwrap_or_default();
    let value = document.redacted(&path);
    let value = value.ok_or_else(|| not_found(&path, &configuration))?;
    let text = serde_json::to_value(value);
    let mut out = Out::new();
    match text {
        Ok(Value::String(text)) if !arguments.json => out.line(&text),
        _ => {
            let printed = serde_json::to_string_pretty(&value);
            let printed = printed.map_err(|error| Failure::other(error.to_string()))?;
            out.line(&printed)
        }
    }
}
