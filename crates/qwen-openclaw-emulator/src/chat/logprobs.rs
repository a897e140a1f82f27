//! Probabilities of tokens: made up, the same for the same text.

use serde_json::{Value, json};

use super::{Chat, tokens};
use crate::id::splitmix;

/// The field `logprobs` of a choice with this text: `null` unless it was asked for. There are none for
/// thoughts and tool calls.
pub(super) fn field(chat: &Chat<'_>, text: &str) -> String {
    if !chat.request.logprobs {
        return "null".to_owned();
    }
    let alternatives = chat.request.top_logprobs.unwrap_or_default();
    let alternatives = usize::try_from(alternatives).unwrap_or_default();
    let content: Vec<Value> = tokens::split(text)
        .into_iter()
        .map(|token| one(token, alternatives))
        .collect();
    json!({"content": content}).to_string()
}

/// What stands in for tokens that the model could have chosen.
const OTHERS: [&str; 5] = [" the", ",", " a", ".", " and"];

fn one(token: &str, alternatives: usize) -> Value {
    // At least a half, so that the chosen token is the most probable.
    let chance = 0.5 + 0.499 * fraction(token);
    let others = OTHERS.iter().filter(|other| **other != token);
    let mut left = 1.0 - chance;
    let rest = others.map(|other| {
        left /= 2.0;
        row(other, left)
    });
    let top: Vec<Value> = [row(token, chance)]
        .into_iter()
        .chain(rest)
        .take(alternatives)
        .collect();
    let mut row = row(token, chance);
    row["top_logprobs"] = top.into();
    row
}

fn row(token: &str, chance: f64) -> Value {
    json!({"token": token, "logprob": chance.ln(), "bytes": token.as_bytes()})
}

/// A number from 0 to 1 that depends on the text.
fn fraction(text: &str) -> f64 {
    let mix = |state: u64, byte: u8| splitmix(state ^ u64::from(byte));
    let mixed = text.bytes().fold(0, mix);
    f64::from((mixed >> 48) as u16) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_token_is_the_most_probable() {
        for token in ["x", " the", "你", ","] {
            let row = one(token, 5);
            let top = row["top_logprobs"].as_array().unwrap();
            assert_eq!(top.len(), 5);
            assert_eq!(top[0]["token"], token);
            let chances: Vec<f64> = top
                .iter()
                .map(|row| row["logprob"].as_f64().unwrap())
                .collect();
            assert!(
                chances.is_sorted_by(|one, other| one > other),
                "{chances:?}"
            );
            assert!(chances.iter().map(|chance| chance.exp()).sum::<f64>() <= 1.0);
            assert_eq!(one(token, 0)["top_logprobs"], json!([]));
        }
    }
}
