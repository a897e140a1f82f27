//! The span of a chat, with the names of OpenTelemetry's conventions for generative AI.
//!
//! It says which model, how much and how it ended; never what was asked or answered, nor the key.

use qwen_openclaw_catalog::Provider;
use tracing::{Span, field::Empty, info_span};

use crate::{Error, Reply};

/// Begins the span of one request.
pub(crate) fn chat(provider: &Provider, model: &str) -> Span {
    info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = provider.id(),
        gen_ai.request.model = model,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        request_id = Empty,
        error.type = Empty,
    )
}

/// Notes what a reply brought, complete or not.
pub(crate) fn reply(span: &Span, reply: &Reply) {
    if span.is_disabled() {
        return;
    }
    let texts = [
        ("gen_ai.response.id", reply.id()),
        ("gen_ai.response.model", reply.model()),
        ("request_id", reply.request_id()),
        (
            "gen_ai.response.finish_reasons",
            reply.finish_reason().map(|reason| reason.as_str()),
        ),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            span.record(name, text);
        }
    }
    if let Some(usage) = reply.usage() {
        span.record("gen_ai.usage.input_tokens", usage.input_tokens);
        span.record("gen_ai.usage.output_tokens", usage.output_tokens);
    }
}

/// Notes what ended a request early.
pub(crate) fn failure(span: &Span, error: &Error) {
    span.record("error.type", error.kind().as_str());
}
