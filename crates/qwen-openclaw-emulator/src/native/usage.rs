//! The `usage` of DashScope's own chat API.

use serde_json::{Map, Value};

use crate::chat::Usage;

/// The output tokens so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Spent {
    pub(super) output: usize,
    /// How many of them are reasoning.
    pub(super) reasoning: usize,
}

impl Spent {
    /// What the whole reply used.
    pub(super) fn all(usage: &Usage) -> Self {
        Self {
            output: usage.completion,
            reasoning: usage.reasoning.unwrap_or_default(),
        }
    }
}

/// Writes the usage after these output tokens.
///
/// `total_tokens` is documented for text alone, and stands in the examples with images too.
pub(super) fn json(usage: &Usage, spent: Spent, parts: bool) -> String {
    let mut text = format!(
        r#"{{"total_tokens":{},"output_tokens":{},"input_tokens":{}"#,
        usage.prompt + spent.output,
        spent.output,
        usage.prompt,
    );
    let mut add = |name: &str, details: Value| text.push_str(&format!(r#","{name}":{details}"#));
    let mut output = Map::new();
    if usage.reasoning.is_some() {
        output.insert("reasoning_tokens".to_owned(), spent.reasoning.into());
    }
    if parts || usage.reasoning.is_some() {
        let answer = spent.output.saturating_sub(spent.reasoning);
        output.insert("text_tokens".to_owned(), answer.into());
        add("output_tokens_details", output.into());
    }
    if parts {
        let mut input = Map::new();
        for (name, tokens) in usage.input_kinds() {
            input.insert(name.to_owned(), tokens.into());
            if name != "text_tokens" {
                add(name, tokens.into());
            }
        }
        add("input_tokens_details", input.into());
    }
    add("prompt_tokens_details", usage.cache_details());
    text.push('}');
    text
}
