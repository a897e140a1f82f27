//! What a reply cost, in tokens.

use std::ops::AddAssign;

use qwen_openclaw_http::json::{fields, number, string};
use serde::Serialize;
use serde_json::value::RawValue;

/// The token counts of one reply, as the server reported them.
///
/// Counts the server left out are 0, or `None` where 0 would say something else. The object as it
/// came is kept: see [`Usage::raw`].
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the request, those from the cache included.
    pub input_tokens: u64,
    /// Tokens of the reply, those of its reasoning included.
    pub output_tokens: u64,
    /// The total as the server gave it, otherwise input and output together.
    pub total_tokens: u64,
    /// Input tokens that were read from the context cache.
    pub cached_tokens: u64,
    /// Input tokens that were written to the explicit context cache.
    pub cache_write_tokens: u64,
    /// Output tokens spent on reasoning, where the server counts them.
    pub reasoning_tokens: Option<u64>,
    /// Whether the server said that its explicit cache was used.
    #[serde(skip)]
    pub(crate) explicit_cache: bool,
    #[serde(skip)]
    pub(crate) searches: Searches,
    #[serde(skip)]
    raw: Option<Box<RawValue>>,
}

/// Calls of the service's own tools, which are billed apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Searches {
    /// Those with the strategy `agent`.
    pub(crate) agent: u64,
    /// All others.
    pub(crate) other: u64,
}

impl Usage {
    /// Reads a `usage` object; `None` when it is not one.
    ///
    /// A count that makes no sense is absent and spoils nothing else; of a repeated one the last
    /// value counts.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        let (mut input, mut output, mut total) = (None, None, None);
        let (mut cached, mut hit, mut written, mut created) = (None, None, None, None);
        let mut reasoning = None;
        let (mut explicit_cache, mut searches) = (false, Searches::default());
        fields(json, |name, value| match name {
            "prompt_tokens" => input = tokens(value),
            "completion_tokens" => output = tokens(value),
            "total_tokens" => total = tokens(value),
            "prompt_cache_hit_tokens" => hit = tokens(value),
            "cache_creation_input_tokens" => created = tokens(value),
            "prompt_tokens_details" => {
                cached = detail(value, "cached_tokens");
                written = detail(value, "cache_creation_input_tokens");
                // It is there only if the explicit cache was used.
                explicit_cache = word(value, "cache_type").is_some();
            }
            "plugins" | "x_tools" => searches.add(value),
            "completion_tokens_details" => reasoning = detail(value, "reasoning_tokens"),
            _ => {}
        })
        .ok()?;
        if (input, output, total) == (None, None, None) {
            // An object without a count says nothing, and must not replace one that does.
            return None;
        }
        let (input, output) = (input.unwrap_or_default(), output.unwrap_or_default());
        Some(Self {
            input_tokens: input,
            output_tokens: output,
            total_tokens: total.unwrap_or(input.saturating_add(output)),
            cached_tokens: cached.or(hit).unwrap_or_default(),
            cache_write_tokens: written.or(created).unwrap_or_default(),
            reasoning_tokens: reasoning,
            explicit_cache,
            searches,
            raw: RawValue::from_string(json.to_owned()).ok(),
        })
    }

    /// Returns the server's own `usage` object, with the counts this type does not know.
    #[must_use]
    pub fn raw(&self) -> Option<&str> {
        self.raw.as_deref().map(RawValue::get)
    }
}

/// Adds the counts of another reply. What the server wrote is then no longer known.
impl AddAssign<&Self> for Usage {
    fn add_assign(&mut self, other: &Self) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.total_tokens, other.total_tokens);
        add(&mut self.cached_tokens, other.cached_tokens);
        add(&mut self.cache_write_tokens, other.cache_write_tokens);
        if let Some(more) = other.reasoning_tokens {
            add(self.reasoning_tokens.get_or_insert_default(), more);
        }
        if other.explicit_cache {
            self.explicit_cache = true;
        }
        add(&mut self.searches.agent, other.searches.agent);
        add(&mut self.searches.other, other.searches.other);
        self.raw = None;
    }
}

