//! Agents that run against the emulator come to an end.

use qwen_openclaw_emulator::{Emulator, ToolCalls};
use serde_json::{Value, json};

use crate::client::ask;

fn tool(name: &str, parameters: Value) -> Value {
    json!({"type": "function", "function": {
        "name": name, "description": "Tells about weather", "parameters": parameters}})
}

/// A tool with a required and an optional argument.
fn weather() -> Value {
    tool(
        "get_weather",
        json!({"type": "object", "required": ["city", "place"], "properties": {
            "city": {"type": "string"}, "unit": {"enum": ["C", "F"]}, "days": {"type": "integer"},
            "place": {"type": "object", "required": ["zone"], "properties": {
                "zone": {"type": "string"}, "note": {"type": "string"}}}}}),
    )
}

/// Tools of a coding agent.
fn coder() -> Vec<Value> {
    ["read_file", "list_directory", "run_shell_command", "edit"]
        .map(|name| tool(name, json!({"type": "object"})))
        .into()
}

/// Sends messages and returns the message that answers them.
async fn reply(emulator: &Emulator, messages: &[Value], fields: &Value) -> Value {
    let mut body = json!({"model": "qwen3-max", "messages": messages});
    let fields = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    let answer = ask(emulator, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["choices"][0]["message"].clone()
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

/// The names of the tools that a message calls.
fn called(message: &Value) -> Vec<&str> {
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    calls
        .map(|call| call["function"]["name"].as_str().unwrap())
        .collect()
}

/// Runs an agent until it gets an answer in text, and returns how many requests that took. It adds a
/// user message to each, as OpenClaw does.
async fn run(emulator: &Emulator, prompt: &str, fields: &Value, nudge: bool) -> usize {
    let mut messages = vec![user(prompt)];
    for requests in 1..20 {
        let message = reply(emulator, &messages, fields).await;
        if message["tool_calls"].is_null() {
            return requests;
        }
        let calls = message["tool_calls"].as_array().unwrap().clone();
        messages.push(message);
        for call in calls {
            messages
                .push(json!({"role": "tool", "tool_call_id": call["id"], "content": "12 degrees"}));
        }
        if nudge {
            messages.push(user(&format!("({requests}) {prompt} Go on.")));
        }
    }
    panic!("no end in sight");
}

#[tokio::test]
async fn every_agent_ends() {
    let everything: Vec<Value> = coder().into_iter().chain([weather()]).collect();
    let prompt = "The weather in Kyiv, then read the file, list the directory, and edit it";
    for policy in [ToolCalls::Never, ToolCalls::Named, ToolCalls::First] {
        let emulator = Emulator::builder()
            .tool_calls(policy)
            .start()
            .await
            .unwrap();
        let calls = if policy == ToolCalls::Never { 1 } else { 2 };
        for nudge in [false, true] {
            for parallel in [false, true] {
                let fields = json!({"tools": everything, "parallel_tool_calls": parallel});
                assert_eq!(run(&emulator, prompt, &fields, nudge).await, calls);
                let fields = json!({"tools": everything, "tool_choice": "required"});
                assert_eq!(run(&emulator, prompt, &fields, nudge).await, calls);
            }
        }
    }
}

#[tokio::test]
async fn an_answered_call_is_not_made_again() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"tools": [weather()]});
    let mut messages = vec![user("Weather in Kyiv?")];
    let call = reply(&emulator, &messages, &fields).await;
    let id = call["tool_calls"][0]["id"].clone();
    messages.push(call);
    messages.push(json!({"role": "tool", "tool_call_id": id, "content": "rain"}));
    messages.push(user("Weather in Kyiv? Continue."));
    let report = reply(&emulator, &messages, &fields).await;
    assert!(report["content"].as_str().unwrap().contains("says “rain”"));
    messages.push(report);
    // The same question has been answered; another has not.
    messages.push(user("Weather in Kyiv?"));
    assert!(called(&reply(&emulator, &messages, &fields).await).is_empty());
    let forced = json!({"tools": [weather()], "tool_choice": "required"});
    assert!(called(&reply(&emulator, &messages, &forced).await).is_empty());
    messages.push(user("And the weather in Paris?"));
    let next = reply(&emulator, &messages, &fields).await;
    assert_eq!(called(&next), ["get_weather"]);
}

#[tokio::test]
async fn only_required_arguments_are_filled_in() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"tools": [weather()]});
    let prompt = [user("Weather in Kyiv for 3 days in F")];
    let message = reply(&emulator, &prompt, &fields).await;
    assert_eq!(
        message["tool_calls"][0]["function"]["arguments"],
        r#"{"city": "Kyiv", "place": {"zone": "Kyiv"}}"#
    );
}

#[tokio::test]
async fn the_policy_decides_which_tool_is_called() {
    let read = [user("Please read this file to me")];
    let hello = [user("Hello, how is the weather?")];
    let tools = coder();
    for (policy, for_read, for_hello) in [
        (ToolCalls::Never, None, None),
        (ToolCalls::Named, Some("read_file"), None),
        (
            ToolCalls::First,
            Some("list_directory"),
            Some("list_directory"),
        ),
    ] {
        let emulator = Emulator::builder()
            .tool_calls(policy)
            .start()
            .await
            .unwrap();
        let order = [&tools[1], &tools[0], &tools[2]];
        let fields = json!({"tools": order});
        for (prompt, tool) in [(&read, for_read), (&hello, for_hello)] {
            let message = reply(&emulator, prompt, &fields).await;
            assert_eq!(called(&message).first().copied(), tool, "{policy:?}");
        }
    }
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"tools": tools});
    let list = [user("What is in this directory?")];
    let message = reply(&emulator, &list, &fields).await;
    assert_eq!(called(&message), ["list_directory"]);
}

#[tokio::test]
async fn what_an_agent_adds_to_a_prompt_calls_no_tool() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"tools": coder()});
    let qwen_code = [json!({"role": "user", "content": [
        {"type": "text", "text": "<system-reminder>\n`edit` and `read_file` exist\n</system-reminder>"},
        {"type": "text", "text": "Why is the sky blue?"}]})];
    // OpenClaw says it after the prompt, in a message of its own.
    let openclaw = [
        user("Why is the sky blue?"),
        user(
            "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nActive edit sessions: none\n\
             <<<END_OPENCLAW_INTERNAL_CONTEXT>>>",
        ),
    ];
    for messages in [&qwen_code[..], &openclaw] {
        let message = reply(&emulator, messages, &fields).await;
        assert!(called(&message).is_empty(), "{message}");
        let text = message["content"].as_str().unwrap();
        assert!(text.contains("“Why is the sky blue?”"), "{text}");
    }
    let mut asked = openclaw.to_vec();
    asked[0] = user("List this directory");
    let message = reply(&emulator, &asked, &fields).await;
    assert_eq!(called(&message), ["list_directory"]);
}
