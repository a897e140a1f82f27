//! `catalog.json`: models of an endpoint, classification, refusals, request flags.

#![expect(
    clippy::unwrap_used,
    reason = "a recording that is not as documented stops the run"
)]

use qwen_openclaw_catalog::{
    AuthChoice, Availability, ChatModel, Edition, Endpoint, Level, Provider, Row, Thinking,
    availability, classify, compat, find, listing, standard_only,
};
use serde_json::{Value, json};

use super::{Case, Differences, Verdict, discovery};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Verdict {
    match case.text("kind") {
        "base_url" => base_url(case, found),
        "model_row" => model_row(case, found),
        "model_definition" => model_definition(case, found),
        "standard_only" => is_standard_only(case, found),
        "thinking_profile" => thinking_profile(case, found),
        "normalize_config" => normalize_config(case, found),
        "suppression" => suppression(case, found),
        "compat" => request_flags(case, found),
        "registrations" => registrations(case, found),
        "catalog_run" => catalog_run(case, found),
        "live_catalog" => {
            discovered_rows(case, found);
            discovery::compare(case, found);
        }
        _ => found.note("kind", "a kind of case that is not known"),
    }
    Verdict::Compared
}

fn edition(case: &Case) -> Edition {
    case.text("version").parse().unwrap()
}

/// The ids an edition offers on a base URL; the recorded catalogs keep media models apart.
fn offered(provider: &Provider, edition: Edition, base_url: &str) -> Vec<&'static str> {
    let rows = listing(provider, edition, base_url);
    let offered = rows.iter().filter(|row| row.availability.is_available());
    offered.map(|row| row.model.id()).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap())
        .collect()
}

fn base_url(case: &Case, found: &mut Differences) {
    let expected = &case.expected;
    let edition = edition(case);
    let given = case.input["base_url"].as_str();
    let url = given.or(Provider::QWEN.default_base_url()).unwrap();
    let class = classify(url);
    let ids = offered(&Provider::QWEN, edition, url);
    found.compare("ids", ids.clone(), strings(&expected["catalog_ids"]));
    found.compare(
        "provider ids",
        ids,
        strings(&expected["provider_model_ids"]),
    );
    let built = expected["provider_base_url"]["ok"].as_str().unwrap();
    found.compare("provider url", url, built);
    let coding = expected["is_coding_plan"].as_bool();
    found.compare("coding plan", Some(class.is_coding_plan()), coding);
    // Without a URL there is nothing to be native.
    let native = given.is_some() && class.is_native();
    found.compare("native", Some(native), expected["is_native"].as_bool());
    let usage = expected["streaming_usage_compat_applied"]
        .as_bool()
        .unwrap_or_default();
    found.compare("usage", native, usage);
    if edition == Edition::V2026_9 {
        let url = given
            .or(Provider::QWEN_TOKEN_PLAN.default_base_url())
            .unwrap();
        found.compare(
            "plan url",
            url,
            expected["token_plan_base_url"].as_str().unwrap(),
        );
        let ids = offered(&Provider::QWEN_TOKEN_PLAN, edition, url);
        found.compare("plan ids", ids, strings(&expected["token_plan_model_ids"]));
    } else {
        let has = availability(&Provider::QWEN, "qwen3.6-plus", edition, url).is_available();
        let expected = expected["qwen36plus_supported"].as_bool();
        found.compare("qwen3.6-plus", Some(has), expected);
    }
}

fn model_row(case: &Case, found: &mut Differences) {
    let provider: Provider = case.text("provider").parse().unwrap();
    let row = find(&provider, case.text("model"), edition(case)).map(Row::of);
    let row = serde_json::to_value(row).unwrap();
    found.compare("row", &row, &case.expected);
}

fn model_definition(case: &Case, found: &mut Differences) {
    let params = &case.input["params"];
    let mut row = serde_json::to_value(Row::definition(params["id"].as_str().unwrap())).unwrap();
    // Prices that the caller gives are the caller's.
    if let Some(cost) = params.get("cost") {
        row["cost"] = cost.clone();
    }
    found.compare("row", &row, &case.expected);
}

fn is_standard_only(case: &Case, found: &mut Differences) {
    let only = standard_only(case.text("model"), edition(case));
    found.compare("only", Some(only), case.expected["standard_only"].as_bool());
}

fn thinking_profile(case: &Case, found: &mut Differences) {
    let provider: Provider = case.text("provider").parse().unwrap();
    let profile = Thinking::profile(&provider, case.text("model"));
    let json = profile.map(|profile| {
        let level = |level: &Level| {
            if profile.always_on {
                json!({"id": level.as_str(), "label": "on"})
            } else {
                json!({"id": level.as_str()})
            }
        };
        let levels: Vec<_> = profile.levels.iter().map(level).collect();
        let mut json = json!({"levels": levels, "defaultLevel": profile.default_level.as_str()});
        if profile.always_on {
            json["preserveWhenCatalogReasoningFalse"] = true.into();
        }
        json
    });
    found.compare("profile", &json!({ "profile": json }), &case.expected);
}

fn normalize_config(case: &Case, found: &mut Differences) {
    let config = &case.input["config"];
    let url = config["baseUrl"].as_str().unwrap();
    let mut kept = config.clone();
    kept["models"].as_array_mut().unwrap().retain(|row| {
        let id = row["id"].as_str().unwrap();
        availability(&Provider::QWEN, id, edition(case), url).is_available()
    });
    let changed = if kept == *config { Value::Null } else { kept };
    found.compare("config", &changed, &case.expected["changed"]);
}

