//! A request read from the body of another program.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::ChatRequest;

/// Fields whose value is not of the kind this version knows are kept in
/// [`extra`](ChatRequest::extra) and sent as they are: whether they are right is for the service to
/// say. Null is the same as nothing.
impl<'de> Deserialize<'de> for ChatRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            model: String,
            #[serde(default)]
            messages: Vec<crate::Message>,
            #[serde(flatten)]
            fields: Map<String, Value>,
        }
        let Wire {
            model,
            messages,
            mut fields,
        } = Wire::deserialize(deserializer)?;
        let fields = &mut fields;
        Ok(Self {
            model,
            messages,
            level: take(fields, "thinking_level"),
            thinking_budget: take(fields, "thinking_budget"),
            preserve_thinking: take(fields, "preserve_thinking"),
            tools: take(fields, "tools").unwrap_or_default(),
            tool_choice: take(fields, "tool_choice"),
            parallel_tool_calls: take(fields, "parallel_tool_calls"),
            tool_stream: take(fields, "tool_stream"),
            response_format: take(fields, "response_format"),
            enable_search: take(fields, "enable_search"),
            search_options: take(fields, "search_options"),
            vl_high_resolution_images: take(fields, "vl_high_resolution_images"),
            max_tokens: take(fields, "max_completion_tokens"),
            temperature: take(fields, "temperature"),
            top_p: take(fields, "top_p"),
            top_k: take(fields, "top_k"),
            presence_penalty: take(fields, "presence_penalty"),
            frequency_penalty: take(fields, "frequency_penalty"),
            repetition_penalty: take(fields, "repetition_penalty"),
            seed: take(fields, "seed"),
            stop: take(fields, "stop"),
            logprobs: take(fields, "logprobs"),
            top_logprobs: take(fields, "top_logprobs"),
            extra: std::mem::take(fields),
            ..Self::default()
        })
    }
}

/// Takes a field that is a `T`.
fn take<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Option<T> {
    let value = match fields.get(name)? {
        Value::Null => None,
        value => Some(T::deserialize(value).ok()?),
    };
    fields.remove(name);
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_written_as_it_was_read() {
        let body = json!({
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "seed": -1,
            "top_k": "many",
            "max_completion_tokens": 7,
            "max_tokens": 9,
            "temperature": 0.5,
            "tools": [
                {"type": "custom", "custom": {"name": "shell", "format": {"type": "text"}}},
                {"type": "function", "function": {"name": "get"}},
            ],
            "tool_choice": {"type": "custom", "custom": {"name": "shell"}},
            "response_format": {"type": "grammar"},
            "thinking_budget": -5,
            "new": [1],
        });
        let request: ChatRequest = serde_json::from_value(body.clone()).unwrap();
        assert_eq!((request.seed, request.max_tokens), (None, Some(7)));
        assert_eq!(request.extra["seed"], -1);
        assert_eq!(request.tools.len(), 2);
        assert_eq!(serde_json::to_value(&request).unwrap(), body);
        // What is set afterwards takes the place of what was odd.
        let request = request.seed(1).max_tokens(3).think_budget(5);
        let written = serde_json::to_value(&request).unwrap();
        assert_eq!(
            (&written["seed"], &written["max_completion_tokens"]),
            (&json!(1), &json!(3))
        );
        assert_eq!(
            (&written["thinking_budget"], written.get("max_tokens")),
            (&json!(5), None)
        );
    }

    #[test]
    fn odd_tools_are_kept_whole() {
        let body =
            json!({"model": "m", "messages": [], "tools": [{"type": "function", "function": 1}]});
        let request: ChatRequest = serde_json::from_value(body.clone()).unwrap();
        assert!(request.tools.is_empty());
        assert_eq!(serde_json::to_value(&request).unwrap(), body);
        let null = json!({"model": "m", "messages": [], "tools": null, "seed": null});
        let request: ChatRequest = serde_json::from_value(null).unwrap();
        assert_eq!(request, ChatRequest::new("m"));
    }
}
