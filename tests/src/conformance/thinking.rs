//! `thinking.json`: the final body of a request, by provider, model and level of thinking.

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::{Level, Provider};
use qwen_openclaw_transport::{
    ChatRequest, Client, ClientBuilder, ModelCapabilities, RetryPolicy, ThinkingStyle,
};
use serde_json::{Map, Value};

use super::{
    Case, Differences, Verdict,
    canned::Canned,
    request::{compare_bodies, sent_body},
};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    let wrapped = case.expected["wrapped"] == true;
    if case.input.get("api").is_some() {
        // Only chat completions are spoken here; the others have no thinking rules upstream either.
        found.compare("wrapped", wrapped, false);
        return Ok(Verdict::Compared);
    }
    let provider = provider(case);
    found.compare("wrapped", provider.as_ref().is_some_and(has_rules), wrapped);
    match body(case, provider) {
        // Without rules the recorded program has no payload to show.
        Some(body) if wrapped => compare_bodies(found, &body, &case.expected["payload"]),
        Some(_) => {}
        None => return Err("its payload is no request".to_owned()),
    }
    Ok(Verdict::Compared)
}

/// The provider whose rules apply. An entry under an alias that sets its own format is the user's,
/// and none of the plan's.
fn provider(case: &Case) -> Option<Provider> {
    let name = case.text("provider");
    let provider = Provider::by_name(name)?;
    let alias = name.trim().eq_ignore_ascii_case("bailian-token-plan");
    match format(case).filter(|_| alias) {
        None => Some(provider),
        Some("qwen-chat-template") => Some(Provider::QWEN),
        Some(_) => None,
    }
}

fn has_rules(provider: &Provider) -> bool {
    [Provider::QWEN, Provider::QWEN_TOKEN_PLAN].contains(provider)
}

fn format(case: &Case) -> Option<&str> {
    case.input["compat"]["thinkingFormat"].as_str()
}

/// The body that our client sends for the case.
fn body(case: &Case, provider: Option<Provider>) -> Option<Value> {
    // The recorded body is read into our own request, and written from it again.
    let mut request: ChatRequest = serde_json::from_value(case.input["payload"].clone()).ok()?;
    request.level = level(case);
    let style = match (&provider, format(case)) {
        (None, _) => ThinkingStyle::Untouched,
        (_, None) => ThinkingStyle::Contract,
        (_, Some("qwen-chat-template")) => ThinkingStyle::ChatTemplate,
        _ => ThinkingStyle::Switch,
    };
    let traits = ModelCapabilities::new()
        .reasoning(case.input["reasoning"] == true)
        .thinking(style);
    let mut client = client(&Canned::default())?
        .all_models(traits)
        .provider(provider.unwrap_or(Provider::QWEN))
        .usage(false);
    if let Some(caller) = case.input.get("caller").cloned() {
        client = client.on_body(move |body| last_word(&caller, body));
    }
    sent_body(client, &request)
}

fn client(canned: &Canned) -> Option<ClientBuilder> {
    let http = qwen_openclaw_http::Client::builder()
        .sender(canned.clone())
        .build();
    let key = ApiKey::parse("sk-wire-1").ok()?;
    Some(
        Client::builder(
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            key,
        )
        .http(http.ok()?)
        .retry(RetryPolicy::none()),
    )
}

/// The level of the call, or else that of the session. A word that is none means that the model
/// thinks, as the session says if that is more than nothing.
fn level(case: &Case) -> Option<Level> {
    let read = |value: &Value| value.as_str().and_then(|word| word.parse::<Level>().ok());
    let session = read(&case.input["thinking_level"]);
    let options = &case.input["options"];
    let given = options.get("reasoningEffort").or(options.get("reasoning"));
    match given {
        None => session,
        Some(value) => read(value).or(session.filter(|level| *level != Level::Off)),
    }
}

/// What the caller of the recorded program does to the body in the end.
fn last_word(caller: &Value, body: &mut Map<String, Value>) {
    if let Some(assigned) = caller["assign"].as_object() {
        body.extend(assigned.clone());
    }
    if let Some(replaced) = caller["replace"].as_object() {
        body.clone_from(replaced);
    }
}
