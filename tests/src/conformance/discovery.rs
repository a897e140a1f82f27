//! `catalog.json`, `live_catalog`: which endpoint a configuration leads to, and what is made of its
//! list of models.

use qwen_openclaw_auth::{ApiKey, Environment};
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_config::{Config, Document};
use qwen_openclaw_transport::{Client, DiscoveredModel, Error, RetryPolicy};
use serde_json::json;

use super::{
    Case, Differences,
    canned::Canned,
    case::{list, string, word},
};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<(), String> {
    let expected = &case.expected;
    let wanted = list(&expected["requests"], "requests")?;
    // Without a key nothing is asked.
    let Some(key) = case.input["api_key"].as_str() else {
        found.compare("requests", 0, wanted.len());
        return Ok(());
    };
    let document = Document::parse(case.input["config"].to_string()).map_err(text)?;
    let config = Config::of(&document, &Environment::empty());
    let provider: Provider = word(case.text("provider"), "provider")?;
    let configured = match config.models.provider(case.text("provider")) {
        Some(entry) => entry.base_url().map_err(text)?,
        None => None,
    };
    let url = configured.or(provider.default_base_url());
    let url = url.ok_or("the provider has no base URL")?;

    let canned = Canned::new(&json!([case.input["response"]]));
    let listed = list_models(url, key, provider, &canned)?;
    let requests = canned.requests();
    found.compare("requests", requests.len(), wanted.len());
    for (sent, wanted) in requests.iter().zip(wanted) {
        let key = sent.headers().get("authorization");
        let key = key.and_then(|key| key.to_str().ok());
        found.compare(
            "method",
            Some(sent.method().as_str()),
            wanted["method"].as_str(),
        );
        found.compare(
            "url",
            Some(&*sent.uri().to_string()),
            wanted["url"].as_str(),
        );
        found.compare("key", key, wanted["authorization"].as_str());
    }
    let outcome = match &listed {
        Ok(_) => "ready",
        Err(error) if matches!(error.status(), Some(401 | 403)) => "auth-rejected",
        Err(_) => "unavailable",
    };
    let result = &expected["result"];
    let wanted = string(&result["outcomes"][0]["status"], "outcome")?;
    found.compare("outcome", outcome, wanted);
    if let Ok(listed) = listed {
        found.compare("base url", Some(url), result["base_url"].as_str());
        // Which of the models are for chat, and their order, are decided where they are shown.
        for id in list(&result["model_ids"], "model ids")? {
            let is_there = listed.iter().any(|model| *id == *model.id);
            found.compare("ids", is_there, true);
        }
    }
    Ok(())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Asks for the list of models; the inner error is the answer's.
fn list_models(
    url: &str,
    key: &str,
    provider: Provider,
    canned: &Canned,
) -> Result<Result<Vec<DiscoveredModel>, Error>, String> {
    let http = qwen_openclaw_http::Client::builder().sender(canned.clone());
    let client = Client::builder(url, ApiKey::parse(key).map_err(text)?)
        .http(http.build().map_err(text)?)
        .provider(provider)
        .retry(RetryPolicy::none())
        .build()
        .map_err(text)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    Ok(runtime.map_err(text)?.block_on(client.models()))
}
