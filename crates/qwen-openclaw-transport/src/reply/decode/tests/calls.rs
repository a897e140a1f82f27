//! Tool calls as servers should not send them.

use serde_json::{Value, json};

use super::*;
use crate::{Message, ToolCall};

fn called(deltas: &[&str]) -> (Vec<Event>, Vec<ToolCall>) {
    let (events, reply) = in_every_way(&stream(deltas, CALLS));
    let document = |delta: &str| {
        format!(r#"{{"id":"c1","choices":[{{"message":{delta},"finish_reason":"tool_calls"}}]}}"#)
    };
    if let [only] = deltas {
        let (_, whole) = in_every_way(&document(only));
        assert_eq!(whole.tool_calls(), reply.tool_calls());
    }
    (events, reply.tool_calls().to_vec())
}

#[test]
fn no_arguments_are_an_empty_object() {
    for (arguments, expect) in [
        (r#","arguments":"""#, "{}"),
        (r#","arguments":" ""#, " {}"),
        (r#","arguments":null"#, "{}"),
        ("", "{}"),
    ] {
        let delta = format!(
            r#"{{"tool_calls":[{{"index":0,"id":"a","function":{{"name":"now"{arguments}}}}}]}}"#
        );
        let (events, calls) = called(&[&delta]);
        assert_eq!(calls[0].arguments(), expect);
        assert!(calls[0].is_complete());
        // Whoever listens has heard them.
        let heard: String = events
            .iter()
            .filter_map(|event| match event {
                Event::ToolDelta { json, .. } => Some(json.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(heard, expect);
    }
    // A limit may have cut them off.
    let delta = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"now"}}]}"#;
    let rest = "data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\n";
    let (_, reply) = in_every_way(&stream(&[delta], rest));
    assert_eq!(reply.tool_calls()[0].arguments(), "");
    assert!(!reply.tool_calls()[0].is_complete());
}

#[test]
fn arguments_may_be_an_object() {
    let object = r#"{"a":"\n\u00e9","b":[1.50]}"#;
    let delta = format!(
        r#"{{"tool_calls":[{{"index":0,"id":"a","function":{{"name":"get","arguments":{object}}}}}]}}"#
    );
    let (events, calls) = called(&[&delta]);
    assert_eq!(calls[0].arguments(), object);
    assert_eq!(
        calls[0].parse::<Value>().unwrap(),
        json!({"a": "\n\u{e9}", "b": [1.5]})
    );
    assert!(matches!(&events[1], Event::ToolDelta { json, .. } if json == object));
    // Behind a half of a pair, which is not theirs.
    let half = delta.replace(object, r#""\ud83d""#);
    let (events, _) = failed(&stream(&[&half, &delta], CALLS));
    assert!(
        matches!(&events[1], Event::ToolDelta { json, .. } if *json == format!("\u{fffd}{object}"))
    );
    let list = delta.replace(object, "[1]");
    assert_eq!(
        failed(&stream(&[&list], CALLS)).1.kind(),
        ErrorKind::ToolArguments
    );
}

#[test]
fn calls_without_ids_get_some() {
    let call = |id: &str, name: &str| {
        format!(r#"{{{id}"function":{{"name":"{name}","arguments":"{{}}"}}}}"#)
    };
    let delta = format!(
        r#"{{"tool_calls":[{},{},{},{}]}}"#,
        call("", "a"),
        call("\"id\":\"x\",", "b"),
        call("\"id\":null,", "c"),
        call("\"id\":\"\",", "c"),
    );
    let (events, calls) = called(&[&delta]);
    let ids: std::collections::BTreeSet<_> = calls.iter().map(ToolCall::id).collect();
    assert_eq!((calls.len(), ids.len()), (4, 4));
    assert_eq!(calls[1].id(), "x");
    assert!(ids.iter().all(|id| !id.is_empty() && id.len() <= 40));
    let done = events.iter().filter_map(|event| match event {
        Event::ToolDone { call, .. } => Some(call.id()),
        _ => None,
    });
    assert_eq!(
        done.collect::<Vec<_>>(),
        calls.iter().map(ToolCall::id).collect::<Vec<_>>()
    );
    // Another reply, other ids.
    let other = stream(&[&delta], CALLS).replace("\"c1\"", "\"c2\"");
    let (_, other) = in_every_way(&other);
    assert!(
        other
            .tool_calls()
            .iter()
            .filter(|call| ids.contains(call.id()))
            .count()
            == 1
    );
}

#[test]
fn calls_of_other_types_are_kept_as_they_were() {
    let deltas = [
        r#"{"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"sql","input":"SEL"}}]}"#,
        r#"{"tool_calls":[{"index":0,"custom":{"input":"ECT 1"}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"b","type":"builtin_function","function":{"name":"$web_search","arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":2,"type":"later"}]}"#,
    ];
    let (events, calls) = called(&deltas);
    assert_eq!(
        (calls[0].kind(), calls[0].name(), calls[0].arguments()),
        ("custom", "sql", "")
    );
    assert!(calls.iter().all(ToolCall::is_complete));
    assert!(events.contains(&Event::ToolDone {
        index: 0,
        call: calls[0].clone()
    }));
    let reply = complete(&stream(&deltas, CALLS)).1;
    let message = serde_json::to_value(Message::from(&reply)).unwrap();
    let sent = json!([
        {"id": "a", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}},
        {"id": "b", "type": "builtin_function", "function": {"name": "$web_search", "arguments": "{}"}},
        {"id": calls[2].id(), "type": "later"},
    ]);
    assert_eq!(message["tool_calls"], sent);
    let again: Message = serde_json::from_value(message).unwrap();
    assert_eq!(again.tool_calls, calls);
}

#[test]
fn unknown_fields_of_a_call_stay_with_it() {
    let deltas = [
        r#"{"tool_calls":[{"index":0,"id":"a","type":"function","extra_content":{"google":{"thought_signature":"S1"}},"function":{"name":"get","arguments":"{","strict":true}}]}"#,
        r#"{"tool_calls":[{"index":0,"type":"function","function":{"arguments":"}"}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"b","function":{"name":"add","arguments":"{}"}}]}"#,
    ];
    let (_, calls) = called(&deltas);
    assert_eq!(
        Value::from(calls[0].extra().clone()),
        json!({"extra_content": {"google": {"thought_signature": "S1"}}, "function": {"strict": true}})
    );
    assert!(calls[1].extra().is_empty());
    let reply = complete(&stream(&deltas, CALLS)).1;
    let message = serde_json::to_value(Message::from(&reply)).unwrap();
    assert_eq!(
        message["tool_calls"][0],
        json!({
            "id": "a",
            "type": "function",
            "function": {"name": "get", "arguments": "{}", "strict": true},
            "extra_content": {"google": {"thought_signature": "S1"}},
        })
    );
    let again: Message = serde_json::from_value(message).unwrap();
    assert_eq!(again.tool_calls, calls);
}
