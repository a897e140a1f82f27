//! The probabilities of the tokens of a reply.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::Reply;

/// A token of the reply with the logarithm of its probability.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenLogprob {
    /// The token's text. A token may be a part of a character: see [`bytes`](Self::bytes).
    #[serde(default)]
    pub token: String,
    /// The natural logarithm of the token's probability.
    pub logprob: f64,
    /// The token's bytes, where the server gives them.
    #[serde(default)]
    pub bytes: Option<Vec<u8>>,
    /// The most likely tokens at this position, as many as were asked for.
    #[serde(default, rename = "top_logprobs", deserialize_with = "or_none")]
    pub top: Vec<Self>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Reply {
    /// Returns the tokens of the text with their probabilities; none unless they were asked for with
    /// `logprobs`.
    ///
    /// What does not have this form is left out. All of it, as the server sent it, is in
    /// [`extra`](Self::extra) under `logprobs`.
    #[must_use]
    pub fn logprobs(&self) -> Vec<TokenLogprob> {
        let all = self
            .extra
            .get("logprobs")
            .and_then(|all| all.get("content"));
        let tokens = all.and_then(Value::as_array).into_iter().flatten();
        tokens
            .filter_map(|token| TokenLogprob::deserialize(token).ok())
            .collect()
    }
}

fn or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TokenLogprob>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