/// The entry of a provider in a configuration: by its very id, its canonical one or an alias.
fn entry<'a>(config: &'a Value, provider: &str) -> Option<(&'a str, &'a Value)> {
    let entries = config["models"]["providers"].as_object()?;
    let canonical = Provider::by_name(provider)?;
    let named = |name: &str| entries.iter().find(|(key, _)| *key == name);
    let (key, value) = named(provider)
        .or_else(|| named(canonical.id()))
        .or_else(|| canonical.aliases().iter().find_map(|alias| named(alias)))?;
    Some((key, value))
}

fn suppression(case: &Case, found: &mut Differences) {
    let edition = edition(case);
    let id = case.text("provider");
    let provider: Provider = id.parse().unwrap();
    let config = ["config", "configured"]
        .iter()
        .map(|name| &case.input[*name]);
    let entry = config.clone().find_map(|config| entry(config, id));
    // An entry of that very name with an API of its own is the user's, whatever the alias.
    let own = entry.is_some_and(|(key, value)| key == id && value.get("api").is_some());
    let configured = entry.and_then(|(_, value)| value["baseUrl"].as_str());
    let url = case.input["base_url"].as_str().or(configured);
    let url = url.or(provider.default_base_url()).unwrap();
    for (model, text) in case.expected["error_by_model"].as_object().unwrap() {
        let refused = match availability(&provider, model, edition, url) {
            Availability::Hidden(reason) => {
                assert!(
                    reason
                        .to_string()
                        .contains(reason.elsewhere()[0].base_url())
                );
                !own
            }
            _ => false,
        };
        found.compare(model, refused, !text.is_null());
    }
}

fn request_flags(case: &Case, found: &mut Differences) {
    let flags = compat(case.text("provider"), case.text("base_url"));
    let flags = serde_json::to_value(flags).unwrap();
    let flags = flags.as_object().unwrap();
    for (name, value) in flags {
        found.compare(name, value, &case.expected[name]);
    }
    let markers = flags.get("cacheControlFormat").unwrap_or(&Value::Null);
    found.compare(
        "cacheControlFormat",
        markers,
        &case.expected["cacheControlFormat"],
    );
}

fn registrations(case: &Case, found: &mut Differences) {
    for registered in case.expected["providers"].as_array().unwrap() {
        let provider = Provider::by_name(registered["id"].as_str().unwrap()).unwrap();
        found.compare(
            "label",
            provider.label(),
            registered["label"].as_str().unwrap(),
        );
        for alias in strings(&registered["aliases"]) {
            found.compare(alias, Provider::by_name(alias).as_ref(), Some(&provider));
        }
        for name in strings(&registered["env_vars"]) {
            found.compare(name, provider.env_vars().contains(&name), true);
        }
        for method in registered["auth"].as_array().unwrap() {
            let id = method["id"].as_str().unwrap();
            let choice = AuthChoice::all()
                .iter()
                .find(|choice| choice.method() == id && choice.replaced_by().is_none());
            found.compare(
                id,
                choice.map(AuthChoice::provider).as_ref(),
                Some(&provider),
            );
            // The hint of each method names the host of its endpoint.
            let host = method["hint"]
                .as_str()
                .unwrap()
                .trim_start_matches("Endpoint: ");
            let there = choice.is_some_and(|choice| {
                choice
                    .endpoint()
                    .base_url()
                    .starts_with(&format!("https://{host}/"))
            });
            found.compare(host, there, true);
        }
    }
}

fn catalog_run(case: &Case, found: &mut Differences) {
    let expected = &case.expected["result"];
    let configured = entry_of_run(&case.input["config"]);
    match case.input["api_key"].as_str() {
        // Without a key there is no catalog to run.
        None => found.compare("result", expected.is_null(), true),
        Some(_) => {
            let url = configured.unwrap_or(Endpoint::StandardGlobal.base_url());
            found.compare("url", Some(url), expected["base_url"].as_str());
            let ids = offered(&Provider::QWEN, edition(case), url);
            found.compare("ids", ids, strings(&expected["model_ids"]));
        }
    }
}

/// In that edition the legacy entry came first.
fn entry_of_run(config: &Value) -> Option<&str> {
    let entries = &config["models"]["providers"];
    ["modelstudio", "qwen"]
        .iter()
        .find_map(|key| entries[*key]["baseUrl"].as_str())
}

fn discovered_rows(case: &Case, found: &mut Differences) {
    let provider: Provider = case.text("provider").parse().unwrap();
    let rows = case.expected["result"]["new_rows"].as_array();
    for expected in rows.into_iter().flatten() {
        let id = expected["id"].as_str().unwrap();
        found.compare(
            id,
            find(&provider, id, Edition::V2026_9).map(ChatModel::id),
            None,
        );
        let mut row = serde_json::to_value(Row::discovered(&provider, id)).unwrap();
        let listed = case.input["response"]["body"]["data"].as_array().unwrap();
        let listed = listed.iter().find(|item| item["id"] == id).unwrap();
        let fields = [
            ("name", "name"),
            ("context_length", "contextWindow"),
            ("max_output_tokens", "maxTokens"),
        ];
        for (from, to) in fields {
            if let Some(value) = listed.get(from) {
                row[to] = value.clone();
            }
        }
        found.compare(id, &row, expected);
    }
}
