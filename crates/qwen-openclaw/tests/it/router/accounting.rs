//! What is written down.

use qwen_openclaw::{
    Error, ErrorKind,
    chat::{Tool, Tools},
    routing::{Budget, Limit, Outcome, Period, Router},
};
use qwen_openclaw_emulator::{FaultKind, FaultRule, Reply, Script};
use serde_json::{Value, json};

use super::{CHAIN, CLAUDE, GPT, QWEN, Three, entries, outcomes, refused, shown};

/// A reply of one piece.
fn says(delta: Value, reason: &str) -> Reply {
    let chunk = |delta, reason: Option<&str>| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
        json!({ "choices": [choice] }).to_string()
    };
    let events = [chunk(delta, None), chunk(json!({}), Some(reason))];
    Reply::event_stream().events(events).done()
}

#[tokio::test]
async fn each_attempt_is_an_entry_and_the_last_one_counts_the_request() {
    let three = Three::start().await;
    three.break_qwen(FaultKind::InternalError);
    let router = Router::new();
    let qwen = three.routed(&router);
    let chat = qwen.chat(QWEN).fallbacks(CHAIN).agent("main").user("hi");
    let reply = chat.send().await.unwrap();
    let entries = entries(&router).await;
    let [failed, answered] = &entries[..] else {
        panic!("{entries:?}")
    };
    assert_eq!(failed.outcome, Outcome::Failed(ErrorKind::Server));
    assert_eq!((failed.is_last, failed.sends), (false, 1));
    assert_eq!(failed.tokens.total(), 0);
    assert_eq!(answered.outcome, Outcome::Answered);
    assert_eq!((answered.is_last, answered.sends), (true, 1));
    let usage = reply.usage().unwrap();
    assert_eq!(
        (answered.tokens.input, answered.tokens.output),
        (usage.input_tokens, usage.output_tokens)
    );
    assert_eq!(
        (&*answered.provider, &*answered.kind),
        ("anthropic", "chat")
    );
    assert_eq!(answered.agent.as_deref(), Some("main"));
    assert_eq!(answered.credential, "explicit");
    // Of other servers the price is not known.
    assert_eq!(answered.cost, None);
}

#[tokio::test]
async fn a_dropped_stream_is_recorded_as_canceled() {
    let three = Three::start().await;
    let router = Router::new();
    let qwen = three.routed(&router);
    let mut stream = qwen.chat(QWEN).user("hi").stream().await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let canceled = ("qwen3.6-plus".to_owned(), Outcome::Canceled, true);
    let canceled = [canceled.clone(), canceled];
    assert_eq!(outcomes(&router).await, canceled[..1]);
    // One that is never read is one too.
    drop(qwen.chat(QWEN).user("hi").stream().await.unwrap());
    assert_eq!(outcomes(&router).await, canceled);
}

#[tokio::test]
async fn the_account_is_settled_before_the_end_is_seen() {
    let three = Three::start().await;
    let router = Router::new();
    let qwen = three.routed(&router);
    let mut stream = qwen.chat(QWEN).user("hi").stream().await.unwrap();
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    let entries = router.usage().latest(9).await.unwrap();
    assert_eq!(entries[0].outcome, Outcome::Answered);
    assert!(entries[0].tokens.total() > 0);
}

#[tokio::test]
async fn each_round_of_a_tool_loop_is_counted_and_stays_with_its_model() {
    let three = Three::start().await;
    three
        .qwen
        .fault(FaultRule::new(FaultKind::InternalError).times(1));
    let call = json!([{ "index": 0, "id": "call_1", "type": "function",
        "function": { "name": "get_weather", "arguments": "{}" } }]);
    let call = says(json!({ "tool_calls": call }), "tool_calls");
    let answer = says(json!({ "content": "Sunny." }), "stop");
    three
        .anthropic
        .script(Script::new().then(call).then(answer));
    let router = Router::new();
    let qwen = three.routed(&router);
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tools = Tools::new().tool(
        Tool::new("get_weather", "Looks up the weather", schema),
        |_: Value| async { Ok::<_, &str>("Sunny") },
    );
    let chat = qwen.chat(QWEN).fallbacks(CHAIN).user("weather?");
    let mut rounds = chat.run_tools(&tools).await.unwrap();
    assert_eq!(rounds.finish().await.unwrap().text(), "Sunny.");
    assert_eq!(three.seen(), [1, 2, 0]);
    let claude = |outcome| ("claude-sonnet-4-20250514".to_owned(), outcome, true);
    assert_eq!(
        outcomes(&router).await,
        [
            (
                "qwen3.6-plus".to_owned(),
                Outcome::Failed(ErrorKind::Server),
                false
            ),
            claude(Outcome::Answered),
            claude(Outcome::Answered),
        ]
    );
    // The next failure is not sent to another model.
    three
        .anthropic
        .fault(FaultRule::new(FaultKind::InternalError));
    rounds.push(qwen_openclaw::chat::Message::user("and tomorrow?"));
    let error = rounds.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(three.seen(), [0, 1, 0]);
    let error = Error::from(error);
    assert_eq!(
        shown(error.attempts()),
        [format!("{CLAUDE} (explicit): server")]
    );
}

