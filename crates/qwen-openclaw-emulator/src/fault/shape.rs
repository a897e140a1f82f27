//! The shapes of error bodies.

use serde_json::json;

use crate::{id::Id, refusal::Refusal};

/// The shape of an error body.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorShape {
    /// `{"error":{"message","type","param","code"},"request_id"}`.
    OpenAi,
    /// `{"code","message","request_id"}`.
    Native,
    /// `{"type":"error","error":{"type","message"},"request_id"}`.
    Anthropic,
    /// `{"error":"…"}`, with the message alone.
    Text,
}

impl ErrorShape {
    const ALL: [Self; 4] = [Self::OpenAi, Self::Native, Self::Anthropic, Self::Text];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Native => "native",
            Self::Anthropic => "anthropic",
            Self::Text => "text",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == name)
    }

    /// The body of an error in this shape.
    pub(super) fn body(self, refusal: &Refusal, id: Id) -> String {
        let message = json!(refusal.message);
        match self {
            Self::OpenAi => refusal.open_ai_body(id),
            Self::Native => refusal.native_body(id),
            Self::Anthropic => format!(
                r#"{{"type":"error","error":{{"type":{},"message":{message}}},"request_id":"{id}"}}"#,
                json!(anthropic_type(refusal))
            ),
            Self::Text => format!(r#"{{"error":{message}}}"#),
        }
    }
}

/// The `type` that the SDK's registry, and Anthropic, give an error.
fn anthropic_type(refusal: &Refusal) -> &'static str {
    match refusal.status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 if refusal.code == "insufficient_quota" => "billing_error",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}
