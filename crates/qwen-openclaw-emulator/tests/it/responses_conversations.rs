//! The Conversations API, and responses that are part of a conversation.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::responses::{create, request, respond, send, text};

const PATH: &str = "/compatible-mode/v1/conversations";

async fn call(emulator: &Emulator, method: &str, rest: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = send(emulator, method, &format!("{PATH}{rest}"), &[], &body).await;
    (answer.status, answer.json())
}

async fn ok(emulator: &Emulator, method: &str, rest: &str, body: Value) -> Value {
    let (status, answer) = call(emulator, method, rest, body).await;
    assert_eq!(status, 200, "{method} {rest}: {answer}");
    answer
}

fn says(role: &str, content: &str) -> Value {
    json!({"role": role, "content": content})
}

#[tokio::test]
async fn a_conversation_is_created_changed_and_removed() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"metadata": {"a": "b"}, "items": [says("user", "I am Zoe.")]});
    let made = ok(&emulator, "POST", "", fields).await;
    let id = format!("/{}", made["id"].as_str().unwrap());
    assert!(id.starts_with("/conv_"), "{id}");
    assert_eq!(made["object"], "conversation");
    assert_eq!(made["metadata"], json!({"a": "b"}));
    // Milliseconds.
    assert!(made["created_at"].as_u64().unwrap() > 1_750_000_000_000);
    assert_eq!(ok(&emulator, "GET", &id, Value::Null).await, made);
    let changed = ok(&emulator, "POST", &id, json!({"metadata": {"c": "d"}})).await;
    assert_eq!(changed["metadata"], json!({"c": "d"}));
    assert_eq!(
        send(&emulator, "GET", &format!("/cn{PATH}{id}"), &[], "")
            .await
            .status,
        404
    );
    let removed = ok(&emulator, "DELETE", &id, Value::Null).await;
    assert_eq!(
        removed,
        json!({"id": made["id"], "object": "conversation.deleted", "deleted": true})
    );
    let (status, body) = call(&emulator, "GET", &id, Value::Null).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
    assert_eq!(
        ok(&emulator, "POST", "", Value::Null).await["metadata"],
        json!({})
    );
}

#[tokio::test]
async fn items_come_in_pages() {
    let emulator = Emulator::start().await.unwrap();
    let made = ok(&emulator, "POST", "", json!({})).await;
    let items = format!("/{}/items", made["id"].as_str().unwrap());
    let given: Vec<Value> = (0..5)
        .map(|number| says("user", &number.to_string()))
        .collect();
    let added = ok(&emulator, "POST", &items, json!({"items": given})).await;
    let ids: Vec<&str> = added["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(added["first_id"], ids[0]);
    assert_eq!(added["last_id"], ids[4]);
    assert_eq!(
        added["data"][0],
        json!({"id": ids[0], "type": "message", "role": "user", "status": "completed",
            "content": [{"type": "input_text", "text": "0"}]})
    );
    for (query, expected, more) in [
        ("", &[4, 3, 2, 1, 0][..], false),
        ("?order=asc&limit=2", &[0, 1], true),
        ("?limit=5", &[4, 3, 2, 1, 0], false),
        (
            &*format!("?order=asc&limit=2&after={}", ids[2]),
            &[3, 4],
            false,
        ),
        (&*format!("?after={}", ids[0]), &[], false),
    ] {
        let page = ok(&emulator, "GET", &format!("{items}{query}"), Value::Null).await;
        let expected: Vec<&str> = expected.iter().map(|at: &usize| ids[*at]).collect();
        let found = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap());
        assert_eq!(found.collect::<Vec<_>>(), expected, "{query}");
        assert_eq!(
            (&page["has_more"], &page["object"]),
            (&json!(more), &json!("list"))
        );
    }
    let one = format!("{items}/{}", ids[1]);
    assert_eq!(
        ok(&emulator, "GET", &one, Value::Null).await,
        added["data"][1]
    );
    assert_eq!(ok(&emulator, "DELETE", &one, Value::Null).await, made);
    assert_eq!(call(&emulator, "GET", &one, Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_response_is_part_of_a_conversation() {
    let emulator = Emulator::start().await.unwrap();
    let made = ok(
        &emulator,
        "POST",
        "",
        json!({"items": [says("user", "I am Zoe.")]}),
    )
    .await;
    let first = respond(
        &emulator,
        json!({"input": "And now?", "conversation": made["id"]}),
    )
    .await;
    assert!(text(&first).contains("turn 2 of our conversation, which began with “I am Zoe.”"));
    assert_eq!(first["conversation"], json!({"id": made["id"]}));
    let mut next = request(json!({"input": "And?", "stream": true}));
    next["conversation"] = json!({"id": made["id"]});
    let last = create(&emulator, &next).await.events().pop().unwrap();
    assert!(text(&last["response"]).contains("turn 3 of"), "{last}");
    let items = format!("/{}/items?order=asc", made["id"].as_str().unwrap());
    let items = ok(&emulator, "GET", &items, Value::Null).await["data"].clone();
    let roles: Vec<&str> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["user", "user", "assistant", "user", "assistant"]);
    assert_eq!(items[2], first["output"][0]);
    // What led to a response is known without the conversation, too.
    let follow = json!({"input": "So?", "previous_response_id": last["response"]["id"]});
    assert!(text(&respond(&emulator, follow).await).contains("turn 4 of"));
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    let many: Vec<Value> = (0..21).map(|_| says("user", "x")).collect();
    let pairs: Value = (0..17)
        .map(|number| (number.to_string(), json!("")))
        .collect();
    for (fields, message) in [
        (
            json!({"items": many}),
            "The number of items should be at most 20",
        ),
        (
            json!({"items": [{"type": "function_call"}]}),
            "\"function_call\" is not one of ['message'] - 'items.0.type'",
        ),
        (
            json!({"items": [says("tool", "x")]}),
            "tool is not one of ['user', 'assistant', 'system', 'developer'] - 'items.0.role'",
        ),
        (json!({"metadata": pairs}), "metadata should have"),
        (
            json!({"metadata": {"k": "v".repeat(513)}}),
            "metadata should have",
        ),
        (
            json!({"metadata": {"k".repeat(65): "v"}}),
            "metadata should have",
        ),
        (json!({"metadata": {"k": 1}}), "metadata should have"),
        (json!([]), "Required body invalid"),
    ] {
        let (status, body) = call(&emulator, "POST", "", fields).await;
        let said = body["error"]["message"].as_str().unwrap();
        assert_eq!(status, 400, "{said}");
        assert!(said.starts_with(message), "{said}");
    }
    let made = ok(&emulator, "POST", "", json!({})).await;
    let id = format!("/{}", made["id"].as_str().unwrap());
    for (method, rest, status) in [
        ("GET", "", 405),
        ("PUT", &*id, 405),
        ("POST", &id, 400),
        ("GET", "/conv_none", 404),
        ("GET", &format!("{id}/items?limit=0"), 400),
        ("GET", &format!("{id}/items?order=up"), 400),
        ("GET", &format!("{id}/items?after=x"), 404),
        ("GET", &format!("{id}/else"), 404),
    ] {
        assert_eq!(
            call(&emulator, method, rest, Value::Null).await.0,
            status,
            "{method} {rest}"
        );
    }
    let first = respond(&emulator, json!({})).await;
    let both = json!({"conversation": made["id"], "previous_response_id": first["id"]});
    assert_eq!(create(&emulator, &request(both)).await.status, 400);
}
