//! `onboarding.json`: what each choice writes into an empty configuration.

#![expect(
    clippy::unwrap_used,
    reason = "a recording that is not as documented stops the run"
)]

use qwen_openclaw_catalog::{AuthChoice, Edition, Plan, Region, Row};
use serde_json::{Map, Value, json};

use super::{Case, Differences, Verdict};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Verdict {
    match case.input["preset"].as_str() {
        Some(preset) if case.input["config"] == json!({}) => {
            empty_config(case, preset, found);
            Verdict::Compared
        }
        _ => Verdict::NotYet("choices that meet a configuration"),
    }
}

fn choice(preset: &str) -> AuthChoice {
    let (plan, region) = preset.rsplit_once('-').unwrap();
    let (plan, region): (Plan, Region) = (plan.parse().unwrap(), region.parse().unwrap());
    let fits = |choice: &&AuthChoice| choice.plan() == plan && choice.region() == region;
    *AuthChoice::all().iter().find(fits).unwrap()
}

fn empty_config(case: &Case, preset: &str, found: &mut Differences) {
    let edition: Edition = case.text("version").parse().unwrap();
    let choice = choice(preset);
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
    entries[&primary] = json!({"alias": choice.alias()});
    found.compare("entries", &Value::Object(entries), &defaults["models"]);

    // Rows are written by the older release only.
    if edition == Edition::V2026_4 {
        let rows: Vec<_> = choice.models(edition).map(Row::of).collect();
        found.compare(
            "rows",
            &serde_json::to_value(rows).unwrap(),
            &provider["models"],
        );
    }
}