impl Searches {
    /// Adds the counts of an object with one field for each tool.
    fn add(&mut self, json: &str) {
        // What is not an object has no tools.
        let _ = fields(json, |name, tool| {
            let count = detail(tool, "count").unwrap_or_default();
            let is_agent = word(tool, "strategy").is_some_and(|strategy| strategy == "agent");
            let sum = if name == "search" && is_agent {
                &mut self.agent
            } else {
                &mut self.other
            };
            *sum = sum.saturating_add(count);
        });
    }
}

impl PartialEq for Usage {
    /// Compares the counts, not how the server wrote them.
    fn eq(&self, other: &Self) -> bool {
        let counts = |usage: &Self| {
            (
                usage.input_tokens,
                usage.output_tokens,
                usage.total_tokens,
                usage.cached_tokens,
                usage.cache_write_tokens,
                usage.reasoning_tokens,
            )
        };
        counts(self) == counts(other)
    }
}

impl Eq for Usage {}

/// The count `name` of the object in `json`.
fn detail(json: &str, name: &str) -> Option<u64> {
    let mut count = None;
    // What is not an object has no counts.
    let _ = fields(json, |field, value| {
        if field == name {
            count = tokens(value);
        }
    });
    count
}

/// The text `name` of the object in `json`, unless it is empty.
fn word(json: &str, name: &str) -> Option<String> {
    let mut word = None;
    let _ = fields(json, |field, value| {
        if field == name {
            word = string(value)
                .filter(|text| !text.is_empty())
                .map(str::to_owned);
        }
    });
    word
}

/// A count, which some servers write as a string.
fn tokens(value: &str) -> Option<u64> {
    number(string(value).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_service_sends() {
        let json = r#"{"prompt_tokens":18,"completion_tokens":779,"total_tokens":797,
            "prompt_tokens_details":{"cached_tokens":5,"cache_creation_input_tokens":2},
            "completion_tokens_details":{"reasoning_tokens":0}}"#;
        let usage = Usage::parse(json).unwrap();
        assert_eq!(
            (usage.input_tokens, usage.output_tokens, usage.total_tokens),
            (18, 779, 797)
        );
        assert_eq!((usage.cached_tokens, usage.cache_write_tokens), (5, 2));
        assert_eq!(usage.reasoning_tokens, Some(0));
        assert_eq!(usage.raw(), Some(json));
    }

    #[test]
    fn odd_counts_spoil_nothing() {
        let json = r#"{"prompt_tokens":"many","completion_tokens":5.0,"prompt_tokens_details":null,
            "completion_tokens_details":7}"#;
        let usage = Usage::parse(json).unwrap();
        assert_eq!(
            (usage.input_tokens, usage.output_tokens, usage.total_tokens),
            (0, 5, 5)
        );
        assert_eq!(usage.reasoning_tokens, None);
    }

    #[test]
    fn counts_may_be_strings() {
        let json = r#"{"prompt_tokens":"12","completion_tokens":"3.0","total_tokens":"",
            "prompt_tokens_details":{"cached_tokens":"5"},"prompt_cache_hit_tokens":"1"}"#;
        let usage = Usage::parse(json).unwrap();
        assert_eq!(
            (usage.input_tokens, usage.output_tokens, usage.total_tokens),
            (12, 3, 15)
        );
        assert_eq!(usage.cached_tokens, 5);
    }

    #[test]
    fn of_a_repeated_count_the_last_counts() {
        let json = r#"{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens":3,
            "prompt_tokens_details":{"cached_tokens":1},
            "prompt_tokens_details":{"cached_tokens":1,"cached_tokens":2}}"#;
        let usage = Usage::parse(json).unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (3, 2));
        assert_eq!(usage.cached_tokens, 2);
    }

    #[test]
    fn what_is_no_object_is_no_usage() {
        for json in ["7", "\"x\"", "[]"] {
            assert_eq!(Usage::parse(json), None, "{json}");
        }
    }
}
