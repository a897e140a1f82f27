//! Tool calls that a model wrote as text.
//!
//! The Qwen templates ask for `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, those of
//! Qwen Coder for `<tool_call><function=NAME><parameter=KEY>VALUE</parameter></function>
//! </tool_call>`; a server that does not read its model's calls hands them through.

use serde_json::{Map, Value};

use crate::{Reply, ToolCall, reply::tool_call::made_up_id};

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";

impl Reply {
    /// Takes the calls that the model wrote into its text, or into its reasoning, for tool calls, and
    /// out of the text; does nothing when the reply has calls of its own. Returns how many were
    /// found.
    ///
    /// What is not a whole call stays text. The calls get ids of their own, other ones in each reply
    /// that has an id.
    pub fn read_text_tool_calls(&mut self) -> usize {
        if !self.tool_calls.is_empty() {
            return 0;
        }
        let id = self.id.as_deref();
        for field in [&mut self.text, &mut self.reasoning] {
            let (rest, calls) = salvage(field, id);
            if !calls.is_empty() {
                *field = rest;
                self.tool_calls = calls;
                break;
            }
        }
        self.tool_calls.len()
    }
}

/// The text without the calls in it, and the calls.
fn salvage(text: &str, id: Option<&str>) -> (String, Vec<ToolCall>) {
    let (mut rest, mut left) = (text, String::new());
    let mut calls = Vec::new();
    while let Some((before, inside, after)) = next(rest) {
        match call(inside, id, calls.len()) {
            Some(call) => {
                left.push_str(before.trim_end());
                calls.push(call);
            }
            None => left.push_str(&rest[..rest.len() - after.len()]),
        }
        rest = after;
    }
    if calls.is_empty() {
        return (text.to_owned(), calls);
    }
    left.push_str(rest);
    (left.trim_end().to_owned(), calls)
}

/// The next call: what stands before, inside and after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (inside, after) = rest.split_once(CLOSE)?;
    Some((before, inside.trim(), after))
}

fn call(inside: &str, id: Option<&str>, index: usize) -> Option<ToolCall> {
    let (name, arguments) = match inside.starts_with('{') {
        true => json_call(inside)?,
        false => tagged_call(inside)?,
    };
    Some(ToolCall::new(
        made_up_id(id, index),
        name,
        Value::Object(arguments).to_string(),
    ))
}

fn json_call(inside: &str) -> Option<(String, Map<String, Value>)> {
    let call: Value = serde_json::from_str(inside).ok()?;
    let name = call["name"].as_str().filter(|name| !name.is_empty())?;
    let arguments = match &call["arguments"] {
        Value::Object(arguments) => arguments.clone(),
        Value::String(text) => serde_json::from_str(text).ok()?,
        Value::Null => Map::new(),
        _ => return None,
    };
    Some((name.to_owned(), arguments))
}

fn tagged_call(inside: &str) -> Option<(String, Map<String, Value>)> {
    let function = inside.strip_prefix("<function=")?;
    let (name, rest) = function.split_once('>')?;
    let mut body = rest.trim().strip_suffix("</function>")?;
    let mut arguments = Map::new();
    while let Some((_, parameter)) = body.split_once("<parameter=") {
        let (key, parameter) = parameter.split_once('>')?;
        let (value, after) = parameter.split_once("</parameter>")?;
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        // Only what is plainly no text is read as something else.
        let value = match serde_json::from_str(value) {
            Ok(value) if !matches!(value, Value::String(_)) => value,
            _ => Value::String(value.to_owned()),
        };
        arguments.insert(key.trim().to_owned(), value);
        body = after;
    }
    let name = name.trim();
    (!name.is_empty()).then(|| (name.to_owned(), arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text that is left, and `name arguments` of each call.
    fn check(text: &str, left: &str, expected: &[&str]) {
        let mut reply = Reply {
            text: text.to_owned(),
            ..Reply::default()
        };
        assert_eq!(reply.read_text_tool_calls(), expected.len(), "{text}");
        let calls: Vec<_> = reply
            .tool_calls()
            .iter()
            .map(|call| format!("{} {}", call.name(), call.arguments()))
            .collect();
        assert_eq!(
            (reply.text(), calls),
            (left, expected.iter().map(|&s| s.to_owned()).collect())
        );
    }

    #[test]
    fn calls_are_taken_out_of_the_text() {
        check(
            "Let me see.\n<tool_call>\n{\"name\": \"get\", \"arguments\": {\"a\": 1}}\n</tool_call>",
            "Let me see.",
            &["get {\"a\":1}"],
        );
        check(
            "<tool_call>{\"name\":\"a\"}</tool_call>\n<tool_call>{\"name\":\"b\",\"arguments\":\"{}\"}</tool_call>",
            "",
            &["a {}", "b {}"],
        );
        check(
            "<tool_call>\n<function=add>\n<parameter=x>\n1\n</parameter>\n<parameter=note>\ntwo words\n</parameter>\n</function>\n</tool_call>",
            "",
            &["add {\"note\":\"two words\",\"x\":1}"],
        );
    }

    #[test]
    fn what_is_no_whole_call_stays_text() {
        for text in [
            "a < b",
            "<tool_call>{\"name\":\"a\"}",
            "<tool_call>not json</tool_call> and more",
            "<tool_call>{\"arguments\":{}}</tool_call>",
            "<tool_call>{\"name\":\"a\",\"arguments\":[1]}</tool_call>",
            "<tool_call><function=></function></tool_call>",
        ] {
            check(text, text, &[]);
        }
        check(
            "<tool_call>no</tool_call> <tool_call>{\"name\":\"a\"}</tool_call>",
            "<tool_call>no</tool_call>",
            &["a {}"],
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                OPEN, CLOSE, "{\"name\":\"a\"}", "<function=f>", "</function>", "<parameter=",
                "x>", "</parameter>", "\n", "é", "{", "😀", " ",
            ]),
            0..12,
        )) {
            let text = pieces.concat();
            let mut reply = Reply { text: text.clone(), ..Reply::default() };
            let found = reply.read_text_tool_calls();
            proptest::prop_assert_eq!(found, reply.tool_calls().len());
            proptest::prop_assert!(found > 0 || reply.text() == text);
            proptest::prop_assert!(reply.text().len() <= text.len());
        }
    }

    #[test]
    fn reasoning_is_searched_too_and_real_calls_come_first() {
        let written = "<tool_call>{\"name\":\"a\"}</tool_call>";
        let mut reply = Reply {
            reasoning: format!("Hm. {written}"),
            ..Reply::default()
        };
        assert_eq!(reply.read_text_tool_calls(), 1);
        assert_eq!(reply.reasoning(), "Hm.");
        assert_eq!(reply.tool_calls()[0].id(), made_up_id(None, 0));
        let mut reply = Reply {
            text: written.to_owned(),
            tool_calls: vec![ToolCall::new("1", "b", "{}")],
            ..Reply::default()
        };
        assert_eq!(reply.read_text_tool_calls(), 0);
        assert_eq!(reply.text(), written);
    }
}