#[tokio::test]
async fn a_tool_loop_and_a_description_keep_the_list_of_attempts() {
    let three = Three::start().await;
    for emulator in [&three.qwen, &three.anthropic] {
        emulator.fault(FaultRule::new(FaultKind::InternalError));
    }
    let qwen = three.routed(&Router::new());
    let chat = qwen.chat(QWEN).fallbacks([CLAUDE]).user("weather?");
    let mut rounds = chat.run_tools(&Tools::new()).await.unwrap();
    let error = Error::from(rounds.finish().await.unwrap_err());
    let expected = [
        format!("{QWEN} (explicit): server"),
        format!("{CLAUDE} (explicit): server"),
    ];
    assert_eq!(shown(error.attempts()), expected);
    let message = format!("no model answered: {}", expected.join("; "));
    assert!(error.to_string().starts_with(&message), "{error}");
    assert!(error.retry_at().is_some());
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Server, Some(500))
    );
    let error = error.as_chat().unwrap();
    assert!(!error.to_string().contains(QWEN) && error.origin().is_some());

    let none = Budget::new("none", Period::Day, Limit::Requests(0));
    let qwen = three.routed(&Router::builder().budget(none).build());
    let description = qwen.describe_image("https://example.com/cat.png").unwrap();
    let error = Error::from(description.send().await.unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert_eq!(error.exceeded().unwrap().budget.name, "none");
    assert_eq!(error.attempts().len(), 1);
    let refused = refused(qwen.chat(QWEN).user("hi").send().await);
    assert_eq!(refused.kind(), ErrorKind::Budget);
}

#[tokio::test]
async fn descriptions_are_counted() {
    let three = Three::start().await;
    let router = Router::new();
    let qwen = three.routed(&router);
    let image = "https://example.com/cat.png";
    let description = qwen.describe_image(image).unwrap().send().await.unwrap();
    assert!(!description.text.is_empty());
    let entries = entries(&router).await;
    assert_eq!((entries.len(), &*entries[0].kind), (1, "describe"));
    assert_eq!(entries[0].model, description.model);
    assert!(entries[0].tokens.total() > 0);
}

#[tokio::test]
async fn a_description_by_a_model_of_another_provider_is_one_too() {
    let three = Three::start().await;
    three
        .openai
        .script(says(json!({ "content": "a cat" }), "stop"));
    let router = Router::new();
    let qwen = three.routed(&router);
    let image = "https://example.com/cat.png";
    let describe = qwen.describe_image_with(GPT, image).unwrap();
    assert_eq!(describe.send().await.unwrap().text, "a cat");
    let entries = entries(&router).await;
    assert_eq!((entries.len(), &*entries[0].kind), (1, "describe"));
    assert_eq!(entries[0].provider, "openai");
    assert_eq!(entries[0].model, "gpt-4o");
}

#[cfg(feature = "schemars")]
#[tokio::test]
async fn json_answers_are_counted() {
    #[derive(schemars::JsonSchema, serde::Deserialize)]
    struct Color {
        name: String,
    }

    let three = Three::start().await;
    three
        .qwen
        .script(says(json!({ "content": r#"{"name":"red"}"# }), "stop"));
    let router = Router::new();
    let chat = three.routed(&router).chat(QWEN).user("a color");
    let color: Color = chat.json().await.unwrap();
    assert_eq!(color.name, "red");
    assert_eq!(outcomes(&router).await.len(), 1);
}

#[cfg(feature = "video")]
#[tokio::test]
async fn videos_are_counted_when_the_service_has_accepted_them() {
    let three = Three::start().await;
    let router = Router::new();
    let qwen = three.routed(&router);
    let video = qwen.video("wan2.6-t2v").prompt("a cat").seconds(5);
    video.clone().agent("main").submit().await.unwrap();
    three.qwen.fault(FaultRule::new(FaultKind::Arrearage));
    let error = refused(video.submit().await);
    assert_eq!(error.kind(), ErrorKind::Billing);
    assert!(error.as_task().is_some());
    let entries = entries(&router).await;
    let [accepted, failed] = &entries[..] else {
        panic!("{entries:?}")
    };
    assert_eq!(accepted.outcome, Outcome::Answered);
    assert_eq!((&*accepted.kind, accepted.media.as_secs()), ("video", 5));
    assert_eq!(accepted.agent.as_deref(), Some("main"));
    assert_eq!(failed.outcome, Outcome::Failed(ErrorKind::Billing));
    assert_eq!(failed.media.as_secs(), 0);
}
