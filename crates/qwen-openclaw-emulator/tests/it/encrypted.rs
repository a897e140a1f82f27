//! Reasoning that comes as a summary and a ciphertext.

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
            let mut history = vec![messages[0].clone(), fold(&answer)];
            if tools {
                let id = &history[1]["tool_calls"][0]["id"];
                let result = json!({"role": "tool", "tool_call_id": id, "content": "rain"});
                history.push(result);
            }
            history.push(json!({"role": "user", "content": "Thanks"}));
            let history = json!(history);
            assert_eq!(conversation.send(&history, STRICT).await.status, 200);
        }
    }
}
