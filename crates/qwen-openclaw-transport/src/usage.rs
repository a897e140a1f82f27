//! What a reply cost, in tokens.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};
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
    #[serde(skip)]
    raw: Option<Box<RawValue>>,
}

impl Usage {
    /// Reads a `usage` object; `None` when it is none.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        // Derived readers take an array for an object.
        let wire: Wire = json
            .starts_with('{')
            .then(|| serde_json::from_str(json).ok())??;
        if (
            wire.prompt_tokens,
            wire.completion_tokens,
            wire.total_tokens,
        ) == (None, None, None)
        {
            // An object without a count says nothing, and must not replace one that does.
            return None;
        }
        let input = wire.prompt_tokens.unwrap_or_default();
        let output = wire.completion_tokens.unwrap_or_default();
        let details = wire.prompt_tokens_details.unwrap_or_default();
        let cached = details.cached_tokens.or(wire.prompt_cache_hit_tokens);
        let written = details
            .cache_creation_input_tokens
            .or(wire.cache_creation_input_tokens);
        Some(Self {
            input_tokens: input,
            output_tokens: output,
            total_tokens: wire.total_tokens.unwrap_or(input.saturating_add(output)),
            cached_tokens: cached.unwrap_or_default(),
            cache_write_tokens: written.unwrap_or_default(),
            reasoning_tokens: wire
                .completion_tokens_details
                .and_then(|d| d.reasoning_tokens),
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
        self.raw = None;
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

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    total_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    prompt_cache_hit_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "details")]
    prompt_tokens_details: Option<Details>,
    #[serde(default, deserialize_with = "details")]
    completion_tokens_details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Details {
    #[serde(default, deserialize_with = "count")]
    cached_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

/// A count in whatever form: a nonsensical one is absent and spoils nothing else.
fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let raw = <Option<Box<RawValue>>>::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| crate::decode::number(raw.get())))
}

fn details<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Details>, D::Error> {
    let raw = <Option<Box<RawValue>>>::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| serde_json::from_str(raw.get()).ok()))
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
    fn what_is_no_object_is_no_usage() {
        for json in ["7", "\"x\"", "[]"] {
            assert_eq!(Usage::parse(json), None, "{json}");
        }
    }
}
