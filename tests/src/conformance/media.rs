//! `media.json`: descriptions of images and clips.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::{Edition, Modality, Provider, default_media_model, find};
use qwen_openclaw_transport::{
    Client, ClientBuilder, Describe, Description, Error, Media, ModelCapabilities, RetryPolicy,
};
use serde_json::Value;

use super::{Case, Differences, Verdict, canned::Canned, request::compare_bodies};

/// The clip of every case that brings none.
const CLIP: [u8; 4] = [0, 1, 2, 3];

pub(super) fn compare(case: &Case, found: &mut Differences) -> Verdict {
    match case.text("kind") {
        "describe" => defaults(case, found),
        "coerce_text" => text_of_message(case, found),
        "describe_video" | "describe_image" => describe(case, found),
        _ => found.note("kind", "a kind of case that is not known"),
    }
    Verdict::Compared
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
fn text_of_message(case: &Case, found: &mut Differences) {
    let body = serde_json::json!({"choices": [{
        "message": case.input["message"],
        "finish_reason": "stop",
    }]});
    let canned = Canned::new(&serde_json::json!([{ "body": body }]));
    let text = client(case, &canned).and_then(|client| {
        let describe = client.describe_video(clip(&CLIP, "video/mp4")?);
        run(describe).map_err(|error| error.to_string())
    });
    let text = text.ok().map(|description| description.text);
    found.compare("text", text.as_deref(), case.expected["text"].as_str());
}

fn describe(case: &Case, found: &mut Differences) {
    let canned = Canned::new(&case.input["responses"]);
    let outcome = client(case, &canned).and_then(|client| {
        let describe = asked(case, &client)?;
        Ok(run(describe))
    });
    let requests = canned.requests();
    let expected = case.expected["http"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    found.compare("requests", requests.len(), expected.len());
    if let (Some(sent), Some(expected)) = (requests.first(), expected.first()) {
        found.compare(
            "url",
            &*sent.uri().to_string(),
            expected["url"].as_str().unwrap_or_default(),
        );
        let key = sent
            .headers()
            .get("authorization")
            .and_then(|key| key.to_str().ok());
        found.compare(
            "authorization",
            key,
            expected["headers"]["authorization"].as_str(),
        );
        let mut body: Value = serde_json::from_slice(sent.body()).unwrap_or_default();
        let mut wanted = expected["json"].clone();
        // A description is streamed and folded, whichever way the program asks.
        for field in ["stream", "stream_options"] {
            for body in [&mut body, &mut wanted] {
                if let Some(body) = body.as_object_mut() {
                    body.remove(field);
                }
            }
        }
        compare_bodies(found, &body, &wanted);
    }
    let result = outcome.ok().and_then(|outcome| match outcome {
        Ok(description) => Some(description),
        Err(error) => {
            let status = case.expected["status"]
                .as_u64()
                .and_then(|s| u16::try_from(s).ok());
            if status.is_some() {
                found.compare("status", error.status(), status);
            }
            if let Some(code) = case.expected["code"].as_str() {
                found.compare("code", error.code(), Some(code));
            }
            None
        }
    });
    let text = result.as_ref().map(|result| &*result.text);
    found.compare("text", text, case.expected["result"]["text"].as_str());
    let model = result.as_ref().map(|result| &*result.model);
    found.compare("model", model, case.expected["result"]["model"].as_str());
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
        media.push(clip(&content, image["mime"].as_str().unwrap_or_default())?);
    }
    let mut media = media.into_iter();
    let mut describe = match media.next() {
        Some(image) => media.fold(client.describe_image(image), Describe::and),
        None => {
            let mime = params["mime"]
                .as_str()
                .map(str::trim)
                .filter(|mime| !mime.is_empty());
            client.describe_video(clip(&CLIP, mime.unwrap_or("video/mp4"))?)
        }
    };
    if let Some(prompt) = params["prompt"].as_str() {
        describe = describe.prompt(prompt);
    }
    if let Some(model) = params["model"].as_str() {
        describe = describe.model(model);
    }
    Ok(describe.edition(edition(case)))
}

fn clip(content: &[u8], mime: &str) -> Result<Media, String> {
    Media::with_type(content, mime).map_err(|error| error.to_string())
}

fn run(describe: Describe) -> Result<Description, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(describe.send()),
        Err(error) => panic!("no runtime: {error}"),
    }
}
