//! What is new with Qwen4: encrypted reasoning, cache breakpoints, limits.

use qwen_openclaw_emulator::{Emulator, EncryptedDelivery, FaultKind};
use serde_json::{Value, json};

use crate::client::{Answer, Client, ask, stream};

const STRICT: &[(&str, &str)] = &[("x-emulator-fault", "reasoning-lost")];

/// A conversation with encrypted reasoning.
struct Conversation<'a> {
    emulator: &'a Emulator,
    body: Value,
}

impl<'a> Conversation<'a> {
    fn new(emulator: &'a Emulator, streamed: bool) -> Self {
        let weather = json!({"type": "function", "function": {"name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                "required": ["city"]}}});
        let body = json!({"model": "qwen4-max", "enable_thinking": true, "stream": streamed,
            "thinking_display": "summarized", "preserve_thinking": true,
            "tools": [weather], "messages": []});
        Self { emulator, body }
    }

    async fn send(&self, messages: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut body = self.body.clone();
        body["messages"] = messages.clone();
        let mut client = Client::connect(self.emulator).await;
        client.chat(&body, headers).await;
        client.answer().await
    }

    /// Adds a message and the reply to it.
    async fn turn(&mut self, message: Value) -> Value {
        let messages = self.body["messages"].as_array_mut().unwrap();
        messages.push(message);
        let answer = self.send(&self.body["messages"], STRICT).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let reply = if self.body["stream"] == true {
            fold(&answer)
        } else {
            answer.json()["choices"][0]["message"].clone()
        };
        let messages = self.body["messages"].as_array_mut().unwrap();
        messages.push(reply.clone());
        reply
    }

    /// Three questions, each of which takes a tool.
    async fn three_turns(&mut self) -> Value {
        for city in ["Kyiv", "Lima", "Ulm"] {
            let picture = json!({"url": format!("https://a.example/{city}.png")});
            let question = self.turn(json!({"role": "user", "content": [
                {"type": "text", "text": format!("Weather in {city}?")},
                {"type": "image_url", "image_url": picture}]}));
            let call = question.await["tool_calls"][0].clone();
            assert_eq!(call["function"]["name"], "get_weather");
            let result = json!({"role": "tool", "tool_call_id": call["id"], "content": "12 C"});
            let text = self.turn(result).await["content"].clone();
            assert!(text.as_str().unwrap().contains("12 C"), "{text}");
        }
        self.body["messages"].clone()
    }
}

/// The message that a stream amounts to.
fn fold(answer: &Answer) -> Value {
    let events = answer.events();
    let deltas: Vec<&Value> = events
        .iter()
        .map(|event| &event["choices"][0]["delta"])
        .collect();
    let text = |field: &str| -> String {
        let pieces = deltas.iter().filter_map(|delta| delta[field].as_str());
        pieces.collect()
    };
    let calls = deltas.iter().map(|delta| &delta["tool_calls"][0]);
    let mut calls = calls.filter(|call| call.is_object());
    let mut message = json!({"role": "assistant", "content": text("content"),
        "reasoning_content": text("reasoning_content"),
        "encrypted_content": text("encrypted_content")});
    if let Some(first) = calls.next() {
        let mut call = first.clone();
        let rest: String = calls
            .filter_map(|call| call["function"]["arguments"].as_str())
            .collect();
        call["function"]["arguments"] = json!(rest);
        message["tool_calls"] = json!([call]);
    }
    message
}

/// The positions of the replies in [`Conversation::three_turns`].
const REPLIES: [usize; 6] = [1, 3, 5, 7, 9, 11];

#[tokio::test]
async fn three_turns_with_tools_keep_their_reasoning() {
    for streamed in [false, true] {
        let emulator = Emulator::start().await.unwrap();
        let mut conversation = Conversation::new(&emulator, streamed);
        let messages = conversation.three_turns().await;
        let mut ciphertexts: Vec<&str> = REPLIES
            .iter()
            .map(|&position| {
                let summary = messages[position]["reasoning_content"].as_str().unwrap();
                assert!(summary.starts_with("Reads the prompt"), "{summary}");
                messages[position]["encrypted_content"].as_str().unwrap()
            })
            .collect();
        assert!(
            ciphertexts
                .iter()
                .all(|text| text.starts_with('g') && text.len() > 200)
        );
        ciphertexts.sort_unstable();
        ciphertexts.dedup();
        assert_eq!(ciphertexts.len(), REPLIES.len());

        // The reasoning is input again, and that is the whole of it, not the summary.
        let tokens = async |messages: &Value| {
            let mut body = conversation.body.clone();
            body["messages"] = messages.clone();
            body["stream"] = json!(false);
            let usage = ask(&emulator, &body).await.json()["usage"].clone();
            usage["prompt_tokens"].as_u64().unwrap()
        };
        let mut without = messages.clone();
        for position in REPLIES {
            without[position]
                .as_object_mut()
                .unwrap()
                .remove("encrypted_content");
        }
        assert!(tokens(&messages).await > tokens(&without).await + 100);
    }
}

#[tokio::test]
async fn losing_reasoning_is_noticed_on_demand() {
    for streamed in [false, true] {
        check_losses(streamed).await;
    }
}

async fn check_losses(streamed: bool) {
    let emulator = Emulator::start().await.unwrap();
    let mut other = Conversation::new(&emulator, false);
    let other = other
        .turn(json!({"role": "user", "content": "Hello"}))
        .await;
    let mut conversation = Conversation::new(&emulator, streamed);
    let messages = conversation.three_turns().await;
    let next = json!({"role": "user", "content": "And tomorrow?"});

    let missing = "is missing";
    let foreign = "does not belong to this turn of the conversation";
    let mut cases: Vec<(Value, usize, &str)> = Vec::new();
    let mut case = |position: usize, problem, change: &dyn Fn(&mut Value)| {
        let mut changed = messages.clone();
        change(&mut changed);
        changed.as_array_mut().unwrap().push(next.clone());
        cases.push((changed, position, problem));
    };
    for position in REPLIES {
        let own = messages[position]["encrypted_content"].as_str().unwrap();
        case(position, missing, &|messages| {
            messages[position]
                .as_object_mut()
                .unwrap()
                .remove("encrypted_content");
        });
        for nothing in [Value::Null, json!("")] {
            case(position, missing, &|messages| {
                messages[position]["encrypted_content"] = nothing.clone();
            });
        }
        let (start, end) = own.split_at(own.len() / 2);
        let flipped = if end.starts_with('A') { 'B' } else { 'A' };
        for changed in [
            format!("{start}{flipped}{}", &end[1..]),
            start.to_owned(),
            format!("{own}{own}"),
            own.to_lowercase(),
            other["encrypted_content"].as_str().unwrap().to_owned(),
            messages[12 - position]["encrypted_content"]
                .as_str()
                .unwrap()
                .to_owned(),
        ] {
            case(position, foreign, &|messages| {
                messages[position]["encrypted_content"] = json!(changed);
            });
        }
    }
    // What came before a turn has changed.
    case(1, foreign, &|messages| {
        messages[0]["content"][0]["text"] = json!("Weather in Bonn?")
    });
    case(5, foreign, &|messages| {
        messages[4]["content"].as_array_mut().unwrap().truncate(1);
    });
    case(7, foreign, &|messages| {
        messages[6]["content"] = json!("13 C")
    });
    case(9, foreign, &|messages| {
        messages[7]["content"] = json!("Something else.")
    });
    case(1, foreign, &|messages| {
        messages.as_array_mut().unwrap().drain(..4);
    });

    for (messages, position, problem) in cases {
        let answer = conversation.send(&messages, STRICT).await;
        assert_eq!(answer.status, 400, "{position} {problem}");
        let expected = format!(
            "<400> InternalError.Algo.InvalidParameter: encrypted_content {problem} - 'messages.{position}'"
        );
        assert_eq!(answer.json()["error"]["message"], expected);
        assert_eq!(answer.json()["error"]["code"], "invalid_parameter_error");
        // The service itself is not known to mind.
        assert_eq!(conversation.send(&messages, &[]).await.status, 200);
    }
    let mut honest = messages.clone();
    honest.as_array_mut().unwrap().push(next);
    assert_eq!(conversation.send(&honest, STRICT).await.status, 200);

    // By a rule, too, and only where the switches are on.
    emulator.fault(FaultKind::ReasoningLost);
    honest[1]["encrypted_content"] = Value::Null;
    assert_eq!(conversation.send(&honest, &[]).await.status, 400);
    conversation.body["preserve_thinking"] = json!(false);
    assert_eq!(conversation.send(&honest, &[]).await.status, 200);
}

#[tokio::test]
async fn an_honest_history_may_be_written_differently() {
    let emulator = Emulator::start().await.unwrap();
    let mut conversation = Conversation::new(&emulator, false);
    let mut messages = conversation.three_turns().await;
    messages[0]["content"][0]["prompt_cache_breakpoint"] = json!({"mode": "explicit"});
    messages[0]["content"][1]["image_url"] = json!("https://a.example/Kyiv.png");
    messages[1]["content"] = Value::Null;
    messages[1]
        .as_object_mut()
        .unwrap()
        .remove("reasoning_content");
    messages[1]["tool_calls"][0]
        .as_object_mut()
        .unwrap()
        .remove("index");
    messages[1]["tool_calls"][0]["function"]["arguments"] = json!("{\n  \"city\":\"Kyiv\"}");
    messages[2]["content"] = json!([{"type": "text", "text": "12 C"}]);
    let text = messages[3]["content"].clone();
    messages[3]["content"] = json!([{"type": "text", "text": text}]);
    messages[5].as_object_mut().unwrap().remove("content");
    let next = json!({"role": "user", "content": "And tomorrow?"});
    messages.as_array_mut().unwrap().push(next);
    let answer = conversation.send(&messages, STRICT).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn reasoning_is_encrypted_only_where_all_of_it_was_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let all = json!({"thinking_display": "summarized", "preserve_thinking": true});
    let ask_with = async |model: &str, fields: &Value| {
        let mut body = stream(model, "Hello");
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        ask(&emulator, &body).await
    };
    let plain = ask_with("qwen4-max", &json!({})).await.reasoning();
    let summary = ask_with("qwen4-max", &all).await;
    assert!(summary.reasoning().len() < plain.len() / 2);
    assert!(summary.text().contains("encrypted_content"));
    // Whatever the caller may read of it, the same tokens are billed.
    let tokens = |answer: &Answer| {
        let usage = answer.events().pop().unwrap()["usage"].clone();
        usage["completion_tokens_details"]["reasoning_tokens"].clone()
    };
    assert_eq!(
        tokens(&summary),
        tokens(&ask_with("qwen4-max", &json!({})).await)
    );

    for (model, fields) in [
        ("qwen4-max", json!({"thinking_display": "summarized"})),
        ("qwen4-max", json!({"preserve_thinking": true})),
        (
            "qwen4-max",
            json!({"thinking_display": "full", "preserve_thinking": true}),
        ),
        ("qwen3.7-max", all.clone()),
    ] {
        let answer = ask_with(model, &fields).await;
        assert_eq!(answer.reasoning(), plain, "{model} {fields}");
        assert!(
            !answer.text().contains("encrypted_content"),
            "{model} {fields}"
        );
    }
    let mut off = all.clone();
    off["enable_thinking"] = json!(false);
    let answer = ask_with("qwen4-max", &off).await;
    assert!(!answer.text().contains("reasoning_content"));
    assert!(!answer.text().contains("encrypted_content"));
}

#[tokio::test]
async fn the_ciphertext_comes_when_it_is_told_to() {
    for (delivery, count) in [
        (EncryptedDelivery::AfterReasoning, 1),
        (EncryptedDelivery::InPieces, 3),
        (EncryptedDelivery::WithLastDelta, 1),
    ] {
        let builder = Emulator::builder().encrypted_content(delivery);
        let emulator = builder.start().await.unwrap();
        for tools in [true, false] {
            let mut conversation = Conversation::new(&emulator, true);
            if !tools {
                conversation.body["tools"] = json!([]);
            }
            let messages = json!([{"role": "user", "content": "Weather in Ulm?"}]);
            let answer = conversation.send(&messages, &[]).await;
            let events = answer.events();
            let choices: Vec<&Value> = events.iter().map(|event| &event["choices"][0]).collect();
            let with = |field: &str| -> Vec<usize> {
                let is_set = |value: &Value| !matches!(value, Value::Null) && *value != "";
                let positions = choices.iter().enumerate();
                let positions = positions.filter(|(_, choice)| is_set(&choice["delta"][field]));
                positions.map(|(position, _)| position).collect()
            };
            let encrypted = with("encrypted_content");
            assert_eq!(encrypted.len(), count, "{delivery:?}");
            if delivery == EncryptedDelivery::WithLastDelta {
                let finish = if tools { "tool_calls" } else { "stop" };
                assert_eq!(choices[encrypted[0]]["finish_reason"], finish);
            } else {
                let content = with(if tools { "tool_calls" } else { "content" });
                let reasoning = with("reasoning_content");
                assert_eq!(encrypted[0], reasoning.last().unwrap() + 1);
                assert_eq!(content[0], encrypted.last().unwrap() + 1);
            }
            // However it comes, it is whole.
            let history =
                json!([messages[0], fold(&answer), {"role": "user", "content": "Thanks"}]);
            assert_eq!(conversation.send(&history, STRICT).await.status, 200);
        }
    }
}

#[tokio::test]
async fn reasoning_of_earlier_turns_is_input_only_when_preserved() {
    let emulator = Emulator::start().await.unwrap();
    let tokens = async |model: &str, preserve: bool| {
        let mut body = json!({"model": model, "preserve_thinking": preserve, "messages": [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi", "reasoning_content": "word ".repeat(50)},
            {"role": "user", "content": "How are you?"}]});
        body["enable_thinking"] = json!(true);
        let usage = ask(&emulator, &body).await.json()["usage"].clone();
        usage["prompt_tokens"].as_u64().unwrap()
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
