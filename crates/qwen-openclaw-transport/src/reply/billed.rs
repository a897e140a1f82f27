//! What a reply used, by how it is billed.

use qwen_openclaw_catalog::price::TokenUsage;

use crate::{ChatRequest, Reply};

/// What of a request decides how its reply is billed. Made by [`ChatRequest::billing`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Billing {
    has_cache_markers: bool,
    may_search: bool,
}

impl ChatRequest {
    /// Returns what decides how the reply is billed, for [`Reply::billed`].
    #[must_use]
    pub fn billing(&self) -> Billing {
        Billing {
            has_cache_markers: self.has_cache_markers(),
            may_search: self.enable_search == Some(true),
        }
    }
}

impl Reply {
    /// Returns what the reply used, by how it is billed; `None` when the server counted nothing.
    /// [`price::charge`](qwen_openclaw_catalog::price::charge) says what it costs.
    ///
    /// Which cache was read decides its price. The server says so (`cache_type`); where it does not, a
    /// request with cache markers counts as one that read the explicit cache. A request that may search
    /// the web has an unknown price unless the server counted the searches.
    #[must_use]
    pub fn billed(&self, request: Billing) -> Option<TokenUsage> {
        let usage = self.usage()?;
        let is_explicit = usage.explicit_cache || request.has_cache_markers;
        let (implicit_cached, explicit_cached) = if is_explicit {
            (0, usage.cached_tokens)
        } else {
            (usage.cached_tokens, 0)
        };
        let searches = usage.searches;
        Some(TokenUsage {
            input: usage.input_tokens,
            implicit_cached,
            explicit_cached,
            cache_write: usage.cache_write_tokens,
            output: usage.output_tokens,
            reasoning: usage.reasoning_tokens.unwrap_or_default(),
            thinking: !self.reasoning().is_empty(),
            agent_searches: searches.agent,
            has_unpriced_calls: searches.other > 0 || request.may_search && searches.agent == 0,
            batch: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Part, Role, Usage};

    fn reply(usage: &str) -> Reply {
        Reply {
            usage: Usage::parse(usage),
            ..Reply::default()
        }
    }

    /// Tokens read from the implicit and the explicit cache.
    fn cached(usage: &str, request: &ChatRequest) -> (u64, u64) {
        let billed = reply(usage).billed(request.billing()).unwrap();
        (billed.implicit_cached, billed.explicit_cached)
    }

    #[test]
    fn the_server_says_which_cache_was_read_otherwise_the_request() {
        let silent = r#"{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":5}}"#;
        let said = r#"{"prompt_tokens":9,
            "prompt_tokens_details":{"cached_tokens":5,"cache_type":"ephemeral"}}"#;
        let plain = ChatRequest::new("m").system("s").user("hi");
        assert_eq!(cached(silent, &plain), (5, 0));
        assert_eq!(cached(said, &plain), (0, 5));
        let marked = plain.clone().cache_system();
        assert_eq!(cached(silent, &marked), (0, 5));
        assert_eq!(cached(silent, &marked.cache(false)), (5, 0));
        let empty = r#"{"prompt_tokens":9,
            "prompt_tokens_details":{"cached_tokens":5,"cache_type":""}}"#;
        assert_eq!(cached(empty, &plain), (5, 0));

        let part = Part::text("hi").with("cache_control", serde_json::json!({"type": "ephemeral"}));
        let own = ChatRequest::new("m").message(Message::parts(Role::User, [part]));
        assert_eq!(cached(silent, &own), (0, 5));
        assert_eq!(Reply::default().billed(own.billing()), None);
    }

    #[test]
    fn what_is_billed_apart_is_noticed() {
        let plain = ChatRequest::new("m").user("hi");
        let searching = plain.clone().search();
        let counts = |usage: &str, request: &ChatRequest| {
            let billed = reply(usage).billed(request.billing()).unwrap();
            (billed.agent_searches, billed.has_unpriced_calls)
        };
        let agent = r#"{"prompt_tokens":9,"plugins":{"search":{"count":2,"strategy":"agent"}}}"#;
        assert_eq!(counts(agent, &searching), (2, false));
        let turbo = r#"{"prompt_tokens":9,"plugins":{"search":{"count":2,"strategy":"turbo"}}}"#;
        assert_eq!(counts(turbo, &searching), (0, true));
        let tools = r#"{"prompt_tokens":9,"x_tools":{"web_search":{"count":1}}}"#;
        assert_eq!(counts(tools, &plain), (0, true));
        let silent = r#"{"prompt_tokens":9}"#;
        assert_eq!(counts(silent, &searching), (0, true));
        assert_eq!(counts(silent, &plain), (0, false));
    }

    #[test]
    fn reasoning_that_is_not_counted_was_thinking() {
        let mut reply = reply(r#"{"prompt_tokens":9}"#);
        let request = ChatRequest::new("m").user("hi");
        assert!(!reply.billed(request.billing()).unwrap().thinking);
        reply.reasoning = "hm".to_owned();
        assert!(reply.billed(request.billing()).unwrap().thinking);
    }
}
