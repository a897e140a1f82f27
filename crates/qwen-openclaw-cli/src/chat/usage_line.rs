//! The usage of a reply, in one line.

use qwen_openclaw::{
    Route,
    catalog::price::{self, Cost},
    chat::{Reply, Usage},
};

/// Tokens, times and, where the price is known, the cost.
pub(super) fn usage_line(route: &Route, reply: &Reply) -> String {
    let timings = reply.timings();
    let model = route.model().unwrap_or_default();
    let mut parts = vec![format!("{}/{model}", route.provider())];
    if let Some(usage) = reply.usage() {
        let mut tokens = format!("{} in, {} out", usage.input_tokens, usage.output_tokens);
        if usage.cached_tokens > 0 {
            tokens.push_str(&format!(", {} cached", usage.cached_tokens));
        }
        if let Some(reasoning) = usage.reasoning_tokens.filter(|tokens| *tokens > 0) {
            tokens.push_str(&format!(", {reasoning} reasoning"));
        }
        parts.push(tokens);
    }
    if let Some(first) = timings.first_content {
        parts.push(format!("first token {:.2} s", first.as_secs_f64()));
    }
    if let Some(usage) = reply.usage() {
        if let Some(speed) = timings.tokens_per_second(usage) {
            parts.push(format!("{speed:.0} tokens/s"));
        }
        if let Some(cost) = cost(route, usage) {
            parts.push(cost.to_string());
        }
    }
    format!("[{}]", parts.join(" · "))
}

/// What a reply costs, where the price is known.
pub(super) fn cost(route: &Route, usage: &Usage) -> Option<Cost> {
    let spent = price::TokenUsage {
        input: usage.input_tokens,
        output: usage.output_tokens,
        cached: usage.cached_tokens,
        cache_write: usage.cache_write_tokens,
        reasoning: usage.reasoning_tokens.unwrap_or_default(),
        ..Default::default()
    };
    price::on(route.endpoint().class(), route.model()?)?.cost(&spent)
}
