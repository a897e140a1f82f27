//! The pictures: real files of the asked size, at signed URLs, with marks of what they are made of.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_emulator::{Emulator, VideoRoute};
use serde_json::{Value, json};

use crate::{
    client::Client,
    images::{OPEN_AI, SYNC, native, post},
    images_tasks::{TEXT_TASKS, created, text},
    png::Png,
    video::{call, poll, slow},
    video_files::download,
    video_uploads,
};

const WHITE: [u8; 3] = [245, 245, 245];
const PANEL: [u8; 3] = [18, 20, 28];

/// The first URL of an answer at once.
async fn url(emulator: &Emulator, body: &Value) -> String {
    let answer = post(emulator, SYNC, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let message = answer.json()["output"]["choices"][0]["message"].clone();
    message["content"][0]["image"].as_str().unwrap().to_owned()
}

fn path<'a>(emulator: &Emulator, url: &'a str) -> &'a str {
    url.strip_prefix(emulator.origin()).unwrap()
}

async fn file(emulator: &Emulator, url: &str) -> Vec<u8> {
    let answer = download(emulator, path(emulator, url), &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("image/png"));
    answer.chunks.concat()
}

async fn picture(emulator: &Emulator, body: &Value) -> Png {
    Png::read(&file(emulator, &url(emulator, body).await).await)
}

/// A request for a small picture.
fn small(prompt: &str, more: Value) -> Value {
    let mut body = native("qwen-image-2.0", &[], json!({"size": "640*512", "seed": 7}));
    body["input"]["messages"][0]["content"][0]["text"] = prompt.into();
    for (name, value) in more.as_object().unwrap() {
        body["parameters"][name] = value.clone();
    }
    body
}

#[tokio::test]
async fn pictures_have_the_asked_size() {
    let emulator = Emulator::start().await.unwrap();
    for (model, size) in [
        ("qwen-image-max", (928, 1664)),
        ("qwen-image-2.0", (1024, 256)),
        ("wan2.7-image", (384, 1536)),
        ("z-image-turbo", (512, 512)),
    ] {
        let (width, height) = size;
        let body = native(model, &[], json!({"size": format!("{width}*{height}")}));
        let picture = picture(&emulator, &body).await;
        assert_eq!((picture.width, picture.height), size);
        // The prompt is there, large enough to be read, on its panel.
        assert!(picture.count(WHITE) > 500, "{}", picture.count(WHITE));
        assert!(picture.count(PANEL) > picture.count(WHITE));
        // The colors change from corner to corner.
        assert_ne!(picture.at(0, 0), picture.at(width - 1, height - 1));
    }
}

#[tokio::test]
async fn prompt_seed_and_number_make_a_difference() {
    let emulator = Emulator::start().await.unwrap();
    let body = small("a red crane", json!({"n": 2}));
    let answer = post(&emulator, SYNC, &body).await.json();
    let content = &answer["output"]["choices"][0]["message"]["content"];
    let mut files = Vec::new();
    for part in content.as_array().unwrap() {
        files.push(file(&emulator, part["image"].as_str().unwrap()).await);
    }
    for other in [
        small("a blue crane", json!({"n": 2})),
        small("a red crane", json!({"seed": 8})),
    ] {
        files.push(file(&emulator, &url(&emulator, &other).await).await);
    }
    let again = file(&emulator, &url(&emulator, &body).await).await;
    assert!(again == files[0], "the same request, the same picture");
    for (number, file) in files.iter().enumerate() {
        assert!(!files[number + 1..].contains(file), "{number}");
        assert!(file.len() < 64 << 10, "{}", file.len());
    }
    // Whatever is in a prompt, and however long it is.
    for prompt in [
        "鹤在松林上",
        "\u{0}\u{7f}\t{}\\",
        &"word ".repeat(1000),
        &"x".repeat(5000),
    ] {
        picture(&emulator, &small(prompt, json!({}))).await;
    }
}

#[tokio::test]
async fn a_watermark_is_in_the_lower_right_corner() {
    let emulator = Emulator::start().await.unwrap();
    let plain = picture(&emulator, &small("x", json!({}))).await;
    let marked = picture(&emulator, &small("x", json!({"watermark": true}))).await;
    let differs = |from: (usize, usize), to: (usize, usize)| {
        (from.1..to.1).any(|y| (from.0..to.0).any(|x| plain.at(x, y) != marked.at(x, y)))
    };
    assert!(differs((400, 450), (640, 512)));
    assert!(!differs((0, 0), (640, 450)) && !differs((0, 450), (400, 512)));
}

#[tokio::test]
async fn an_edited_picture_shows_what_it_was_made_of() {
    let emulator = Emulator::start().await.unwrap();
    let source = url(&emulator, &small("a red crane", json!({}))).await;
    let bytes = file(&emulator, &source).await;
    let original = Png::read(&bytes);
    let inline = format!("data:image/png;base64,{}", STANDARD.encode(&bytes));
    let edit = async |images: &[&str]| {
        let body = native(
            "qwen-image-edit-plus",
            images,
            json!({"size": "640*512", "seed": 7}),
        );
        picture(&emulator, &body).await
    };
    let (by_url, by_data) = (edit(&[&source]).await, edit(&[&inline]).await);
    // A picture of the emulator's own is known by its URL as well as by its data.
    assert!(by_url.pixels == by_data.pixels);
    // Its thumbnail begins with the color of its corner, within a white line.
    let corner = by_url.at(24 + 2, 512 - 24 - 64 + 2);
    let near = |(one, other): (u8, u8)| one.abs_diff(other) < 6;
    assert!(
        corner.into_iter().zip(original.at(0, 0)).all(near),
        "{corner:?}"
    );
    assert_eq!(by_url.at(24, 512 - 24 - 64), WHITE);
    let foreign = edit(&["https://example.com/1.png"]).await;
    assert!(foreign.pixels != by_url.pixels);
    // The frame and the thumbnail of a foreign one have the color that follows from it.
    let color = foreign.at(0, 0);
    assert_eq!(foreign.at(24 + 30, 512 - 24 - 30), color);
    assert_eq!(foreign.at(639, 511), color);
    let two = edit(&["https://example.com/1.png", &source]).await;
    assert_eq!(two.at(0, 0), color);
    assert!(two.pixels != foreign.pixels);
    // The answer has the shape of the last input.
    let shaped = post(
        &emulator,
        SYNC,
        &native("qwen-image-edit", &[&source], json!({})),
    )
    .await;
    let usage = &shaped.json()["usage"];
    assert_eq!(
        (&usage["width"], &usage["height"]),
        (&json!(1136), &json!(912))
    );
}

