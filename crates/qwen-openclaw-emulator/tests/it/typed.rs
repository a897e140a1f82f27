//! Answers in JSON, and the probabilities of their tokens.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{ask, stream};

/// Sends a prompt with these fields and returns the events of the answer.
async fn events(prompt: &str, fields: Value) -> Vec<Value> {
    let emulator = Emulator::start().await.unwrap();
    let mut body = stream("qwen3-max", prompt);
    let fields = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    let answer = ask(&emulator, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.events()
}

fn text(events: &[Value]) -> String {
    let deltas = events
        .iter()
        .map(|event| &event["choices"][0]["delta"]["content"]);
    deltas.filter_map(Value::as_str).collect()
}

async fn answer(prompt: &str, fields: Value) -> Value {
    serde_json::from_str(&text(&events(prompt, fields).await)).unwrap()
}

#[tokio::test]
async fn json_mode_follows_the_prompt() {
    let format = json!({"response_format": {"type": "json_object"}});
    let prompt = "Who lives in Kyiv? As JSON with the keys name and city";
    assert_eq!(
        answer(prompt, format.clone()).await,
        json!({"name": "Kyiv", "city": "Kyiv"})
    );
    let mut instructed = format.clone();
    instructed["messages"] = json!([
        {"role": "system", "content": "Answer as JSON: {\"mood\": string, \"score\": number}"},
        {"role": "user", "content": "I am glad"}]);
    assert_eq!(
        answer("", instructed).await,
        json!({"mood": "example mood", "score": 1})
    );
    let free = answer("Say something as JSON", format).await;
    assert_eq!(free["emulator"], true);
}

#[tokio::test]
async fn typed_answers_fit_their_schema() {
    let schema = json!({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object",
        "required": ["id", "score", "next"], "properties": {
            "id": {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$", "not": {"const": "AE-0123"}},
            "score": {"type": "integer", "exclusiveMinimum": -0.5, "maximum": 0.5},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "node", "schema": schema}});
    let answer = answer("Item AB-1234", json!({"response_format": format})).await;
    assert_eq!(answer["id"], "AB-1234");
    assert_eq!(answer["score"], 0);
    let mut last = &answer;
    while last["next"].is_object() {
        last = &last["next"];
    }
    assert_eq!(last.get("next"), Some(&Value::Null));
}

#[tokio::test]
async fn logprobs_come_with_the_text() {
    let fields = json!({"logprobs": true, "top_logprobs": 2});
    let events = events("Hello", fields.clone()).await;
    let mut tokens = String::new();
    for event in &events {
        let choice = &event["choices"][0];
        let has_text = choice["delta"]["content"]
            .as_str()
            .is_some_and(|text| !text.is_empty());
        assert_eq!(choice["logprobs"].is_object(), has_text, "{event}");
        for row in choice["logprobs"]["content"]
            .as_array()
            .into_iter()
            .flatten()
        {
            tokens.push_str(row["token"].as_str().unwrap());
            assert!(row["logprob"].as_f64().unwrap() <= 0.0);
            assert_eq!(row["top_logprobs"].as_array().unwrap().len(), 2);
        }
    }
    assert_eq!(tokens, text(&events));

    let emulator = Emulator::start().await.unwrap();
    let mut body =
        json!({"model": "qwen3-max", "messages": [{"role": "user", "content": "Hello"}]});
    let plain = ask(&emulator, &body).await.json();
    assert_eq!(plain["choices"][0]["logprobs"], Value::Null);
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    let whole = ask(&emulator, &body).await.json();
    let rows = whole["choices"][0]["logprobs"]["content"]
        .as_array()
        .unwrap();
    let tokens: String = rows
        .iter()
        .filter_map(|row| row["token"].as_str())
        .collect();
    assert_eq!(whole["choices"][0]["message"]["content"], tokens);
}
