//! `config set` and `config unset`: one value, and nothing else.

use clap::Args;
use qwen_openclaw::config::{self, Config, Document, ErrorKind, KeyPath, Problem, ProblemKind};
use serde_json::json;

use super::not_found;
use crate::{block_on, configuration::Configuration, failure::Failure, output::Out};

/// What `config get` prints in place of what it hides.
const REDACTED: &str = "__OPENCLAW_REDACTED__";

#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Key, such as agents.defaults.model or 'agents.defaults.models["qwen/qwen3.5-plus"].alias'
    #[arg(value_name = "KEY")]
    key: String,

    /// Value: JSON5, or else a string
    #[arg(value_name = "VALUE", allow_negative_numbers = true)]
    value: String,

    /// Fail if the value is not JSON5, instead of taking it for a string
    #[arg(long)]
    strict_json: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Unset {
    /// Key, such as agents.defaults.imageModel
    #[arg(value_name = "KEY")]
    key: String,

    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn set(arguments: &Set) -> Result<(), Failure> {
    let path: KeyPath = arguments.key.parse()?;
    if arguments.value.contains(REDACTED) {
        return Err(Failure::config(format!(
            "the value contains {REDACTED}, which `config get` prints in place of what it hides"
        )));
    }
    let configuration = Configuration::locate()?;
    let environment = &configuration.environment;
    let edited = block_on(configuration.edit(|document| {
        let before = document.clone();
        write(document, &path, arguments)?;
        let config = |document: &Document| Config::of(document, environment);
        let refused = refused(&before, document, &config(&before), &config(document));
        if refused.is_some() {
            *document = before;
        }
        Ok(refused)
    }));
    if let Some(failure) = edited? {
        return Err(failure);
    }
    report(arguments.json, &path, "Updated")
}

pub(crate) fn unset(arguments: &Unset) -> Result<(), Failure> {
    let path: KeyPath = arguments.key.parse()?;
    let configuration = Configuration::locate()?;
    if !block_on(configuration.edit(|document| document.unset(&path)))? {
        return Err(not_found(&path, &configuration));
    }
    report(arguments.json, &path, "Removed")
}

/// Writes the value: JSON5 if it is, otherwise a string.
fn write(document: &mut Document, path: &KeyPath, arguments: &Set) -> Result<(), config::Error> {
    let value = arguments.value.as_str();
    match document.set_json5(path, value) {
        // What begins like an object is a mistake rather than a string.
        Err(error)
            if error.kind() == ErrorKind::Syntax
                && !arguments.strict_json
                && !value.trim_start().starts_with(['{', '[']) =>
        {
            document.set(path, &value)
        }
        done => done,
    }
}

/// Why a change is not written: OpenClaw would not start with it, or it puts a key into the file.
fn refused(old: &Document, new: &Document, before: &Config, after: &Config) -> Option<Failure> {
    let known = old.literal_keys();
    let is_new_key = |path: &&KeyPath| !known.contains(path) || old.get(path) != new.get(path);
    if let Some(path) = new.literal_keys().iter().find(is_new_key) {
        let failure = Failure::config(format!("`{path}` would put a key into the configuration"));
        return Some(failure.with_hint(
            "`models auth paste-api-key --provider qwen` stores it where it belongs; a variable, \
             such as '${QWEN_API_KEY}', can be written",
        ));
    }
    let is_new = |problem: &&Problem| {
        let is_refused = problem.is_refused_by_openclaw();
        let is_secret = matches!(problem.kind(), ProblemKind::SecretInUrl);
        (is_refused || is_secret) && !before.problems().contains(problem)
    };
    let problem = after.problems().iter().find(is_new)?;
    let failure = Failure::config(format!("OpenClaw would refuse the change: {problem}"));
    Some(failure.with_hint("nothing was written; `config schema` describes the keys"))
}

fn report(json: bool, path: &KeyPath, what: &str) -> Result<(), Failure> {
    let mut out = Out::new();
    if json {
        let document = json!({ "ok": true, "key": path.to_string() });
        return out.document(&document);
    }
    out.line(&format!("{what} {path}."))
}
