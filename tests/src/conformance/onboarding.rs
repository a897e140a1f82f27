//! `onboarding.json`: what each choice makes of a configuration.

#![expect(
    clippy::unwrap_used,
    reason = "a recording that is not as documented stops the run"
)]

use std::collections::{BTreeMap, BTreeSet};

use qwen_openclaw_catalog::{AuthChoice, Edition, Plan, Region};
use qwen_openclaw_config::{Document, Preset};
use serde_json::Value;

use super::{Case, Differences, Verdict};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Verdict {
    let edition: Edition = case.text("version").parse().unwrap();
    // As a file of a new configuration is laid out.
    let text = serde_json::to_string_pretty(&case.input["config"]).unwrap();
    let mut document = Document::parse(text).unwrap();
    for preset in presets(&case.input["preset"]) {
        let preset = Preset::of(choice(preset)).edition(edition);
        if let Err(error) = preset.apply_models(&mut document) {
            found.note("config", error.to_string());
        }
    }
    let (written, expected) = (parts(&document.to_value()), parts(&case.expected["config"]));
    let names: BTreeSet<&String> = written.keys().chain(expected.keys()).collect();
    for name in names {
        found.compare(name, written.get(name), expected.get(name));
    }
    Verdict::Compared
}

/// A configuration by sections, those of `models` each by itself.
fn parts(config: &Value) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::new();
    for (name, value) in config.as_object().unwrap() {
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
    parts
}

/// One choice, or several that are made one after the other.
fn presets(input: &Value) -> Vec<&str> {
    match input {
        Value::Array(presets) => presets
            .iter()
            .map(|preset| preset.as_str().unwrap())
            .collect(),
        one => vec![one.as_str().unwrap()],
    }
}

fn choice(preset: &str) -> AuthChoice {
    let (plan, region) = preset.rsplit_once('-').unwrap();
    let (plan, region): (Plan, Region) = (plan.parse().unwrap(), region.parse().unwrap());
    let fits = |choice: &&AuthChoice| choice.plan() == plan && choice.region() == region;
    *AuthChoice::all().iter().find(fits).unwrap()
}
