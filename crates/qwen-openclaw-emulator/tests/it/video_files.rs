//! Result files: signed addresses, ranges, and clips that can be played.

use std::{
    env, fs, io,
    process::{self, Command},
    time::Duration,
};

use qwen_openclaw_emulator::{Emulator, VideoRoute};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    video::{clip, created, poll, slow},
};

/// Submits a clip, lets its time pass and returns the path of the result.
pub(crate) async fn finished(emulator: &Emulator, body: &Value) -> String {
    let id = created(emulator, body).await;
    emulator.video().advance(Duration::from_secs(120));
    let done = poll(emulator, &id).await;
    let url = done["output"]["video_url"].as_str().unwrap();
    url.strip_prefix(emulator.origin()).unwrap().to_owned()
}

pub(crate) async fn download(emulator: &Emulator, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut client = Client::connect(emulator).await;
    client.send("GET", path, headers, "").await;
    client.answer().await
}

#[tokio::test]
async fn a_result_comes_whole_or_in_parts() {
    let emulator = slow().start().await.unwrap();
    let path = finished(&emulator, &clip()).await;
    let whole = download(&emulator, &path, &[]).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.header("content-type"), Some("video/mp4"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let file = whole.chunks.concat();
    assert_eq!(&file[4..8], b"ftyp");

    let part = download(&emulator, &path, &[("range", "bytes=100-")]).await;
    assert_eq!(part.status, 206);
    assert_eq!(part.chunks.concat(), file[100..]);
    let range = format!("bytes 100-{}/{}", file.len() - 1, file.len());
    assert_eq!(part.header("content-range"), Some(&*range));

    // Header names and values arrive in lower case here; the tag has none but digits and A-F.
    let tag = whole.header("etag").unwrap().to_uppercase();
    let conditional = [("range", "bytes=0-9"), ("if-range", &*tag)];
    assert_eq!(download(&emulator, &path, &conditional).await.status, 206);
    let other = [("range", "bytes=0-9"), ("if-range", "\"other\"")];
    assert_eq!(download(&emulator, &path, &other).await.status, 200);
    let beyond = download(&emulator, &path, &[("range", "bytes=9999999-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(emulator.video().requests(VideoRoute::Result), 5);
}

#[tokio::test]
async fn an_address_is_good_for_a_day_and_as_it_was_signed() {
    let emulator = slow().start().await.unwrap();
    let path = finished(&emulator, &clip()).await;
    let (plain, query) = path.split_once('?').unwrap();
    let refused = async |path: &str, status: u16, code: &str| {
        let answer = download(&emulator, path, &[]).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/xml"));
        let wanted = format!("<Code>{code}</Code>");
        assert!(answer.text().contains(&wanted), "{}", answer.text());
    };
    refused(plain, 403, "AccessDenied").await;
    let forged = path.replace("Expires=", "Expires=9");
    refused(&forged, 403, "SignatureDoesNotMatch").await;
    let other = format!("/dashscope-result/other.mp4?{query}");
    refused(&other, 403, "SignatureDoesNotMatch").await;
    emulator.video().advance(Duration::from_secs(86_400 - 60));
    assert_eq!(download(&emulator, &path, &[]).await.status, 200);
    emulator.video().advance(Duration::from_secs(120));
    refused(&path, 403, "AccessDenied").await;
}

#[tokio::test]
async fn a_credential_is_noticed() {
    let emulator = slow().start().await.unwrap();
    let path = finished(&emulator, &clip()).await;
    download(&emulator, &path, &[]).await;
    assert_eq!(emulator.video().credentials_seen(), 0);
    download(&emulator, &path, &[("authorization", "Bearer sk-1")]).await;
    assert_eq!(emulator.video().credentials_seen(), 1);
}

#[tokio::test]
async fn a_head_has_the_length_and_no_body() {
    let emulator = slow().start().await.unwrap();
    let path = finished(&emulator, &clip()).await;
    let length = download(&emulator, &path, &[]).await.chunks.concat().len();
    let mut client = Client::connect(&emulator).await;
    client.send("HEAD", &path, &[], "").await;
    let head = client.head().await.unwrap();
    assert_eq!(head.header("content-length"), Some(&*length.to_string()));
    client.send("DELETE", &path, &[], "").await;
    assert_eq!(client.head().await.unwrap().status, 405);
}

/// What ffprobe says of a file, or why it was not asked.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn probed(name: &str, bytes: &[u8]) -> Option<Value> {
    let path = env::temp_dir().join(format!("emulator-{}-{name}.mp4", process::id()));
    fs::write(&path, bytes).unwrap();
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-count_frames",
            "-show_streams",
            "-show_format",
            "-of",
            "json",
        ])
        .arg(&path)
        .output();
    fs::remove_file(&path).unwrap();
    match output {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            println!("skipped: there is no ffprobe");
            None
        }
        output => {
            let output = output.unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.is_empty(), "{errors}");
            Some(serde_json::from_slice(&output.stdout).unwrap())
        }
    }
}

#[tokio::test]
async fn clips_can_be_played_and_are_as_asked_for() {
    let emulator = slow().start().await.unwrap();
    let t2v = |model: &str, parameters: Value| json!({"model": model, "input": {"prompt": "a cat"}, "parameters": parameters});
    for (body, width, height, seconds) in [
        (
            t2v("wan2.6-t2v", json!({"size": "1920*1080", "duration": 15})),
            1920,
            1080,
            15,
        ),
        (
            t2v("wan2.6-t2v", json!({"size": "1440*1440", "duration": 6})),
            1440,
            1440,
            6,
        ),
        (
            t2v("wan2.5-t2v-preview", json!({"size": "832*480"})),
            832,
            480,
            5,
        ),
        (
            t2v(
                "wan2.7-t2v",
                json!({"resolution": "1080P", "ratio": "3:4", "duration": 2}),
            ),
            1248,
            1648,
            2,
        ),
    ] {
        let path = finished(&emulator, &body).await;
        let file = download(&emulator, &path, &[]).await.chunks.concat();
        assert!(file.len() < 64 << 10, "{}", file.len());
        let Some(seen) = probed(&format!("{width}x{height}"), &file) else {
            return;
        };
        let stream = &seen["streams"][0];
        assert_eq!(stream["codec_name"], "h264");
        assert_eq!(
            (&stream["width"], &stream["height"]),
            (&json!(width), &json!(height))
        );
        // Every picture was decoded.
        assert_eq!(stream["nb_read_frames"], (seconds * 24).to_string());
        let duration: f64 = seen["format"]["duration"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((duration - f64::from(seconds)).abs() < 0.1, "{duration}");
    }
}
