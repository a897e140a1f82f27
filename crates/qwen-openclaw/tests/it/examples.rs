//! Every example runs.

#[path = "../../examples/streaming.rs"]
#[allow(dead_code, reason = "its `main` is not needed here")]
mod streaming;
#[cfg(feature = "schemars")]
#[path = "../../examples/structured.rs"]
#[allow(dead_code, reason = "its `main` is not needed here")]
mod structured;
#[path = "../../examples/support/mod.rs"]
#[allow(dead_code, reason = "the environment is left alone here")]
mod support;
#[cfg(feature = "schemars")]
#[path = "../../examples/tools.rs"]
#[allow(dead_code, reason = "its `main` is not needed here")]
mod tools;
#[cfg(feature = "video")]
#[path = "../../examples/video.rs"]
#[allow(dead_code, reason = "its `main` is not needed here")]
mod video;
#[path = "../../examples/vision.rs"]
#[allow(dead_code, reason = "its `main` is not needed here")]
mod vision;

use qwen_openclaw::chat::Media;

#[tokio::test]
async fn streaming() {
    let (qwen, emulator) = support::emulated().await.unwrap();
    streaming::run(&qwen).await.unwrap();
    assert_eq!(emulator.requests().len(), 1);
}

#[cfg(feature = "schemars")]
#[tokio::test]
async fn tools() {
    let (qwen, emulator) = support::emulated().await.unwrap();
    tools::run(&qwen).await.unwrap();
    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    let messages = requests[1].json()["messages"].clone();
    assert_eq!(messages[2]["content"], r#"{"degrees":21,"sky":"clear"}"#);
    assert_eq!(messages[3]["role"], "tool");
}

#[cfg(feature = "schemars")]
#[tokio::test]
async fn structured() {
    let (qwen, emulator) = support::emulated().await.unwrap();
    structured::run(&qwen).await.unwrap();
    let body = emulator.requests()[0].json();
    let format = &body["response_format"]["json_schema"];
    assert_eq!(format["name"], "Recipe");
    assert_eq!(body["enable_thinking"], false);
}

#[tokio::test]
async fn vision() {
    let (qwen, emulator) = support::emulated().await.unwrap();
    let image = Media::bytes(b"\x89PNG\r\n\x1a\n and so on").unwrap();
    vision::run(&qwen, image).await.unwrap();
    let models: Vec<_> = emulator
        .requests()
        .iter()
        .map(|r| r.json()["model"].clone())
        .collect();
    assert_eq!(models, ["qwen3.6-plus", "qwen-vl-max-latest"]);
}

#[cfg(feature = "video")]
#[tokio::test]
async fn video() {
    let (qwen, emulator) = support::emulated().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    video::run(&qwen, &path).await.unwrap();
    assert!(path.exists());
    assert_eq!(emulator.video().tasks().len(), 1);
}
