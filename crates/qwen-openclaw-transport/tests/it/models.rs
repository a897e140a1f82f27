//! Discovery.

use qwen_openclaw_emulator::{Emulator, Reply, Script};
use qwen_openclaw_transport::ErrorKind;
use serde_json::json;

use crate::chat::client;

#[tokio::test]
async fn lists_what_the_endpoint_has() {
    let emulator = Emulator::start().await.unwrap();
    let models = client(emulator.base_url()).models().await.unwrap();
    assert!(models.iter().any(|model| model.id == "qwen3.5-plus"));
}

#[tokio::test]
async fn odd_entries_are_left_out() {
    let list =
        json!({"data": [{"id": "a"}, {"id": 7}, null, {"id": " "}, {"id": "a"}, {"id": "b"}]});
    let emulator = Emulator::builder()
        .script(Script::from(Reply::json(200, &list)))
        .start();
    let emulator = emulator.await.unwrap();
    let models = client(emulator.base_url()).models().await.unwrap();
    let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
}

#[tokio::test]
async fn what_is_no_list_is_an_error() {
    let refusal = json!({"error": {"code": "invalid_api_key", "message": "no"}});
    for (answer, kind) in [
        (refusal, ErrorKind::Authentication),
        (json!([]), ErrorKind::Protocol),
        (json!({"data": {}}), ErrorKind::Protocol),
    ] {
        let emulator = Emulator::builder().script(Script::from(Reply::json(200, &answer)));
        let emulator = emulator.start().await.unwrap();
        let error = client(emulator.base_url()).models().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{answer}: {error}");
    }
}

#[tokio::test]
async fn a_refusal_is_typed() {
    let emulator = Emulator::builder()
        .require_key("sk-other")
        .start()
        .await
        .unwrap();
    let error = client(emulator.base_url()).models().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Authentication, Some(401))
    );
}
