//! How much of a context window is left for an answer.

use serde_json::Value;

use super::Body;
use crate::{ChatRequest, Message};

/// Characters of a token, for texts in an alphabet.
const CHARACTERS: u64 = 4;

/// What an image, a video or audio counts as, in characters. Only the service knows the real
/// number, which depends on the size in pixels and the length.
const MEDIUM: u64 = 8_000;

/// The fields of a message that hold texts.
const TEXTS: [&str; 6] = [
    "content",
    "refusal",
    "encrypted_content",
    "reasoning_content",
    "reasoning",
    "reasoning_text",
];

/// The tokens that a window leaves for the answer to `body`, by a cautious estimate of the input:
/// a quarter more than four characters a token. At least 1, as OpenClaw has it.
pub(super) fn left_in(window: u32, body: &Body) -> u64 {
    let input = (characters(body) * 5).div_ceil(CHARACTERS * 4);
    u64::from(window)
        .saturating_sub(input)
        .saturating_sub(1)
        .max(1)
}

/// The tokens of the input of a request, by an estimate that is neither cautious nor bold.
pub(crate) fn input_of(request: &ChatRequest) -> u64 {
    let message = |message: &Message| {
        let texts = [
            &message.refusal,
            &message.encrypted_content,
            &message.reasoning_content,
        ];
        let texts = texts.into_iter().flatten().map(|text| weight(text));
        let calls = message.tool_calls.iter();
        let calls = calls.map(|call| weight(call.name()) + weight(call.arguments()));
        message.content.as_ref().map_or(0, content) + texts.chain(calls).sum::<u64>()
    };
    let written = |value: serde_json::Result<Value>| json(value.ok().as_ref());
    let tools = request.tools.iter();
    let tools = tools.map(|tool| written(serde_json::to_value(tool)));
    let format = request.response_format.as_ref();
    let format = format.map_or(0, |format| written(serde_json::to_value(format)));
    let messages = request.messages.iter().map(message);
    (messages.chain(tools).sum::<u64>() + format).div_ceil(CHARACTERS)
}

fn characters(body: &Body) -> u64 {
    let messages = body.get("messages").and_then(Value::as_array);
    let messages = messages.into_iter().flatten().map(|message| {
        let texts: u64 = TEXTS.iter().map(|name| content(&message[*name])).sum();
        texts + json(message.get("tool_calls"))
    });
    messages.sum::<u64>() + json(body.get("tools")) + json(body.get("response_format"))
}

/// A text, or a list of parts.
fn content(content: &Value) -> u64 {
    let part = |part: &Value| match part["text"].as_str() {
        Some(text) => weight(text),
        None => MEDIUM,
    };
    match content {
        Value::String(text) => weight(text),
        Value::Array(parts) => parts.iter().map(part).sum(),
        _ => 0,
    }
}

/// A value that the model reads as JSON.
fn json(value: Option<&Value>) -> u64 {
    value.map_or(0, |value| weight(&value.to_string()))
}

/// Characters of an alphabet that take as many tokens as a text. A character of Chinese, Japanese
/// or Korean is a token, a rare one several.
fn weight(text: &str) -> u64 {
    if text.is_ascii() {
        return text.len() as u64;
    }
    let weight = |character: char| match u32::from(character) {
        0xB7 | 0x3000..=0x319F | 0x4E00..=0x9FA5 | 0xAC00..=0xD7AF | 0xFF01..=0xFF60 => CHARACTERS,
        0x1100..=0x11FF | 0x2E80..=0x4DFF | 0x9FA6..=0xA4FF | 0xF900..=0xFAFF => CHARACTERS * 3,
        0x2_0000..=0x3_FFFF => CHARACTERS * 4,
        _ => character.len_utf16() as u64,
    };
    text.chars().map(weight).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(window: u32, body: Value) -> u64 {
        left_in(window, body.as_object().unwrap())
    }

    #[test]
    fn the_input_is_taken_for_a_quarter_more_than_it_should_be() {
        // 400 characters are 100 tokens, counted as 125.
        let text = "x".repeat(400);
        let body = json!({"messages": [{"role": "user", "content": text}]});
        assert_eq!(left(1_000, body), 1_000 - 125 - 1);
        let parts = json!([{"type": "text", "text": text}]);
        let body = json!({"messages": [{"role": "user", "content": parts}]});
        assert_eq!(left(1_000, body), 1_000 - 125 - 1);
        let body = json!({"messages": [{"role": "user", "content": "你好世界"}]});
        assert_eq!(left(1_000, body), 1_000 - 5 - 1);
    }

    #[test]
    fn all_that_the_model_reads_counts() {
        let body = json!({
            "messages": [
                {"role": "assistant", "content": null, "reasoning_content": "because",
                 "encrypted_content": "gAAAA", "refusal": "no", "tool_calls": [{"id": "a"}]},
                {"role": "tool", "content": "42"},
            ],
            "tools": [{"type": "function"}],
            "response_format": {"type": "json_object"},
        });
        let count = "because".len() + "gAAAA".len() + "no".len();
        let count = count + r#"[{"id":"a"}]"#.len() + "42".len();
        let count = count + r#"[{"type":"function"}]"#.len() + r#"{"type":"json_object"}"#.len();
        let tokens = (count as u64 * 5).div_ceil(16);
        assert_eq!(left(1_000, body), 1_000 - tokens - 1);
    }

    #[test]
    fn the_bytes_of_a_medium_are_no_text() {
        let data = format!("data:video/mp4;base64,{}", "A".repeat(1_000_000));
        let body = json!({"messages": [{"role": "user", "content": [
            {"type": "video_url", "video_url": {"url": data}},
        ]}]});
        assert_eq!(left(10_000, body), 10_000 - 2_500 - 1);
    }

    #[test]
    fn a_full_window_leaves_one_token() {
        let body = json!({"messages": [{"role": "user", "content": "x".repeat(4_000)}]});
        assert_eq!(left(100, body), 1);
        assert_eq!(left(0, json!({})), 1);
    }
}
