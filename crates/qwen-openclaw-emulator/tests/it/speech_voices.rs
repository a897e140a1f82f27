//! Voices that are made from recordings.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    native::send,
    speech::{SYNTHESIS, cosyvoice},
};

const VOICES: &str = "/services/audio/tts/customization";

async fn ask(emulator: &Emulator, model: &str, input: Value) -> Value {
    let body = json!({"model": model, "input": input});
    send(emulator, VOICES, &body, &[]).await.json()
}

#[tokio::test]
async fn voices_are_made_listed_and_deleted() {
    let emulator = Emulator::start().await.unwrap();
    let ask = |input| ask(&emulator, "voice-enrollment", input);
    let made = ask(
        json!({"action": "create_voice", "target_model": "cosyvoice-v3.5-plus",
        "prefix": "demo", "url": "https://a.example/b.wav"}),
    )
    .await;
    let id = made["output"]["voice_id"].as_str().unwrap();
    assert!(id.starts_with("cosyvoice-v3.5-plus-demo-"), "{id}");
    assert_eq!(made["usage"], json!({"count": 1}));
    let listed = ask(json!({"action": "list_voice", "prefix": "demo"})).await;
    let rows = listed["output"]["voice_list"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["voice_id"]), (1, &json!(id)));
    assert_eq!(rows[0]["status"], "OK");
    let updated =
        ask(json!({"action": "update_voice", "voice_id": id, "url": "https://a.example/c.wav"}))
            .await;
    assert_eq!(updated["output"], json!({}));
    let details = ask(json!({"action": "query_voice", "voice_id": id})).await["output"].clone();
    assert_eq!(details["resource_link"], "https://a.example/c.wav");
    assert_eq!(details["target_model"], "cosyvoice-v3.5-plus");
    // It speaks with the model that it was made for, and no other.
    let mut body = cosyvoice("Hello", json!({"voice": id}));
    let refused = send(&emulator, SYNTHESIS, &body, &[]).await.json();
    assert_eq!(
        refused["message"],
        format!("The voice {id} was made for the model cosyvoice-v3.5-plus.")
    );
    body["model"] = json!("cosyvoice-v3.5-plus");
    assert_eq!(send(&emulator, SYNTHESIS, &body, &[]).await.status, 200);
    ask(json!({"action": "delete_voice", "voice_id": id})).await;
    let gone = ask(json!({"action": "query_voice", "voice_id": id})).await;
    assert_eq!(gone["message"], format!("There is no voice {id}."));
}

#[tokio::test]
async fn voices_for_qwen_have_fields_of_their_own() {
    let emulator = Emulator::start().await.unwrap();
    let ask = |input| ask(&emulator, "qwen-voice-enrollment", input);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let made = ask(json!({"action": "create", "preferred_name": "demo",
            "target_model": "qwen3-tts-vc-realtime-2026-01-15",
            "audio": {"data": "data:audio/mpeg;base64,//MAAA=="}}))
        .await;
        assert_eq!(
            made["output"]["target_model"],
            "qwen3-tts-vc-realtime-2026-01-15"
        );
        ids.push(made["output"]["voice"].as_str().unwrap().to_owned());
    }
    let page =
        ask(json!({"action": "list", "page_size": 2, "page_index": 1})).await["output"].clone();
    assert_eq!(
        (&page["total_count"], &page["page_index"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(page["voice_list"][0]["voice"], json!(ids[2]));
    let deleted = ask(json!({"action": "delete", "voice": ids[0]})).await;
    assert_eq!(
        (&deleted["output"]["voice"], &deleted["usage"]),
        (&json!(ids[0]), &json!({"count": 0}))
    );
    let unknown = ask(json!({"action": "create_voice"})).await;
    assert_eq!(unknown["message"], "Unknown action: \"create_voice\"");
    emulator.reset();
    assert_eq!(
        ask(json!({"action": "list"})).await["output"]["total_count"],
        0
    );
}
