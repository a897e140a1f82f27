//! The requests of `transport.json`: method, address, headers and body.

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_transport::{ChatRequest, Client, ClientBuilder, Error, RetryPolicy};
use serde_json::Value;

use super::{Case, Differences, Verdict, canned::Canned, clock, context::Context};

/// What our client sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) url: String,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Value,
}

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    let sent = send(case);
    let expected = &case.expected;
    let refused = expected["no_request"] == true;
    found.compare("no request", sent.is_none(), refused);
    let Some(sent) = sent.filter(|_| !refused) else {
        return Ok(Verdict::Compared);
    };
    found.compare("url", Some(&*sent.url), expected["url"].as_str());
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        let sdk = matches!(&**name, "accept" | "content-type") || value == "OpenAI/JS 7.15.0";
        if !sdk {
            let found_value = sent.headers.get(name).and_then(|value| value.to_str().ok());
            found.compare(name, found_value, value.as_str());
        }
    }
    compare_bodies(found, &sent.body, &expected["json"]);
    Ok(Verdict::Compared)
}

fn send(case: &Case) -> Option<Sent> {
    let context = Context::of(case);
    let key = match case.input["api_key_absent"] == true {
        true => "",
        false => "sk-wire-1",
    };
    let mut client = Client::builder(context.base_url(), ApiKey::parse(key).ok()?)
        .retry(RetryPolicy::none())
        .provider(context.provider().unwrap_or(Provider::QWEN))
        .all_models(context.traits());
    if let Some(usage) = context.compat("supportsUsageInStreaming").as_bool() {
        client = client.usage(usage);
    }
    for (name, value) in context.headers() {
        client = client.header(name, value);
    }
    sent(client, &context.request()).ok()
}

/// Sends `request` to nowhere, and says what was sent.
pub(super) fn sent(client: ClientBuilder, request: &ChatRequest) -> Result<Sent, String> {
    let canned = Canned::default();
    let http = qwen_openclaw_http::Client::builder()
        .sender(canned.clone())
        .build();
    let client = client
        .http(http.map_err(|error| error.to_string())?)
        .build()
        .map_err(|error| error.to_string())?;
    let outcome = clock::run(client.send(request))?.err();
    let requests = canned.requests();
    let Some(request) = requests.first() else {
        return Err(outcome.as_ref().map(Error::to_string).unwrap_or_default());
    };
    Ok(Sent {
        url: request.uri().to_string(),
        headers: request.headers().clone(),
        body: serde_json::from_slice(request.body()).map_err(|error| error.to_string())?,
    })
}

/// The body that is sent for `request`.
pub(super) fn sent_body(client: ClientBuilder, request: &ChatRequest) -> Option<Value> {
    sent(client, request).ok().map(|sent| sent.body)
}

/// Compares two bodies field by field. A field that is null or an empty list is as good as absent.
pub(super) fn compare_bodies(found: &mut Differences, body: &Value, expected: &Value) {
    let (body, expected) = (plain(body), plain(expected));
    let empty = serde_json::Map::new();
    let body = body.as_object().unwrap_or(&empty);
    let expected = expected.as_object().unwrap_or(&empty);
    let mut names: Vec<_> = body.keys().chain(expected.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        found.compare(name, body.get(name), expected.get(name));
    }
}

/// A body without fields that say nothing; whole numbers are the same with and without a point, and
/// the order of fields means nothing, in the arguments of a tool call neither.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let says = |value: &Value| {
                !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
            };
            let fields = fields.iter().filter(|(_, value)| says(value));
            let plain = |(name, value): (&String, &Value)| {
                let arguments = value.as_str().filter(|_| name == "arguments");
                let arguments = arguments.and_then(|text| serde_json::from_str(text).ok());
                (name.clone(), plain(arguments.as_ref().unwrap_or(value)))
            };
            fields.map(plain).collect()
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}
