//! `catalog.json`, `live_catalog`: which endpoint a configuration leads to, and what is made of its
//! list of models.

#![expect(
    clippy::unwrap_used,
    reason = "a recording that is not as documented stops the run"
)]

use qwen_openclaw_auth::{ApiKey, Environment};
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_config::{Config, Document};
use qwen_openclaw_transport::{Client, DiscoveredModel, Error, RetryPolicy};
use serde_json::{Value, json};

use super::{Case, Differences, canned::Canned};

pub(super) fn compare(case: &Case, found: &mut Differences) {
    let expected = &case.expected;
    // Without a key nothing is asked.
    let Some(key) = case.input["api_key"].as_str() else {
        found.compare(
            "requests",
            expected["requests"].as_array().unwrap().len(),
            0,
        );
        return;
    };
    let document = Document::parse(case.input["config"].to_string()).unwrap();
    let config = Config::of(&document, &Environment::empty());
    let provider: Provider = case.text("provider").parse().unwrap();
    let entry = config.models.provider(case.text("provider"));
    let configured = entry.and_then(|entry| entry.base_url().unwrap());
    let url = configured.or(provider.default_base_url()).unwrap();

    let canned = Canned::new(&json!([case.input["response"]]));
    let listed = ask(url, key, provider, &canned);
    let requests = canned.requests();
    let wanted = expected["requests"].as_array().unwrap();
    found.compare("requests", requests.len(), wanted.len());
    for (sent, wanted) in requests.iter().zip(wanted) {
        let key = sent.headers().get("authorization").unwrap();
        found.compare("method", sent.method().as_str(), text(wanted, "method"));
        found.compare("url", &*sent.uri().to_string(), text(wanted, "url"));
        found.compare("key", key.to_str().unwrap(), text(wanted, "authorization"));
    }
    let outcome = match &listed {
        Ok(_) => "ready",
        Err(error) if matches!(error.status(), Some(401 | 403)) => "auth-rejected",
        Err(_) => "unavailable",
    };
    let result = &expected["result"];
    found.compare("outcome", outcome, text(&result["outcomes"][0], "status"));
    if let Ok(listed) = listed {
        found.compare("base url", url, text(result, "base_url"));
        // Which of the models are for chat, and their order, are decided where they are shown.
        for id in result["model_ids"].as_array().unwrap() {
            let is_there = listed.iter().any(|model| *id == *model.id);
            found.compare("ids", is_there, true);
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn ask(
    url: &str,
    key: &str,
    provider: Provider,
    canned: &Canned,
) -> Result<Vec<DiscoveredModel>, Error> {
    let http = qwen_openclaw_http::Client::builder()
        .sender(canned.clone())
        .build()
        .unwrap();
    let client = Client::builder(url, ApiKey::parse(key).unwrap())
        .http(http)
        .provider(provider)
        .retry(RetryPolicy::none())
        .build()?;
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(client.models())
}
