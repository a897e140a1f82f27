//! Loops against scripted replies of the emulator.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_emulator::{Emulator, Reply as Canned, Script};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::*;
use crate::{RetryPolicy, Tool};

/// A reply that calls tools: id, name and arguments of each. Costs 10 tokens in and 5 out.
fn calling(calls: &[(&str, &str, &str)]) -> Canned {
    let calls: Vec<_> = calls
        .iter()
        .enumerate()
        .map(|(index, (id, name, arguments))| {
            json!({
                "index": index,
                "id": id,
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            })
        })
        .collect();
    let delta = json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]});
    ending(
        Canned::event_stream().event(delta.to_string()),
        "tool_calls",
    )
}

fn saying(text: &str) -> Canned {
    let delta = json!({"choices": [{"index": 0, "delta": {"content": text}}]});
    ending(Canned::event_stream().event(delta.to_string()), "stop")
}

fn ending(reply: Canned, reason: &str) -> Canned {
    let finish = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]});
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    reply
        .event(finish.to_string())
        .event(json!({"choices": [], "usage": usage}).to_string())
        .done()
}

async fn emulator(replies: impl IntoIterator<Item = Canned>) -> (Emulator, Client) {
    let emulator = Emulator::start().await.unwrap();
    emulator.script(replies.into_iter().collect::<Script>());
    let key = ApiKey::parse("sk-test").unwrap();
    let client = Client::builder(emulator.base_url(), key)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    (emulator, client)
}

fn tool(name: &str) -> Tool {
    Tool::new(name, "", json!({"type": "object"}))
}

#[derive(Deserialize)]
struct Sum {
    a: i32,
    b: i32,
}

/// `add` adds, `fail` fails, `panic` and `panic_later` panic.
fn tools() -> Tools {
    Tools::new()
        .tool(tool("add"), |sum: Sum| async move {
            Ok::<_, &str>(json!({"sum": sum.a + sum.b}))
        })
        .tool(tool("fail"), |_: Value| async { Err::<&str, _>("no luck") })
        .tool(tool("count"), |_: Value| async { 7 })
        .tool(tool("list"), |_: Value| async { vec!["a", "b"] })
        .tool(tool("say"), |_: Value| async { "plain".to_owned() })
        .tool(tool("wrapped"), |_: Value| async { crate::Json(("x", 1)) })
        .tool(tool("panic"), |_: Value| {
            if true {
                panic!("at once");
            }
            async { Ok::<_, &str>("") }
        })
        .tool(tool("panic_later"), |_: Value| async {
            tokio::task::yield_now().await;
            if true {
                panic!("{} later", 1);
            }
            Ok::<_, &str>("")
        })
}

fn request() -> ChatRequest {
    ChatRequest::new("qwen3-coder-plus").user("go")
}

