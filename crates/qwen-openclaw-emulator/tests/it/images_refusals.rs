//! What the service rejects in requests for images to its own API.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    images::{SYNC, native, png, post},
    video::call,
};

const NEW_TASKS: &str = "/api/v1/services/aigc/image-generation/generation";
const TEXT_TASKS: &str = "/api/v1/services/aigc/text2image/image-synthesis";
const EDIT_TASKS: &str = "/api/v1/services/aigc/image2image/image-synthesis";

/// Sends requests that are refused with `InvalidParameter`, and compares the messages.
async fn check(emulator: &Emulator, path: &str, cases: Vec<(Value, &str)>) {
    let headers = [("x-dashscope-async", "enable")];
    let headers = if path == SYNC { &[][..] } else { &headers };
    for (body, message) in cases {
        let answer = call(emulator, "POST", path, headers, &body.to_string()).await;
        assert_eq!(answer.status, 400, "{body} {}", answer.text());
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(
            answer.json(),
            json!({"code": "InvalidParameter", "message": message, "request_id": id}),
            "{body}"
        );
    }
    assert_eq!(emulator.video().tasks().len(), 0);
}

#[tokio::test]
async fn there_is_one_message_with_one_text() {
    let emulator = Emulator::start().await.unwrap();
    let messages =
        |model: &str, messages: Value| json!({"model": model, "input": {"messages": messages}});
    let user = |content: Value| json!({"role": "user", "content": content});
    let (text, image) = (json!({"text": "x"}), json!({"image": "https://x/1.png"}));
    let one = |model: &str, content: Value| messages(model, json!([user(content)]));
    let max = "qwen-image-max";
    let lacking = "lack of image or text";
    let cases = vec![
        (
            json!({"model": max, "input": {"prompt": "x"}}),
            "No messages found in input",
        ),
        (messages(max, json!([])), "No messages found in input"),
        (
            messages(max, json!([user(json!([text])), user(json!([text]))])),
            "messages length only support 1",
        ),
        (
            messages(max, json!([{"role": "system", "content": [text]}])),
            "role must be user",
        ),
        (one(max, json!("x")), lacking),
        (one(max, json!([])), lacking),
        (one(max, json!([{"text": " "}])), lacking),
        (
            one(
                max,
                json!([{"type": "image_url", "image_url": {"url": "https://x/1"}}]),
            ),
            lacking,
        ),
        (
            one(max, json!([text, text])),
            "only one text is supported in content",
        ),
        (
            one(max, json!([image, text])),
            "the number of images must not be larger than 0, but it is 1",
        ),
        (one("qwen-image-edit", json!([text])), lacking),
        (one("qwen-image-edit", json!([image])), lacking),
        (
            one(
                "qwen-image-edit-plus",
                json!([image, image, image, image, text]),
            ),
            "content length only support 2",
        ),
        (one("wan2.6-image", json!([text])), lacking),
        (
            one("qwen-image-2.0", json!([image, image, image, image, text])),
            "the number of images must not be larger than 3, but it is 4",
        ),
    ];
    check(&emulator, SYNC, cases.clone()).await;
    let new: Vec<_> = cases
        .into_iter()
        .map(|(mut body, message)| {
            body["model"] = "wan2.6-image".into();
            (body, message)
        })
        .filter(|(_, message)| message.contains("messages") || message.contains("role"))
        .collect();
    assert_eq!(new.len(), 4);
    check(&emulator, NEW_TASKS, new).await;
}

