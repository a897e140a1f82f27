//! Responses that are asked for and followed later.

use std::time::Duration;

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::responses::{create, request, respond, send, text};

const PATH: &str = "/compatible-mode/v1/responses";

async fn get(emulator: &Emulator, path: &str) -> (u16, Value) {
    let answer = send(emulator, "GET", path, &[], "").await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_response_is_followed() {
    let emulator = Emulator::start().await.unwrap();
    let first = respond(
        &emulator,
        json!({"input": "I am Zoe.", "instructions": "Be kind."}),
    )
    .await;
    let follow = json!({"input": "And now?", "previous_response_id": first["id"]});
    let second = respond(&emulator, follow).await;
    let said = text(&second);
    assert!(
        said.contains("turn 2 of our conversation, which began with “I am Zoe.”"),
        "{said}"
    );
    // Instructions are those of one request.
    assert!(!said.contains("Be kind."), "{said}");
    assert_eq!(second["previous_response_id"], first["id"]);
    let tokens = |response: &Value| response["usage"]["input_tokens"].as_u64();
    assert!(tokens(&second) > tokens(&first));
    let third = json!({"input": "And?", "previous_response_id": second["id"]});
    assert!(text(&respond(&emulator, third).await).contains("turn 3 of"));
    // Two may follow the same.
    let other = json!({"input": "Or?", "previous_response_id": first["id"]});
    assert!(text(&respond(&emulator, other).await).contains("turn 2 of"));
}

#[tokio::test]
async fn items_are_named_by_their_ids() {
    let emulator = Emulator::start().await.unwrap();
    let first = respond(&emulator, json!({"input": "I am Zoe."})).await;
    let named = |id: &Value| {
        json!({"input": [{"role": "user", "content": "I am Zoe."},
            {"type": "item_reference", "id": id}, {"role": "user", "content": "And now?"}]})
    };
    let by_name = respond(&emulator, named(&first["output"][0]["id"])).await;
    let mut sent = named(&json!(""));
    sent["input"][1] = first["output"][0].clone();
    let sent = respond(&emulator, sent).await;
    assert_eq!(text(&by_name), text(&sent));
    assert_eq!(
        by_name["usage"]["output_tokens"],
        sent["usage"]["output_tokens"]
    );
    let unknown = create(&emulator, &request(named(&json!("msg_none")))).await;
    assert_eq!(unknown.status, 400);
    let message = unknown.json()["error"]["message"].clone();
    assert_eq!(message, "Item with id 'msg_none' not found.");
}

#[tokio::test]
async fn responses_are_kept_and_removed() {
    let emulator = Emulator::start().await.unwrap();
    let response = respond(&emulator, json!({})).await;
    let path = format!("{PATH}/{}", response["id"].as_str().unwrap());
    assert_eq!(get(&emulator, &path).await, (200, response.clone()));
    // The other region is another account.
    assert_eq!(get(&emulator, &format!("/cn{path}")).await.0, 404);
    assert_eq!(send(&emulator, "PUT", &path, &[], "").await.status, 405);
    assert_eq!(send(&emulator, "GET", PATH, &[], "").await.status, 405);
    let deleted = send(&emulator, "DELETE", &path, &[], "").await;
    assert_eq!(
        deleted.json(),
        json!({"id": response["id"], "object": "response.deleted", "deleted": true})
    );
    let (status, body) = get(&emulator, &path).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
    assert_eq!(send(&emulator, "DELETE", &path, &[], "").await.status, 404);
    for path in [
        format!("{path}/cancel"),
        format!("{PATH}x"),
        format!("{PATH}/a/b/c"),
    ] {
        let (status, body) = get(&emulator, &path).await;
        let message = body["error"]["message"].as_str().unwrap();
        assert_eq!(status, 404);
        assert!(message.starts_with("There is no such path"), "{message}");
    }
    let unstored = respond(&emulator, json!({"store": false})).await;
    let path = format!("{PATH}/{}", unstored["id"].as_str().unwrap());
    assert_eq!(get(&emulator, &path).await.0, 404);
}

#[tokio::test]
async fn a_streamed_response_is_kept_too() {
    let emulator = Emulator::start().await.unwrap();
    let answer = create(&emulator, &request(json!({"stream": true}))).await;
    let mut last = answer.events().pop().unwrap()["response"].clone();
    let path = format!("{PATH}/{}", last["id"].as_str().unwrap());
    let (status, kept) = get(&emulator, &path).await;
    last["created_at"] = kept["created_at"].clone();
    assert_eq!((status, kept), (200, last));
}

#[tokio::test(start_paused = true)]
async fn a_response_is_kept_for_a_week() {
    let emulator = Emulator::start().await.unwrap();
    let first = respond(&emulator, json!({})).await;
    let follow = request(json!({"previous_response_id": first["id"]}));
    let day = Duration::from_secs(24 * 3600);
    emulator.video().advance(6 * day);
    assert_eq!(create(&emulator, &follow).await.status, 200);
    emulator.video().advance(day);
    let answer = create(&emulator, &follow).await;
    assert_eq!(answer.status, 400);
    let id = first["id"].as_str().unwrap();
    assert_eq!(
        answer.json()["error"]["message"],
        format!("Previous response with id '{id}' not found.")
    );
}

#[tokio::test]
async fn a_reset_forgets_responses() {
    let emulator = Emulator::start().await.unwrap();
    let response = respond(&emulator, json!({})).await;
    let path = format!("{PATH}/{}", response["id"].as_str().unwrap());
    emulator.reset();
    assert_eq!(get(&emulator, &path).await.0, 404);
}
