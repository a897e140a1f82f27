//! What else is new with Qwen4: thinking switches, limits, and cache breakpoints.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{ask, stream};

#[tokio::test]
async fn reasoning_of_earlier_turns_is_input_only_when_preserved() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = async |model: &str, preserve: bool| {
        let mut body = stream(model, "");
        body["preserve_thinking"] = json!(preserve);
        body["messages"] = json!([
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi", "reasoning_content": "word ".repeat(50)},
            {"role": "user", "content": "How are you?"}]);
        body["enable_thinking"] = json!(true);
        let last = ask(&emulator, &body).await.events().pop().unwrap();
        last["usage"]["prompt_tokens"].as_u64().unwrap()
    };
    for model in [
        "qwen4-max",
        "qwen3.7-plus",
        "qwen3.6-plus",
        "kimi-k2.7-code",
    ] {
        assert!(
            tokens(model, true).await >= tokens(model, false).await + 50,
            "{model}"
        );
    }
    assert_eq!(
        tokens("qwen3.5-plus", true).await,
        tokens("qwen3.5-plus", false).await
    );
}

#[tokio::test]
async fn thinking_is_switched_off_by_effort_too() {
    let emulator = Emulator::start().await.unwrap();
    for (fields, thinks) in [
        (json!({}), true),
        (json!({"enable_thinking": false}), false),
        (json!({"reasoning_effort": "none"}), false),
        (
            json!({"reasoning_effort": "none", "enable_thinking": true}),
            false,
        ),
        (json!({"reasoning_effort": "low"}), true),
    ] {
        let mut body = stream("qwen4-max", "Hello");
        body.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let answer = ask(&emulator, &body).await;
        assert_eq!(!answer.reasoning().is_empty(), thinks, "{fields}");
    }
}

#[tokio::test]
async fn output_limits_depend_on_thinking() {
    let emulator = Emulator::start().await.unwrap();
    for (thinking, field, value, limit) in [
        (true, "max_completion_tokens", 262_144, None),
        (true, "max_completion_tokens", 262_145, Some(262_144)),
        (true, "max_tokens", 262_145, Some(262_144)),
        (false, "max_completion_tokens", 131_072, None),
        (false, "max_completion_tokens", 131_073, Some(131_072)),
    ] {
        let mut body = stream("qwen4-max", "Hello");
        body["enable_thinking"] = json!(thinking);
        body[field] = json!(value);
        let answer = ask(&emulator, &body).await;
        let Some(limit) = limit else {
            assert_eq!(answer.status, 200);
            continue;
        };
        let message = answer.json()["error"]["message"].clone();
        let range = format!("Range of {field} should be [1, {limit}]");
        assert!(message.as_str().unwrap().ends_with(&range), "{message}");
    }
    let mut body = stream("qwen4-max", "Hello");
    body["thinking_budget"] = json!(262_144);
    assert_eq!(ask(&emulator, &body).await.status, 200);
}

#[tokio::test]
async fn breakpoints_mark_what_is_cached() {
    let emulator = Emulator::start().await.unwrap();
    let details = async |model: &str, words: usize, marker: Value| {
        let mut part = json!({"type": "text", "text": format!("{words} ").repeat(words)});
        part.as_object_mut()
            .unwrap()
            .extend(marker.as_object().unwrap().clone());
        let mut body = stream(model, "");
        body["messages"][0]["content"] = json!([part]);
        let events = ask(&emulator, &body).await.events();
        let usage = &events.last().unwrap()["usage"];
        usage["prompt_tokens_details"].clone()
    };
    let explicit = json!({"prompt_cache_breakpoint": {"mode": "explicit"}});
    let written = details("qwen4-max", 1200, explicit.clone()).await;
    let tokens = written["cache_creation_input_tokens"].as_u64().unwrap();
    assert!(tokens > 1200);
    assert_eq!(
        written,
        json!({"cached_tokens": 0, "cache_creation_input_tokens": tokens, "cache_type": "ephemeral",
            "cache_creation": {"ephemeral_5m_input_tokens": tokens}})
    );
    // The older marker means the same.
    let read = details(
        "qwen4-max",
        1200,
        json!({"cache_control": {"type": "ephemeral"}}),
    )
    .await;
    assert_eq!(
        (&read["cached_tokens"], &read["cache_creation_input_tokens"]),
        (&json!(tokens), &json!(0))
    );
    // Too short to be cached.
    for _ in 0..2 {
        let short = details("qwen4-max", 300, explicit.clone()).await;
        assert_eq!(
            (
                &short["cached_tokens"],
                &short["cache_creation_input_tokens"]
            ),
            (&json!(0), &json!(0))
        );
    }
    for (model, marker) in [
        ("qwen3.7-plus", explicit),
        (
            "qwen4-max",
            json!({"prompt_cache_breakpoint": {"mode": "auto"}}),
        ),
        ("qwen4-max", json!({"prompt_cache_breakpoint": null})),
    ] {
        let implicit = details(model, 1300, marker).await;
        assert_eq!(implicit.get("cache_type"), None, "{model}");
    }
}
