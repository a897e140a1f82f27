//! `onboarding.json`: what each choice makes of a configuration.

use std::collections::{BTreeMap, BTreeSet};

use qwen_openclaw_catalog::{AuthChoice, Edition, Plan, Region};
use qwen_openclaw_config::{Document, Preset};
use serde_json::Value;

use super::{
    Case, Differences, Verdict,
    case::{object, strings, word},
};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    let edition: Edition = word(case.text("version"), "version")?;
    // As a file of a new configuration is laid out.
    let text = serde_json::to_string_pretty(&case.input["config"]);
    let text = text.map_err(|error| error.to_string())?;
    let mut document = Document::parse(text).map_err(|error| error.to_string())?;
    for preset in presets(&case.input["preset"])? {
        let preset = Preset::of(choice(preset)?).edition(edition);
        if let Err(error) = preset.apply_models(&mut document) {
            found.note("config", error.to_string());
        }
    }
    let written = parts(&document.to_value())?;
    let expected = parts(&case.expected["config"])?;
    let names: BTreeSet<&String> = written.keys().chain(expected.keys()).collect();
    for name in names {
        found.compare(name, written.get(name), expected.get(name));
    }
    Ok(Verdict::Compared)
}

/// A configuration by sections, those of `models` each by itself.
fn parts(config: &Value) -> Result<BTreeMap<String, Value>, String> {
    let mut parts = BTreeMap::new();
    for (name, value) in object(config, "config")? {
        match value {
            Value::Object(members) if name == "models" => {
                let members = members.iter();
                parts.extend(
                    members.map(|(member, value)| (format!("{name}.{member}"), value.clone())),
                );
            }
            _ => drop(parts.insert(name.clone(), value.clone())),
        }
    }
    Ok(parts)
}

/// One choice, or several that are made one after the other.
fn presets(input: &Value) -> Result<Vec<&str>, String> {
    match input.as_str() {
        Some(preset) => Ok(vec![preset]),
        None => strings(input, "preset"),
    }
}

fn choice(preset: &str) -> Result<AuthChoice, String> {
    let unknown = || format!("{preset:?} is no choice");
    let (plan, region) = preset.rsplit_once('-').ok_or_else(unknown)?;
    let (plan, region): (Plan, Region) = (word(plan, "plan")?, word(region, "region")?);
    let fits = |choice: &&AuthChoice| choice.plan() == plan && choice.region() == region;
    let choice = AuthChoice::all().iter().find(fits);
    choice.copied().ok_or_else(unknown)
}
