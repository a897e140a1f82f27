//! Every example runs.

#[cfg(feature = "schemars")]
#[path = "../../examples/conversation.rs"]
#[allow(dead_code, reason = "its `main` is not needed here")]
mod conversation;
#[path = "../../examples/streaming.rs"]
#[allow(dead_code, reason = "its `main` is not needed here")]
mod streaming;
#[cfg(feature = "schemars")]
#[path = "../../examples/structured.rs"]
#[allow(dead_code, reason = "its `main` is not needed here")]
mod structured;
#[path = "../../examples/support/mod.rs"]
#[allow(dead_code, reason = "the tests do not read the environment")]
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

#[tokio::test]
async fn a_video_is_attached_to_the_user_message() {
    let (qwen, emulator) = support::emulated().await.unwrap();
    let chat = qwen.chat("qwen/qwen3.6-plus").user("What happens?");
    let chat = chat.video_input("https://a.example/v.mp4");
    chat.send().await.unwrap();
    let body = emulator.requests()[0].json();
    let part = &body["messages"][0]["content"][1];
    assert_eq!(part["video_url"]["url"], "https://a.example/v.mp4");
}

#[tokio::test]
async fn sampling_parameters_reach_the_request() {
    let (qwen, emulator) = support::emulated().await.unwrap();
    let chat = qwen.chat("qwen/qwen3-coder-plus").user("hi").top_p(0.5);
    let chat = chat.seed(7).stop("END").stop("FIN");
    chat.with(|request| request.top_k(5)).send().await.unwrap();
    let body = emulator.requests()[0].json();
    assert_eq!((&body["top_p"], &body["seed"]), (&0.5.into(), &7.into()));
    assert_eq!(body["stop"][1], "FIN");
    assert_eq!(body["top_k"], 5);
}

#[cfg(feature = "schemars")]
#[tokio::test]
async fn conversation() {
    let (qwen, emulator) = support::emulated().await.unwrap();
    // Refuses a history that has lost its reasoning.
    emulator.fault(qwen_openclaw_emulator::FaultKind::ReasoningLost);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("conversation.json");
    conversation::run(&qwen, &file).await.unwrap();
    let last = emulator.requests().pop().unwrap().json();
    let messages = last["messages"].as_array().unwrap();
    let replies = messages.iter().filter(|m| m["role"] == "assistant");
    assert!(replies.clone().count() >= 4);
    assert!(
        replies
            .into_iter()
            .all(|m| m["encrypted_content"].is_string())
    );
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
    // This model gives JSON while it thinks.
    assert_eq!(body["enable_thinking"], true);
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
    let path = folder.path().join("video.mp4");
    video::run(&qwen, &path).await.unwrap();
    assert!(path.exists());
    assert_eq!(emulator.video().tasks().len(), 1);
}

/// As after a crash: another process, with nothing in common but the state folder.
#[cfg(all(feature = "store", feature = "video"))]
#[tokio::test]
async fn an_interrupted_video_is_resumed() {
    use qwen_openclaw::{Qwen, auth::Environment};

    let emulator = qwen_openclaw_emulator::Emulator::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let qwen = || {
        let home = home.to_str().unwrap();
        Qwen::builder()
            .environment(Environment::from_pairs([("QWEN_OPENCLAW_HOME", home)]))
            .home()
            .unwrap()
            .base_url(emulator.base_url())
            .api_key("sk-test")
            .build()
            .unwrap()
    };
    drop(video::submit(&qwen()).await.unwrap());
    let path = folder.path().join("video.mp4");
    video::run(&qwen(), &path).await.unwrap();
    assert!(path.exists());
    assert_eq!(emulator.video().tasks().len(), 1);
    // It is saved, so the next run makes another.
    std::fs::remove_file(&path).unwrap();
    video::run(&qwen(), &path).await.unwrap();
    assert_eq!(emulator.video().tasks().len(), 2);
}