/// The texts of the tool messages of the last request.
fn told(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests();
    let body = requests.last().unwrap().json();
    let messages = body["messages"].as_array().unwrap().clone();
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn calls_are_run_and_answered() {
    let first = calling(&[("c1", "add", r#"{"a":2,"b":3}"#)]);
    let (emulator, client) = emulator([first, saying("It is 5.")]).await;
    let mut run = client.run_tools(request(), &tools());
    let reply = run.finish().await.unwrap();
    assert_eq!(reply.text(), "It is 5.");
    assert_eq!(run.rounds(), 2);
    assert_eq!(run.usage().unwrap().total_tokens, 30);
    let roles: Vec<_> = run.messages().iter().map(|m| m.role.clone()).collect();
    use crate::Role::{Assistant, Tool, User};
    assert_eq!(roles, [User, Assistant, Tool, Assistant]);
    assert_eq!(told(&emulator), [r#"{"sum":5}"#]);
    let body = emulator.requests()[1].json();
    assert_eq!(body["messages"][1]["tool_calls"][0]["id"], "c1");
    assert_eq!(body["messages"][2]["tool_call_id"], "c1");
    assert_eq!(
        body["tools"].as_array().unwrap().len(),
        tools().offered().count()
    );
}

#[tokio::test]
async fn plain_values_are_results_too() {
    let names = ["count", "list", "say", "wrapped"];
    let ids: Vec<_> = names.iter().map(|name| (*name, *name, "{}")).collect();
    let (emulator, client) = emulator([calling(&ids), saying("I see.")]).await;
    client
        .run_tools(request(), &tools())
        .finish()
        .await
        .unwrap();
    assert_eq!(
        told(&emulator),
        ["7", r#"["a","b"]"#, "plain", r#"["x",1]"#]
    );
}

#[tokio::test]
async fn whatever_goes_wrong_is_told_to_the_model() {
    let first = calling(&[
        ("1", "fail", "{}"),
        ("2", "panic", "{}"),
        ("3", "panic_later", "{}"),
        ("4", "nope", "{}"),
        ("5", "add", r#"{"a":"x"}"#),
        ("6", "add", r#"{"a":1,"b":1}"#),
    ]);
    let (emulator, client) = emulator([first, saying("I see.")]).await;
    let reply = client
        .run_tools(request(), &tools())
        .finish()
        .await
        .unwrap();
    assert_eq!(reply.text(), "I see.");
    let told = told(&emulator);
    let starts = [
        "error: no luck",
        "error: the tool failed: at once",
        "error: the tool failed: 1 later",
        "error: there is no tool `nope`",
        "error: the arguments do not fit: ",
        r#"{"sum":2}"#,
    ];
    for (told, start) in told.iter().zip(starts) {
        assert!(told.starts_with(start), "{told}");
    }
    assert_eq!(told.len(), starts.len());
}

#[tokio::test]
async fn arguments_that_are_no_json_are_told_too() {
    let first = calling(&[("1", "add", r#"{"a":1,"b":2}"#), ("2", "add", "{oops")]);
    let (emulator, client) = emulator([first, saying("Sorry.")]).await;
    let mut run = client.run_tools(request(), &tools());
    run.finish().await.unwrap();
    assert_eq!(
        told(&emulator),
        [
            r#"{"sum":3}"#,
            "error: the arguments were not a JSON object"
        ]
    );
    // What goes back is JSON again.
    let body = emulator.requests()[1].json();
    let calls = &body["messages"][1]["tool_calls"];
    assert_eq!(calls[1]["function"]["arguments"], "{}");
    assert_eq!(run.usage().unwrap().total_tokens, 30);
}

#[tokio::test]
async fn several_calls_run_at_once() {
    let first = calling(&[
        ("1", "meet", "{}"),
        ("2", "meet", "{}"),
        ("3", "meet", "{}"),
    ]);
    let (emulator, client) = emulator([first, saying("Met.")]).await;
    // One after the other they would wait for ever.
    let barrier = Arc::new(Barrier::new(3));
    let tools = Tools::new().tool(tool("meet"), move |_: Value| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            Ok::<_, &str>("met")
        }
    });
    client.run_tools(request(), &tools).finish().await.unwrap();
    assert_eq!(told(&emulator), ["met"; 3]);
}

#[tokio::test]
async fn the_limit_ends_a_loop_and_keeps_the_count() {
    let again = calling(&[("1", "add", r#"{"a":1,"b":1}"#)]);
    let emulator = emulator([]).await;
    let (emulator, client) = emulator;
    emulator.script(Script::from(again).repeat_last());
    let mut run = client.run_tools(request(), &tools()).limit(3);
    let error = run.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolRounds);
    assert_eq!(
        error.to_string(),
        "the model still calls tools after 3 rounds"
    );
    assert_eq!(error.usage().unwrap().total_tokens, 45);
    assert_eq!(error.partial().unwrap().tool_calls().len(), 1);
    assert_eq!(emulator.requests().len(), 3);
}

#[tokio::test]
async fn a_conversation_goes_on() {
    let call = || calling(&[("1", "add", r#"{"a":1,"b":1}"#)]);
    let (emulator, client) = emulator([call(), saying("2"), call(), saying("2 again")]).await;
    let mut run = client.run_tools(request(), &tools()).limit(2);
    assert_eq!(run.finish().await.unwrap().text(), "2");
    run.push(Message::user("Again!"));
    assert_eq!(run.finish().await.unwrap().text(), "2 again");
    assert_eq!((run.rounds(), run.messages().len()), (4, 8));
    assert_eq!(
        emulator.requests()[3].json()["messages"][4]["content"],
        "Again!"
    );
}

#[tokio::test]
async fn a_failure_keeps_the_rounds_before_it() {
    let first = calling(&[("1", "add", r#"{"a":1,"b":1}"#)]);
    let broken = Canned::text(400, "application/json", r#"{"error":{"message":"no"}}"#);
    let (_emulator, client) = emulator([first, broken]).await;
    let mut run = client.run_tools(request(), &tools());
    let error = run.finish().await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert_eq!(error.usage().unwrap().total_tokens, 15);
    assert_eq!(run.messages().len(), 3);
}

#[tokio::test]
async fn a_loop_that_is_dropped_can_go_on() {
    let call = || calling(&[("1", "wait", "{}")]);
    let (emulator, client) = emulator([call(), call(), saying("Done.")]).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let tools = Tools::new().tool(tool("wait"), move |_: Value| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                pending::<()>().await;
            }
            Ok::<_, &str>("waited")
        }
    });
    let mut run = client.run_tools(request(), &tools);
    let stopped = tokio::select! {
        reply = run.finish() => Some(reply),
        () = until(|| runs.load(Ordering::SeqCst) == 1) => None,
    };
    assert!(stopped.is_none());
    // Only what is complete is in the conversation; what was paid for is counted.
    assert_eq!(run.messages().len(), 1);
    assert_eq!(run.usage().unwrap().total_tokens, 15);
    assert_eq!(run.finish().await.unwrap().text(), "Done.");
    assert_eq!(run.usage().unwrap().total_tokens, 45);
    assert_eq!(emulator.requests().len(), 3);
}

async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_forced_choice_holds_for_the_first_round() {
    let first = calling(&[("1", "add", r#"{"a":1,"b":1}"#)]);
    let (emulator, client) = emulator([first, saying("2")]).await;
    let request = request().tool_choice(ToolChoice::Required);
    client.run_tools(request, &tools()).finish().await.unwrap();
    let choice = |index: usize| emulator.requests()[index].json()["tool_choice"].clone();
    assert_eq!((choice(0), choice(1)), (json!("required"), json!("auto")));
}

#[tokio::test]
async fn calls_written_as_text_are_run_when_asked_for() {
    let written = r#"<tool_call>{"name":"add","arguments":{"a":1,"b":1}}</tool_call>"#;
    let (emulator, client) = emulator([saying(written), saying("2")]).await;
    let mut run = client.run_tools(request(), &tools()).salvage();
    assert_eq!(run.finish().await.unwrap().text(), "2");
    assert_eq!(told(&emulator), [r#"{"sum":2}"#]);

    let (_emulator, client) = self::emulator([saying(written)]).await;
    let reply = client
        .run_tools(request(), &tools())
        .finish()
        .await
        .unwrap();
    assert_eq!(reply.text(), written);
}

#[tokio::test]
async fn events_of_all_rounds_are_shown() {
    let first = calling(&[("1", "add", r#"{"a":1,"b":1}"#)]);
    let (_emulator, client) = emulator([first, saying("2")]).await;
    let mut seen = Vec::new();
    let mut run = client.run_tools(request(), &tools());
    run.finish_with(|event| match event {
        Event::ToolDone { call, .. } => seen.push(call.name().to_owned()),
        Event::Text(text) => seen.push(text),
        _ => {}
    })
    .await
    .unwrap();
    assert_eq!(seen, ["add", "2"]);
}

/// One delta, and that the model waits for its calls.
fn delta(delta: &Value) -> Canned {
    let delta = json!({"choices": [{"index": 0, "delta": delta}]});
    ending(
        Canned::event_stream().event(delta.to_string()),
        "tool_calls",
    )
}

#[tokio::test]
async fn encrypted_reasoning_and_unknown_fields_go_back_with_the_calls() {
    let call = json!({
        "index": 0,
        "id": "c1",
        "type": "function",
        "extra_content": {"google": {"thought_signature": "S"}},
        "function": {"name": "count", "arguments": "{}"},
    });
    let first = delta(&json!({
        "reasoning_content": "Needs a count.",
        "encrypted_content": "gAAAAAB+/=",
        "annotations": [1],
        "tool_calls": [call],
    }));
    let (emulator, client) = emulator([first, saying("7")]).await;
    let mut run = client.run_tools(request(), &tools());
    run.finish().await.unwrap();
    let turn = emulator.requests()[1].json()["messages"][1].clone();
    assert_eq!(
        turn,
        json!({
            "role": "assistant",
            "content": null,
            "reasoning_content": "Needs a count.",
            "encrypted_content": "gAAAAAB+/=",
            "annotations": [1],
            "tool_calls": [{
                "id": "c1",
                "type": "function",
                "extra_content": {"google": {"thought_signature": "S"}},
                "function": {"name": "count", "arguments": "{}"},
            }],
        })
    );
    // What a session keeps of it is the same.
    let kept = serde_json::to_string(run.messages()).unwrap();
    let read: Vec<Message> = serde_json::from_str(&kept).unwrap();
    assert_eq!(read, run.messages());
}

#[tokio::test]
async fn calls_without_ids_have_their_own_in_every_round() {
    let call = json!({"function": {"name": "count", "arguments": ""}});
    let round = || delta(&json!({"tool_calls": [call, call]}));
    let written = r#"<tool_call>{"name":"say"}</tool_call>"#;
    let replies = [
        round(),
        round(),
        saying(written),
        saying(written),
        saying("Done."),
    ];
    let (emulator, client) = emulator(replies).await;
    let mut run = client.run_tools(request(), &tools()).salvage();
    run.finish().await.unwrap();
    assert_eq!(told(&emulator), ["7", "7", "7", "7", "plain", "plain"]);
    let messages = run.messages();
    let called: Vec<_> = messages.iter().flat_map(|m| &m.tool_calls).collect();
    let called: Vec<_> = called.iter().map(|call| call.id()).collect();
    let answered: Vec<_> = messages
        .iter()
        .filter_map(|m| m.tool_call_id.as_deref())
        .collect();
    assert_eq!(called, answered);
    let distinct: HashSet<_> = called.iter().collect();
    assert_eq!((called.len(), distinct.len()), (6, 6));
}

#[tokio::test]
async fn a_call_of_another_type_is_answered_and_sent_back_as_it_was() {
    let call =
        json!({"index": 0, "id": "x", "type": "custom", "custom": {"name": "sql", "input": "y"}});
    let first = delta(&json!({"tool_calls": [call]}));
    let (emulator, client) = emulator([first, saying("I see.")]).await;
    client
        .run_tools(request(), &tools())
        .finish()
        .await
        .unwrap();
    assert_eq!(told(&emulator), ["error: there is no tool `sql`"]);
    let sent = emulator.requests()[1].json()["messages"][1]["tool_calls"].clone();
    assert_eq!(
        sent,
        json!([{"id": "x", "type": "custom", "custom": {"name": "sql", "input": "y"}}])
    );
}

#[test]
fn a_loop_can_be_sent_to_another_thread() {
    fn check<T: Send>(_: T) {}
    let key = ApiKey::parse("sk-test").unwrap();
    let client = Client::builder("http://127.0.0.1:1/v1", key)
        .build()
        .unwrap();
    let mut run = client.run_tools(request(), &tools());
    assert_eq!(
        format!("{run:?}"),
        "ToolLoop { model: \"qwen3-coder-plus\", tools: [\"add\", \"fail\", \"count\", \"list\", \
         \"say\", \"wrapped\", \"panic\", \"panic_later\"], rounds: 0, limit: 8, .. }"
    );
    check(run.finish());
}
