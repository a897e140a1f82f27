//! `media.json`: descriptions of images and clips.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::{Edition, Modality, Provider, default_media_model, find};
use qwen_openclaw_transport::{
    Client, ClientBuilder, Describe, Error, Media, ModelCapabilities, RetryPolicy,
};
use serde_json::Value;

use super::{Case, Differences, UNKNOWN, Verdict, canned::Canned, clock, request::compare_bodies};

/// The clip of every case that brings none.
const CLIP: [u8; 4] = [0, 1, 2, 3];

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    match case.text("kind") {
        "describe" => defaults(case, found),
        "coerce_text" => text_of_message(case, found)?,
        "describe_video" | "describe_image" => describe(case, found)?,
        _ => return Err(UNKNOWN.to_owned()),
    }
    Ok(Verdict::Compared)
}

fn edition(case: &Case) -> Edition {
    case.text("version").parse().unwrap_or_default()
}

fn defaults(case: &Case, found: &mut Differences) {
    let model = default_media_model(edition(case));
    for kind in ["image", "video"] {
        let expected = case.expected["default_models"][kind].as_str();
        found.compare(kind, Some(model), expected);
        let kinds = case.expected["capabilities"].as_array();
        let listed = kinds.is_some_and(|kinds| kinds.iter().any(|listed| listed == kind));
        found.compare("capability", listed, true);
    }
    // Which of its functions the program offers to others is its own affair; that the default
    // model sees is ours.
    let row = find(&Provider::QWEN, model, Edition::default());
    let sees = row.and_then(|row| row.accepts(Modality::Image));
    found.compare("sees", sees, Some(true));
}

/// The text of a message, as it comes out of a description.
fn text_of_message(case: &Case, found: &mut Differences) -> Result<(), String> {
    let body = serde_json::json!({"choices": [{
        "message": case.input["message"],
        "finish_reason": "stop",
    }]});
    let canned = Canned::new(&serde_json::json!([{ "body": body }]));
    let describe = client(case, &canned)?.describe_video(clip(&CLIP, "video/mp4")?);
    let described = clock::run(describe.send())?;
    let text = described.ok().map(|description| description.text);
    found.compare("text", text.as_deref(), case.expected["text"].as_str());
    Ok(())
}

