//! `onboarding.json`: what each choice writes into an empty configuration.

use qwen_openclaw_catalog::{AuthChoice, Edition, Plan, Region, Row};
use serde_json::{Map, Value, json};

use super::{
    Case, Differences, Verdict,
    case::{strings, word},
};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    let preset = &case.input["preset"];
    let presets = match preset.as_str() {
        Some(preset) => vec![preset],
        None => strings(preset, "preset")?,
    };
    let choices: Result<Vec<_>, _> = presets.into_iter().map(choice).collect();
    match choices?[..] {
        [choice] if case.input["config"] == json!({}) => {
            empty_config(case, choice, found)?;
            Ok(Verdict::Compared)
        }
        _ => Ok(Verdict::NotYet("choices that meet a configuration")),
    }
}

fn choice(preset: &str) -> Result<AuthChoice, String> {
    let unknown = || format!("{preset:?} is no choice");
    let (plan, region) = preset.rsplit_once('-').ok_or_else(unknown)?;
    let (plan, region): (Plan, Region) = (word(plan, "plan")?, word(region, "region")?);
    let fits = |choice: &&AuthChoice| choice.plan() == plan && choice.region() == region;
    AuthChoice::all()
        .iter()
        .find(fits)
        .copied()
        .ok_or_else(unknown)
}

fn empty_config(case: &Case, choice: AuthChoice, found: &mut Differences) -> Result<(), String> {
    let edition: Edition = word(case.text("version"), "version")?;
    let config = &case.expected["config"];
    let provider = &config["models"]["providers"][choice.provider().id()];
    let url = choice.endpoint().base_url();
    found.compare("base url", Some(url), provider["baseUrl"].as_str());

    let defaults = &config["agents"]["defaults"];
    let primary = format!("{}/{}", choice.provider(), choice.default_model());
    found.compare(
        "primary",
        Some(primary.as_str()),
        defaults["model"]["primary"].as_str(),
    );
    let mut entries = Map::new();
    for model in choice.models(edition) {
        for prefix in choice.model_prefixes() {
            entries.insert(format!("{prefix}/{}", model.id()), json!({}));
        }
    }
    entries.insert(primary, json!({"alias": choice.alias()}));
    found.compare("entries", &Value::Object(entries), &defaults["models"]);

    // Rows are written by the older release only.
    if edition == Edition::V2026_4 {
        let rows: Vec<_> = choice.models(edition).map(Row::of).collect();
        let rows = serde_json::to_value(rows).map_err(|error| error.to_string())?;
        found.compare("rows", &rows, &provider["models"]);
    }
    Ok(())
}