#[tokio::test]
async fn parameters_are_held_to_the_model() {
    let emulator = Emulator::start().await.unwrap();
    let one = "num_images_per_prompt must be 1";
    let image = "https://x/1.png";
    let cases = vec![
        (native("qwen-image-max", &[], json!({"n": 2})), one),
        (native("qwen-image-plus", &[], json!({"n": "1"})), one),
        (native("z-image-turbo", &[], json!({"n": 4})), one),
        (native("qwen-image-edit", &[image], json!({"n": 2})), one),
        (
            native("qwen-image-2.0", &[], json!({"n": 7})),
            "n must be in [1, 6]",
        ),
        (
            native("wan2.6-t2i", &[], json!({"n": 5})),
            "n must be in [1, 4]",
        ),
        (
            native("wan2.7-image", &[], json!({"n": 5})),
            "n must be in [1, 4]",
        ),
        (
            native(
                "wan2.7-image",
                &[],
                json!({"n": 13, "enable_sequential": true}),
            ),
            "n must be in [1, 12]",
        ),
        (
            native("qwen-image-max", &[], json!({"size": "1024*1024"})),
            "The size is not match 1024*1024",
        ),
        (
            native("qwen-image-3.0", &[], json!({"size": "1K"})),
            "Expected format: '<width>*<height>'",
        ),
        (
            native("qwen-image-2.0", &[], json!({"size": "1024x1024"})),
            "Expected format: '<width>*<height>'",
        ),
        (
            native("wan2.6-t2i", &[], json!({"size": 1024})),
            "size must be a string",
        ),
        (
            native("wan2.6-t2i", &[], json!({"size": "1024*1024"})),
            "The size is not match 1024*1024",
        ),
        (
            native("wan2.7-image-pro", &[image], json!({"size": "4K"})),
            "Expected format: '<width>*<height>'",
        ),
        (
            native("qwen-image-edit-max", &[image], json!({"size": "511*512"})),
            "The size is not match 511*512",
        ),
        (
            native("qwen-image-max", &[], json!({"seed": 2_147_483_648_u64})),
            "seed must be in [0, 2147483647]",
        ),
        (
            native("qwen-image-max", &[], json!({"prompt_extend": "yes"})),
            "prompt_extend must be a boolean",
        ),
        (
            native("qwen-image-max", &[], json!({"watermark": 1})),
            "watermark must be a boolean",
        ),
        (
            native("qwen-image-max", &[], json!({"negative_prompt": 1})),
            "negative_prompt must be a string",
        ),
        (
            native("qwen-image-max", &[], json!([1])),
            "parameters must be an object",
        ),
        (
            native("wan2.7-image", &[], json!({"thinking_mode": "deep"})),
            "thinking_mode must be a boolean",
        ),
        (
            native("wan2.7-image", &[image], json!({"bbox_list": []})),
            "bbox_list must have a list of [x1, y1, x2, y2] for each image",
        ),
        (
            native(
                "wan2.7-image",
                &[image],
                json!({"bbox_list": [[[9, 1, 3, 4]]]}),
            ),
            "bbox_list must have a list of [x1, y1, x2, y2] for each image",
        ),
        (
            native(
                "wan2.7-image",
                &[],
                json!({"color_palette": [{"hex": "#12345"}]}),
            ),
            "color_palette must have two or more colors with hex, such as #C2D1E6",
        ),
        (
            native(
                "wan2.7-image",
                &[],
                json!({"color_palette": [{"hex": "#C2D1E6"}, {"hex": "#000000"}], "enable_sequential": true}),
            ),
            "color_palette is not supported when enable_sequential is true",
        ),
    ];
    check(&emulator, SYNC, cases).await;
    for body in [
        native(
            "wan2.7-image",
            &[],
            json!({"thinking_mode": "quality", "negative_prompt": "x"}),
        ),
        native(
            "wan2.7-image",
            &[image, image],
            json!({"bbox_list": [[[1, 2, 3, 4]], []]}),
        ),
        native(
            "wan2.7-image",
            &[],
            json!({"color_palette": [{"hex": "#C2D1E6"}, {"hex": "#000000"}]}),
        ),
        native(
            "qwen-image-max",
            &[],
            json!({"unheard_of": [1], "seed": null}),
        ),
    ] {
        assert_eq!(post(&emulator, SYNC, &body).await.status, 200, "{body}");
    }
}

#[tokio::test]
async fn input_images_are_checked_where_they_can_be_seen() {
    let emulator = Emulator::start().await.unwrap();
    let large = format!("{}{}", png(640, 480), "A".repeat(14 << 20));
    let sized = "the size of input image is too small or too large.";
    let wan = |image: &str| native("wan2.6-image", &[image], json!({"n": 1}));
    let edit = |image: &str| native("qwen-image-edit", &[image], json!({}));
    let cases = vec![
        (wan(&png(239, 240)), sized),
        (wan(&png(240, 8001)), sized),
        (edit(&large), "The image must not be larger than 10 MB"),
        (edit("file:///1.png"), "image format error"),
        (edit("https://"), "image format error"),
        (
            edit("data:image/png;base64,A"),
            "Invalid image format or corrupted file",
        ),
        (
            edit("data:image/png,x"),
            "Invalid image format or corrupted file",
        ),
        (
            edit("oss://dashscope-instant/x"),
            "InternalError.Algo.InvalidParameter: The provided URL does not appear to be valid. \
             Ensure it is correctly formatted.",
        ),
    ];
    check(&emulator, SYNC, cases).await;
    for body in [wan(&png(240, 8000)), edit(&png(1, 1))] {
        assert_eq!(post(&emulator, SYNC, &body).await.status, 200);
    }
}

#[tokio::test]
async fn text_and_images_in_turn_are_streamed() {
    let emulator = Emulator::start().await.unwrap();
    let body = |more: Value| {
        let mut body = native(
            "wan2.6-image",
            &[],
            json!({"enable_interleave": true, "stream": true}),
        );
        for (name, value) in more.as_object().unwrap() {
            body["parameters"][name] = value.clone();
        }
        body
    };
    let send = async |sse: bool, body: &Value| {
        let headers = [("x-dashscope-sse", "enable")];
        let headers = if sse { &headers[..] } else { &[] };
        let answer = call(&emulator, "POST", SYNC, headers, &body.to_string()).await;
        (
            answer.status,
            answer.status == 400 && answer.json()["message"].is_string(),
        )
    };
    assert_eq!(send(false, &body(json!({}))).await, (400, true));
    assert_eq!(
        send(true, &body(json!({"stream": false}))).await,
        (400, true)
    );
    assert_eq!(send(true, &body(json!({"n": 2}))).await, (400, true));
    assert_eq!(
        send(true, &body(json!({"max_images": 6}))).await,
        (400, true)
    );
    assert_eq!(
        send(true, &body(json!({"size": "1281*1280"}))).await,
        (400, true)
    );
    let two = native(
        "wan2.6-image",
        &["https://x/1.png"; 2],
        json!({"enable_interleave": true, "stream": true}),
    );
    assert_eq!(send(true, &two).await, (400, true));
    assert_eq!(
        send(true, &body(json!({"n": 1, "max_images": 1}))).await,
        (200, false)
    );
    // Others answer at once, whatever the header says.
    let plain = native("qwen-image-max", &[], json!({"enable_interleave": true}));
    assert_eq!(send(true, &plain).await, (200, false));
}

