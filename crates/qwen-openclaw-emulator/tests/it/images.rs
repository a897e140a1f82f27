//! Images at once: the forms of requests and answers on each path.

use qwen_openclaw_emulator::{Emulator, Plan, Region};
use serde_json::{Value, json};

use crate::{client::Answer, video::call};

pub(crate) const OPEN_AI: &str = "/compatible-mode/v1/images/generations";
pub(crate) const SYNC: &str = "/api/v1/services/aigc/multimodal-generation/generation";

/// Sends a request that is to be answered with images.
pub(crate) async fn post(emulator: &Emulator, path: &str, body: &Value) -> Answer {
    call(emulator, "POST", path, &[], &body.to_string()).await
}

/// A request to DashScope's own API: a text, images, and parameters.
pub(crate) fn native(model: &str, images: &[&str], parameters: Value) -> Value {
    let mut content: Vec<Value> = images.iter().map(|url| json!({"image": url})).collect();
    content.push(json!({"text": "a red crane"}));
    json!({
        "model": model,
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": parameters,
    })
}

/// Puts placeholders where an answer differs from run to run.
pub(crate) fn masked(emulator: &Emulator, value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with(emulator.origin()) => {
            let end = text.split(['.', '?']).rev().find(|part| part.len() == 3);
            json!(format!("<url of a {}>", end.unwrap()))
        }
        Value::Array(values) => values.iter().map(|value| masked(emulator, value)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let value = match name.as_str() {
                    "request_id" | "task_id" | "created" => json!(format!("<{name}>")),
                    "submit_time" | "scheduled_time" | "end_time" => json!("<time>"),
                    _ => masked(emulator, value),
                };
                (name.clone(), value)
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

async fn answered(emulator: &Emulator, path: &str, body: &Value) -> Value {
    let answer = post(emulator, path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    if path == SYNC {
        let id = answer.header("x-request-id");
        assert_eq!(json["request_id"].as_str(), id);
    }
    masked(emulator, &json)
}

#[tokio::test]
async fn the_open_ai_path_has_urls_and_classes_of_prices() {
    let emulator = Emulator::start().await.unwrap();
    let body = json!({"model": "qwen-image-3.0", "prompt": "a red crane", "n": 2,
        "size": "1328x1328", "seed": 7, "prompt_extend": false, "response_format": "b64_json"});
    insta::assert_json_snapshot!("open_ai", answered(&emulator, OPEN_AI, &body).await);
    let class = async |size: &str, image: Option<&str>| {
        let mut body = json!({"model": "qwen-image-3.0-pro", "prompt": "x", "size": size});
        if let Some(image) = image {
            body["image"] = json!([image]);
        }
        answered(&emulator, OPEN_AI, &body).await["usage"].clone()
    };
    let of = |class: &str| json!(format!("qima_{class}"));
    // The limit is 2,250,000 pixels.
    assert_eq!(
        class("1500x1500", None).await["output_image_type"],
        of("output_1k")
    );
    assert_eq!(
        class("1500x1501", None).await["output_image_type"],
        of("output_2k")
    );
    // What the service makes if it may choose.
    let auto = class("auto", None).await;
    assert_eq!(
        (&auto["output_width"], &auto["output_height"]),
        (&json!(2048), &json!(2048))
    );
    // The shape of the input image.
    let input = class("auto", Some(&png(1536, 2752))).await;
    assert_eq!(
        (&input["output_width"], &input["output_height"]),
        (&json!(1520), &json!(2736))
    );
    assert_eq!(input["input_image_count"], 1);
    assert_eq!(input["input_image_type"], of("input_2k"));
}

/// A data URL with the header of a PNG.
pub(crate) fn png(width: u32, height: u32) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut data = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    data.extend(width.to_be_bytes());
    data.extend(height.to_be_bytes());
    format!("data:image/png;base64,{}", STANDARD.encode(data))
}

#[tokio::test]
async fn each_family_has_its_form() {
    let emulator = Emulator::start().await.unwrap();
    for (name, body) in [
        (
            "qwen_image_3",
            native("qwen-image-3.0", &[], json!({"size": "1664*928"})),
        ),
        (
            "qwen_image_2",
            native("qwen-image-2.0", &[], json!({"n": 2, "size": "1024*768"})),
        ),
        ("qwen_image_max", native("qwen-image-max", &[], json!({}))),
        (
            "qwen_image_edit",
            native("qwen-image-edit", &["https://x/1.png"], json!({})),
        ),
        (
            "z_image",
            native("z-image-turbo", &[], json!({"prompt_extend": true})),
        ),
        (
            "wan27",
            native("wan2.7-image", &[], json!({"n": 2, "size": "1K"})),
        ),
        (
            "wan26",
            native(
                "wan2.6-image",
                &[&png(1696, 960)],
                json!({"n": 1, "size": "1K"}),
            ),
        ),
    ] {
        insta::assert_json_snapshot!(name, answered(&emulator, SYNC, &body).await);
    }
}

#[tokio::test]
async fn what_is_not_said_is_the_costly_default() {
    let emulator = Emulator::start().await.unwrap();
    for (model, images, parameters, count, size) in [
        ("wan2.6-t2i", &[][..], json!({}), 4, "1280*1280"),
        (
            "wan2.6-image",
            &["https://x/1.png"],
            json!({}),
            4,
            "1280*1280",
        ),
        ("wan2.7-image", &[], json!({}), 1, "2048*2048"),
        (
            "wan2.7-image-pro",
            &[],
            json!({"size": "4K"}),
            1,
            "4096*4096",
        ),
        (
            "wan2.7-image",
            &[],
            json!({"enable_sequential": true}),
            12,
            "2048*2048",
        ),
        (
            "wan2.7-image",
            &["https://x/1.png"; 9],
            json!({"n": 4}),
            4,
            "2048*2048",
        ),
    ] {
        let usage = &answered(&emulator, SYNC, &native(model, images, parameters)).await["usage"];
        assert_eq!(
            (&usage["image_count"], &usage["size"]),
            (&json!(count), &json!(size)),
            "{model}"
        );
    }
    let usage =
        &answered(&emulator, SYNC, &native("qwen-image-2.0", &[], json!(null))).await["usage"];
    assert_eq!(
        usage,
        &json!({"height": 2048, "image_count": 1, "width": 2048})
    );
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let emulator = Emulator::start().await.unwrap();
    let body = native("qwen-image-max", &[], json!({}));
    let first = answered(&emulator, SYNC, &body).await;
    assert_eq!(first, answered(&emulator, SYNC, &body).await);
}

#[tokio::test]
async fn text_and_images_come_in_turn() {
    let emulator = Emulator::start().await.unwrap();
    let parameters = json!({"enable_interleave": true, "stream": true, "max_images": 2});
    let body = native("wan2.6-image", &[], parameters);
    let headers = [("x-dashscope-sse", "enable")];
    let answer = call(&emulator, "POST", SYNC, &headers, &body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        Some("text/event-stream;charset=utf-8")
    );
    let text = answer.text();
    let mut events = Vec::new();
    for (number, frame) in text.split_terminator("\n\n").enumerate() {
        let start = format!("id:{}\nevent:result\n:HTTP_STATUS/200\ndata:", number + 1);
        let payload = frame
            .strip_prefix(&*start)
            .unwrap_or_else(|| panic!("{frame}"));
        events.push(masked(&emulator, &serde_json::from_str(payload).unwrap()));
    }
    // An HTTP chunk a frame.
    assert_eq!(answer.chunks.len(), events.len());
    let last = events.pop().unwrap();
    insta::assert_json_snapshot!("interleaved", [&events[0], &last]);
    let choice = |event: &Value| event["output"]["choices"][0].clone();
    assert!(
        events
            .iter()
            .all(|event| choice(event)["finish_reason"] == "null")
    );
    events.push(last);
    let said: String = events
        .iter()
        .map(|event| match &choice(event)["message"]["content"][0] {
            piece if piece["type"] == "text" => piece["text"].as_str().unwrap().to_owned(),
            _ => "[image]".to_owned(),
        })
        .collect();
    assert_eq!(
        said,
        "Image 1 of 2: a red crane. [image]Image 2 of 2: a red crane. [image]"
    );
    for (before, after) in events.iter().zip(&events[1..]) {
        let tokens = |event: &Value| event["usage"]["total_tokens"].as_u64().unwrap();
        assert!(tokens(before) <= tokens(after));
    }
}

#[tokio::test]
async fn tokens_are_logged_where_there_are_some() {
    use std::sync::{Arc, Mutex};
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let emulator = Emulator::builder()
        .on_request(move |served| {
            let tokens = (served.prompt_tokens(), served.completion_tokens());
            seen.lock()
                .unwrap()
                .push((served.model().map(str::to_owned), tokens));
        })
        .start()
        .await
        .unwrap();
    for model in ["wan2.7-image", "qwen-image-max"] {
        post(&emulator, SYNC, &native(model, &[], json!({}))).await;
    }
    let log = log.lock().unwrap();
    assert_eq!(
        log[0],
        (Some("wan2.7-image".to_owned()), (Some(0), Some(1)))
    );
    assert_eq!(log[1], (Some("qwen-image-max".to_owned()), (None, None)));
}

#[tokio::test]
async fn only_pay_as_you_go_has_images() {
    let emulator = Emulator::start().await.unwrap();
    let body = json!({"model": "qwen-image-3.0", "prompt": "x"});
    let china = format!("/cn{OPEN_AI}");
    assert_eq!(post(&emulator, &china, &body).await.status, 200);
    let key = Emulator::key_for(Plan::Standard, Region::Global);
    let bearer = format!("Bearer {key}");
    let mut client = crate::client::Client::connect(&emulator).await;
    let headers = [("authorization", &*bearer)];
    client
        .send("POST", &china, &headers, &body.to_string())
        .await;
    assert_eq!(client.answer().await.status, 401);
    for path in [
        "/coding/v1/images/generations",
        "/compatible-mode/v1/images/edits",
    ] {
        let answer = post(&emulator, path, &body).await;
        assert!(matches!(answer.status, 401 | 404), "{path}");
    }
    let get = call(&emulator, "GET", OPEN_AI, &[], "").await;
    assert_eq!(get.status, 405);
    // Other kinds of models on the shared path.
    let answer = post(&emulator, SYNC, &native("qwen3-tts-flash", &[], json!({}))).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["message"], "text must be set");
}