fn describe(case: &Case, found: &mut Differences) -> Result<(), String> {
    let canned = Canned::new(&case.input["responses"]);
    // A client that cannot be made, or a medium that cannot be sent, asks nothing.
    let outcome = match client(case, &canned).and_then(|client| asked(case, &client)) {
        Ok(describe) => Some(clock::run(describe.send())?),
        Err(_) => None,
    };
    let requests = canned.requests();
    let expected = case.expected["http"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    found.compare("requests", requests.len(), expected.len());
    if let (Some(sent), Some(expected)) = (requests.first(), expected.first()) {
        compare_requests(found, sent, expected);
    }
    let result = match &outcome {
        Some(Ok(description)) => Some(description),
        Some(Err(error)) => {
            compare_errors(found, error, &case.expected);
            None
        }
        None => None,
    };
    let text = result.map(|result| &*result.text);
    found.compare("text", text, case.expected["result"]["text"].as_str());
    let model = result.map(|result| &*result.model);
    found.compare("model", model, case.expected["result"]["model"].as_str());
    Ok(())
}

fn compare_requests(found: &mut Differences, sent: &http::Request<Bytes>, expected: &Value) {
    let url = sent.uri().to_string();
    found.compare("url", Some(&*url), expected["url"].as_str());
    let key = sent.headers().get("authorization");
    let key = key.and_then(|key| key.to_str().ok());
    let expected_key = expected["headers"]["authorization"].as_str();
    found.compare("authorization", key, expected_key);
    let mut body: Value = serde_json::from_slice(sent.body()).unwrap_or_default();
    let mut wanted = expected["json"].clone();
    let markers = [&mut body, &mut wanted].map(|body| {
        // A description is streamed and folded, whichever way the program asks.
        for field in ["stream", "stream_options"] {
            if let Some(body) = body.as_object_mut() {
                body.remove(field);
            }
        }
        take_markers(body)
    });
    let [sent, expected] = markers;
    found.compare("cache markers", sent, expected);
    compare_bodies(found, &body, &wanted);
}

/// Takes the cache markers out of the parts of a body; their number.
fn take_markers(body: &mut Value) -> usize {
    let messages = body.get_mut("messages").and_then(Value::as_array_mut);
    let contents = messages.into_iter().flatten().filter_map(|message| {
        let content = message.get_mut("content")?;
        content.as_array_mut()
    });
    let parts = contents.flatten().filter_map(Value::as_object_mut);
    parts
        .filter_map(|part| part.remove("cache_control"))
        .count()
}

fn compare_errors(found: &mut Differences, error: &Error, expected: &Value) {
    let status = expected["status"].as_u64();
    let status = status.and_then(|status| u16::try_from(status).ok());
    if status.is_some() {
        found.compare("status", error.status(), status);
    }
    if let Some(code) = expected["code"].as_str() {
        found.compare("code", error.code(), Some(code));
    }
}

fn client(case: &Case, canned: &Canned) -> Result<Client, String> {
    let image = case.text("kind") == "describe_image";
    let params = &case.input["params"];
    let configured = &case.input["provider"];
    let standard = Provider::QWEN.default_base_url().unwrap_or_default();
    let base = configured["baseUrl"]
        .as_str()
        .or(params["baseUrl"].as_str());
    let base = base
        .filter(|base| !base.trim().is_empty())
        .unwrap_or(standard);
    let key = if image { "sk-img-1" } else { "sk-media-1" };
    let key = ApiKey::parse(key).map_err(|error| error.to_string())?;
    let http = qwen_openclaw_http::Client::builder()
        .sender(canned.clone())
        .build()
        .map_err(|error| error.to_string())?;
    let mut client = Client::builder(base, key)
        .http(http)
        .provider(Provider::QWEN)
        .retry(RetryPolicy::none());
    for (name, value) in params["headers"].as_object().into_iter().flatten() {
        client = client.header(name, value.as_str().unwrap_or_default());
    }
    models(client, configured)
        .build()
        .map_err(|error| error.to_string())
}

/// The rows of a configured provider.
fn models(mut client: ClientBuilder, configured: &Value) -> ClientBuilder {
    for row in configured["models"].as_array().into_iter().flatten() {
        let limit = row["maxTokens"]
            .as_u64()
            .and_then(|limit| u32::try_from(limit).ok());
        let traits = ModelCapabilities::new()
            .reasoning(row["reasoning"] == true)
            .max_output(limit.unwrap_or(u32::MAX));
        client = client.model(row["id"].as_str().unwrap_or_default(), traits);
    }
    client
}

fn asked(case: &Case, client: &Client) -> Result<Describe, String> {
    let params = &case.input["params"];
    let mut media = Vec::new();
    for image in params["images"].as_array().into_iter().flatten() {
        let content = STANDARD.decode(image["buffer_base64"].as_str().unwrap_or_default());
        let content = content.map_err(|error| error.to_string())?;
        media.push(clip(
            &content,
            image["mime"].as_str().unwrap_or("image/jpeg"),
        )?);
    }
    let mut media = media.into_iter();
    let mut describe = match media.next() {
        Some(image) => media.fold(client.describe_image(image), Describe::and),
        None => {
            let mime = params["mime"]
                .as_str()
                .map(str::trim)
                .filter(|mime| !mime.is_empty());
            let own = params["buffer_base64"]
                .as_str()
                .map(|own| STANDARD.decode(own));
            let content = own.unwrap_or_else(|| Ok(CLIP.to_vec()));
            let content = content.map_err(|error| error.to_string())?;
            client.describe_video(clip(&content, mime.unwrap_or("video/mp4"))?)
        }
    };
    if let Some(prompt) = params["prompt"].as_str() {
        describe = describe.prompt(prompt);
    }
    if let Some(model) = params["model"].as_str() {
        describe = describe.model(model);
    }
    let limit = params["maxTokens"].as_u64();
    if let Some(limit) = limit.and_then(|limit| u32::try_from(limit).ok()) {
        describe = describe.max_tokens(limit);
    }
    Ok(describe.edition(edition(case)))
}

fn clip(content: &[u8], mime: &str) -> Result<Media, String> {
    Media::with_type(content, mime).map_err(|error| error.to_string())
}