#[tokio::test]
async fn each_model_has_its_paths() {
    let emulator = Emulator::start().await.unwrap();
    let send = async |path: &str, waits: bool, body: &Value| {
        let headers = [("x-dashscope-async", "enable")];
        let headers = if waits { &headers[..] } else { &[] };
        let answer = call(&emulator, "POST", path, headers, &body.to_string()).await;
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        (answer.status, text("code"), text("message"))
    };
    let refused =
        |status: u16, code: &str, message: &str| (status, code.to_owned(), message.to_owned());
    let wan26 = native("wan2.6-t2i", &[], json!({}));
    let max = native("qwen-image-max", &[], json!({}));
    let old = json!({"model": "wan2.5-t2i-preview", "input": {"prompt": "x"}});
    let no_sync = refused(
        403,
        "AccessDenied",
        "current user api does not support synchronous calls",
    );
    for path in [NEW_TASKS, TEXT_TASKS, EDIT_TASKS] {
        assert_eq!(send(path, false, &wan26).await, no_sync);
    }
    let no_async = refused(
        403,
        "AccessDenied",
        "current user api does not support asynchronous calls",
    );
    assert_eq!(send(SYNC, true, &wan26).await, no_async);
    assert_eq!(send(NEW_TASKS, true, &max).await, no_async);
    let elsewhere = refused(400, "InvalidParameter", "url error, please check url!");
    assert_eq!(send(TEXT_TASKS, true, &wan26).await, elsewhere);
    assert_eq!(send(NEW_TASKS, true, &old).await, elsewhere);
    assert_eq!(send(EDIT_TASKS, true, &old).await, elsewhere);
    assert_eq!(send(SYNC, false, &old).await, elsewhere);
    let unknown = send(TEXT_TASKS, true, &json!({"model": "wan9-t2i"})).await;
    assert_eq!((unknown.0, &*unknown.1), (404, "ModelNotFound"));
    for (path, body, code) in [
        (TEXT_TASKS, json!({}), "BadRequest.EmptyModel"),
        (
            TEXT_TASKS,
            json!({"model": "qwen-image"}),
            "BadRequest.EmptyInput",
        ),
        (
            NEW_TASKS,
            json!({"model": "wan2.7-image", "input": {}}),
            "BadRequest.EmptyInput",
        ),
    ] {
        let answer = send(path, true, &body).await;
        assert_eq!((answer.0, &*answer.1), (400, code), "{path}");
    }
    assert_eq!(emulator.video().tasks().len(), 0);
}

#[tokio::test]
async fn the_older_form_has_fields() {
    let emulator = Emulator::start().await.unwrap();
    let body = |model: &str, input: Value| json!({"model": model, "input": input});
    let cases = vec![
        (
            body("qwen-image", json!({"negative_prompt": "x"})),
            "prompt must be set",
        ),
        (
            body("qwen-image", json!({"prompt": 1})),
            "prompt must be a string",
        ),
        (
            json!({"model": "qwen-image", "input": {"prompt": "x"}, "parameters": {"n": 2}}),
            "num_images_per_prompt must be 1",
        ),
        (
            json!({"model": "wan2.2-t2i-flash", "input": {"prompt": "x"}, "parameters": {"size": "1441*512"}}),
            "The size is not match 1441*512",
        ),
    ];
    check(&emulator, TEXT_TASKS, cases).await;
    let cases = vec![
        (
            body("wan2.5-i2i-preview", json!({"prompt": "x"})),
            "images must be set",
        ),
        (
            body("wan2.5-i2i-preview", json!({"prompt": "x", "images": [1]})),
            "images must be a list of strings",
        ),
        (
            body(
                "wan2.5-i2i-preview",
                json!({"prompt": "x", "images": vec!["https://x"; 4]}),
            ),
            "the number of images must not be larger than 3, but it is 4",
        ),
        (
            body("wanx2.1-imageedit", json!({"prompt": "x"})),
            "function must be set",
        ),
        (
            body(
                "wanx2.1-imageedit",
                json!({"prompt": "x", "function": "expand"}),
            ),
            "base_image_url must be set",
        ),
        (
            body(
                "wanx2.1-imageedit",
                json!({"prompt": "x", "function": "expand", "base_image_url": "1.png"}),
            ),
            "image format error",
        ),
    ];
    check(&emulator, EDIT_TASKS, cases).await;
}
