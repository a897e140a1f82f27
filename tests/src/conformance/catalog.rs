//! `catalog.json`: models of an endpoint, classification, refusals, request flags.

use qwen_openclaw_catalog::{
    AuthChoice, Availability, ChatModel, Edition, Endpoint, Level, Provider, Row, Thinking,
    availability, classify, compat, find, listing, standard_only,
};
use serde_json::{Value, json};

use super::{
    Case, Differences, UNKNOWN, Verdict,
    case::{list, object, string, strings, word},
    discovery,
};

/// Nothing, or why a case cannot be read.
type Read = Result<(), String>;

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    match case.text("kind") {
        "base_url" => base_url(case, found)?,
        "model_row" => model_row(case, found)?,
        "model_definition" => model_definition(case, found)?,
        "standard_only" => is_standard_only(case, found)?,
        "thinking_profile" => thinking_profile(case, found)?,
        "normalize_config" => normalize_config(case, found)?,
        "suppression" => suppression(case, found)?,
        "compat" => request_flags(case, found)?,
        "registrations" => registrations(case, found)?,
        "catalog_run" => catalog_run(case, found)?,
        "live_catalog" => {
            discovered_rows(case, found)?;
            discovery::compare(case, found)?;
        }
        _ => return Err(UNKNOWN.to_owned()),
    }
    Ok(Verdict::Compared)
}

fn edition(case: &Case) -> Result<Edition, String> {
    word(case.text("version"), "version")
}

fn provider(case: &Case) -> Result<Provider, String> {
    word(case.text("provider"), "provider")
}

/// A value of ours as JSON.
fn json_of(value: impl serde::Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// The ids an edition offers on a base URL; the recorded catalogs keep media models apart.
fn offered(provider: &Provider, edition: Edition, base_url: &str) -> Vec<&'static str> {
    let rows = listing(provider, edition, base_url);
    let offered = rows.iter().filter(|row| row.availability.is_available());
    offered.map(|row| row.model.id()).collect()
}

fn base_url(case: &Case, found: &mut Differences) -> Read {
    let expected = &case.expected;
    let edition = edition(case)?;
    let given = case.input["base_url"].as_str();
    let url = given
        .or(Provider::QWEN.default_base_url())
        .unwrap_or_default();
    let class = classify(url);
    let ids = offered(&Provider::QWEN, edition, url);
    let listed = strings(&expected["catalog_ids"], "catalog_ids")?;
    found.compare("ids", ids.clone(), listed);
    let listed = strings(&expected["provider_model_ids"], "provider_model_ids")?;
    found.compare("provider ids", ids, listed);
    let built = string(&expected["provider_base_url"]["ok"], "provider_base_url")?;
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
            .unwrap_or_default();
        let built = string(&expected["token_plan_base_url"], "token_plan_base_url")?;
        found.compare("plan url", url, built);
        let ids = offered(&Provider::QWEN_TOKEN_PLAN, edition, url);
        let listed = strings(&expected["token_plan_model_ids"], "token_plan_model_ids")?;
        found.compare("plan ids", ids, listed);
    } else {
        let has = availability(&Provider::QWEN, "qwen3.6-plus", edition, url).is_available();
        let expected = expected["qwen36plus_supported"].as_bool();
        found.compare("qwen3.6-plus", Some(has), expected);
    }
    Ok(())
}

fn model_row(case: &Case, found: &mut Differences) -> Read {
    let row = find(&provider(case)?, case.text("model"), edition(case)?).map(Row::of);
    found.compare("row", &json_of(row)?, &case.expected);
    Ok(())
}

fn model_definition(case: &Case, found: &mut Differences) -> Read {
    let params = &case.input["params"];
    let mut row = json_of(Row::definition(string(&params["id"], "id")?))?;
    // Prices that the caller gives are the caller's.
    if let Some(cost) = params.get("cost") {
        row["cost"] = cost.clone();
    }
    found.compare("row", &row, &case.expected);
    Ok(())
}

fn is_standard_only(case: &Case, found: &mut Differences) -> Read {
    let only = standard_only(case.text("model"), edition(case)?);
    found.compare("only", Some(only), case.expected["standard_only"].as_bool());
    Ok(())
}

fn thinking_profile(case: &Case, found: &mut Differences) -> Read {
    let profile = Thinking::profile(&provider(case)?, case.text("model"));
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
    Ok(())
}

fn normalize_config(case: &Case, found: &mut Differences) -> Read {
    let config = &case.input["config"];
    let changed = without_hidden(config, edition(case)?)?;
    found.compare(
        "config",
        &changed.unwrap_or_default(),
        &case.expected["changed"],
    );
    Ok(())
}

