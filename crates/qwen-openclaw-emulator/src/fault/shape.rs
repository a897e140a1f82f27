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
        match self {
            Self::OpenAi => refusal.open_ai_body(id),
            Self::Native => refusal.native_body(id),
            Self::Anthropic => refusal.anthropic_body(id),
            Self::Text => format!(r#"{{"error":{}}}"#, json!(refusal.message)),
        }
    }
}