#[tokio::test]
async fn an_upload_is_known_by_its_data() {
    let emulator = Emulator::start().await.unwrap();
    let data = "GIF89a\u{10}\0\u{8}\0";
    let policy = video_uploads::policy(&emulator, "qwen-image-edit").await;
    let mut fields = video_uploads::form(&policy, "1.gif");
    fields.last_mut().unwrap().1 = data.to_owned();
    assert_eq!(
        video_uploads::send(&emulator, &fields, &[]).await.status,
        200
    );
    let upload = emulator.video().uploads()[0].url();
    let inline = format!("data:image/gif;base64,{}", STANDARD.encode(data));
    let mut pictures = Vec::new();
    for image in [&upload, &inline] {
        let body = native("qwen-image-edit", &[image], json!({})).to_string();
        let headers = [("x-dashscope-ossresourceresolve", "enable")];
        let answer = call(&emulator, "POST", SYNC, &headers, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let message = answer.json()["output"]["choices"][0]["message"].clone();
        let url = message["content"][0]["image"].as_str().unwrap().to_owned();
        pictures.push(Png::read(&file(&emulator, &url).await));
    }
    // The shape is that of the upload, 16 by 8.
    assert_eq!((pictures[0].width, pictures[0].height), (1440, 720));
    assert!(pictures[0].pixels == pictures[1].pixels);
    // Without the header, and for another model, it is no image.
    for (model, headers) in [
        ("qwen-image-edit", &[][..]),
        (
            "qwen-image-edit-plus",
            &[("x-dashscope-ossresourceresolve", "enable")],
        ),
    ] {
        let body = native(model, &[&upload], json!({})).to_string();
        assert_eq!(
            call(&emulator, "POST", SYNC, headers, &body).await.status,
            400
        );
    }
}

#[tokio::test]
async fn colors_can_be_chosen() {
    let emulator = Emulator::start().await.unwrap();
    let palette =
        json!([{"hex": "#0A141E", "ratio": "60%"}, {"hex": "#FFFFFF"}, {"hex": "#C8B4A0"}]);
    let body = native(
        "wan2.7-image",
        &[],
        json!({"size": "768*768", "color_palette": palette}),
    );
    let picture = picture(&emulator, &body).await;
    assert_eq!(picture.at(0, 0), [10, 20, 30]);
    let [red, green, blue] = picture.at(767, 767);
    assert!(red >= 198 && green >= 178 && blue >= 158);
}

#[tokio::test]
async fn files_come_whole_in_parts_and_for_a_day() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, TEXT_TASKS, &text(json!({"n": 2}))).await;
    emulator.video().advance(Duration::from_secs(120));
    let done = poll(&emulator, &id).await;
    let of_task = done["output"]["results"][1]["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = json!({"model": "qwen-image-3.0", "prompt": "x", "size": "512x512"});
    let answer = post(&emulator, OPEN_AI, &body).await.json();
    let at_once = answer["data"][0]["url"].as_str().unwrap().to_owned();
    for url in [&of_task, &at_once] {
        let path = path(&emulator, url);
        let whole = file(&emulator, url).await;
        let mut client = Client::connect(&emulator).await;
        client.send("HEAD", path, &[], "").await;
        let head = client.head().await.unwrap();
        assert_eq!(
            head.header("content-length"),
            Some(&*whole.len().to_string())
        );
        let part = download(&emulator, path, &[("range", "bytes=100-199")]).await;
        assert_eq!(
            (part.status, part.chunks.concat()),
            (206, whole[100..200].to_vec())
        );
        let tag = part.header("etag").unwrap().to_uppercase();
        let same = [("range", "bytes=0-9"), ("if-range", &*tag)];
        assert_eq!(download(&emulator, path, &same).await.status, 206);
        let beyond = download(&emulator, path, &[("range", "bytes=9999999-")]).await;
        assert_eq!(beyond.status, 416);
        // Each picture has a signature of its own.
        for forged in [
            path.replace(".png", ".mp4"),
            path.replace("-0.png", "-5.png"),
        ] {
            if forged != path {
                assert_eq!(download(&emulator, &forged, &[]).await.status, 403);
            }
        }
    }
    emulator.video().advance(Duration::from_secs(86_400 - 60));
    assert!(file(&emulator, &at_once).await.starts_with(b"\x89PNG"));
    emulator.video().advance(Duration::from_secs(120));
    for url in [&of_task, &at_once] {
        let expired = download(&emulator, path(&emulator, url), &[]).await;
        assert_eq!(expired.status, 403);
        assert!(
            expired.text().contains("Request has expired."),
            "{}",
            expired.text()
        );
    }
    assert_eq!(emulator.video().credentials_seen(), 0);
    assert!(emulator.video().requests(VideoRoute::Result) > 10);
}