/// A configuration without the rows that its endpoint hides; `None` when it hides none of them. No
/// base URL hides any, and a configuration need not have rows.
fn without_hidden(config: &Value, edition: Edition) -> Result<Option<Value>, String> {
    let (base_url, rows) = (&config["baseUrl"], &config["models"]);
    if base_url.is_null() || rows.is_null() {
        return Ok(None);
    }
    let (base_url, rows) = (string(base_url, "baseUrl")?, list(rows, "models")?);
    let mut kept = Vec::new();
    for row in rows {
        let id = string(&row["id"], "id of a model")?;
        if availability(&Provider::QWEN, id, edition, base_url).is_available() {
            kept.push(row.clone());
        }
    }
    if kept == rows {
        return Ok(None);
    }
    let mut config = object(config, "config")?.clone();
    config.insert("models".to_owned(), Value::Array(kept));
    Ok(Some(Value::Object(config)))
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

fn suppression(case: &Case, found: &mut Differences) -> Read {
    let edition = edition(case)?;
    let id = case.text("provider");
    let provider = provider(case)?;
    let config = ["config", "configured"]
        .iter()
        .map(|name| &case.input[*name]);
    let entry = config.clone().find_map(|config| entry(config, id));
    // An entry of that very name with an API of its own is the user's, whatever the alias.
    let own = entry.is_some_and(|(key, value)| key == id && value.get("api").is_some());
    let configured = entry.and_then(|(_, value)| value["baseUrl"].as_str());
    let url = case.input["base_url"].as_str().or(configured);
    let url = url.or(provider.default_base_url());
    let url = url.ok_or("there is no base URL")?;
    for (model, text) in object(&case.expected["error_by_model"], "error_by_model")? {
        let refused = match availability(&provider, model, edition, url) {
            Availability::Hidden(reason) => {
                let elsewhere = reason.elsewhere();
                let says = elsewhere
                    .first()
                    .map(|there| reason.to_string().contains(there.base_url()));
                found.compare("where else", says, Some(true));
                !own
            }
            _ => false,
        };
        found.compare(model, refused, !text.is_null());
    }
    Ok(())
}

fn request_flags(case: &Case, found: &mut Differences) -> Read {
    let flags = compat(case.text("provider"), case.text("base_url"));
    let flags = json_of(flags)?;
    let flags = object(&flags, "flags")?;
    for (name, value) in flags {
        found.compare(name, value, &case.expected[name]);
    }
    let markers = flags.get("cacheControlFormat").unwrap_or(&Value::Null);
    found.compare(
        "cacheControlFormat",
        markers,
        &case.expected["cacheControlFormat"],
    );
    Ok(())
}

fn registrations(case: &Case, found: &mut Differences) -> Read {
    for registered in list(&case.expected["providers"], "providers")? {
        let id = string(&registered["id"], "id")?;
        let Some(provider) = Provider::by_name(id) else {
            found.note("provider", format!("{id} is no provider"));
            continue;
        };
        let label = string(&registered["label"], "label")?;
        found.compare("label", provider.label(), label);
        for alias in list_or_none(&registered["aliases"], "aliases")? {
            let alias = string(alias, "alias")?;
            found.compare(alias, Provider::by_name(alias).as_ref(), Some(&provider));
        }
        for name in list_or_none(&registered["env_vars"], "env_vars")? {
            let name = string(name, "environment variable")?;
            found.compare(name, provider.env_vars().contains(&name), true);
        }
        for method in list_or_none(&registered["auth"], "auth")? {
            let id = string(&method["id"], "id of a method")?;
            let choice = AuthChoice::all()
                .iter()
                .find(|choice| choice.method() == id && choice.replaced_by().is_none());
            found.compare(
                id,
                choice.map(AuthChoice::provider).as_ref(),
                Some(&provider),
            );
            // The hint of a method names the host of its endpoint, if it has one.
            let Some(host) = string(&method["hint"], "hint")?.strip_prefix("Endpoint: ") else {
                continue;
            };
            let there = choice.is_some_and(|choice| {
                choice
                    .endpoint()
                    .base_url()
                    .starts_with(&format!("https://{host}/"))
            });
            found.compare(host, there, true);
        }
    }
    Ok(())
}

/// A list that a provider which has none of them leaves out or sets to null.
fn list_or_none<'a>(value: &'a Value, what: &str) -> Result<&'a [Value], String> {
    if value.is_null() {
        return Ok(&[]);
    }
    list(value, what)
}

fn catalog_run(case: &Case, found: &mut Differences) -> Read {
    let expected = &case.expected["result"];
    let configured = entry_of_run(&case.input["config"]);
    match case.input["api_key"].as_str() {
        // Without a key there is no catalog to run.
        None => found.compare("result", expected.is_null(), true),
        Some(_) => {
            let url = configured.unwrap_or(Endpoint::StandardGlobal.base_url());
            found.compare("url", Some(url), expected["base_url"].as_str());
            let ids = offered(&Provider::QWEN, edition(case)?, url);
            found.compare("ids", ids, strings(&expected["model_ids"], "model_ids")?);
        }
    }
    Ok(())
}

/// In that edition the legacy entry came first.
fn entry_of_run(config: &Value) -> Option<&str> {
    let entries = &config["models"]["providers"];
    ["modelstudio", "qwen"]
        .iter()
        .find_map(|key| entries[*key]["baseUrl"].as_str())
}

fn discovered_rows(case: &Case, found: &mut Differences) -> Read {
    let provider = provider(case)?;
    let rows = case.expected["result"]["new_rows"].as_array();
    for expected in rows.into_iter().flatten() {
        let id = string(&expected["id"], "id")?;
        found.compare(
            id,
            find(&provider, id, Edition::V2026_9).map(ChatModel::id),
            None,
        );
        let mut row = json_of(Row::discovered(&provider, id))?;
        let listed = list(&case.input["response"]["body"]["data"], "data")?;
        let listed = listed.iter().find(|item| item["id"] == id);
        let listed = listed.ok_or_else(|| format!("{id} is not listed"))?;
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
    Ok(())
}
