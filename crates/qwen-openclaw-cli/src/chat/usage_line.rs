//! The usage of a reply, in one line.

use qwen_openclaw::{
    Qwen, Route,
    chat::{Billing, Reply},
};

/// Tokens, times and, where the price is known, the cost.
pub(super) fn usage_line(qwen: &Qwen, route: &Route, billing: Billing, reply: &Reply) -> String {
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
    let speed = |usage| timings.tokens_per_second(usage);
    if let Some(speed) = reply.usage().and_then(speed) {
        parts.push(format!("{speed:.0} tokens/s"));
    }
    let billed = reply.billed(billing);
    if let Some(charge) = billed.and_then(|billed| qwen.cost(route, &billed)) {
        parts.push(match charge.is_configured {
            true => format!("{} (configured)", charge.cost),
            false => charge.cost.to_string(),
        });
    }
    format!("[{}]", parts.join(" · "))
}
