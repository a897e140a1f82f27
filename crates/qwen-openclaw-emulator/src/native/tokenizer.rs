//! `POST /tokenizer`: a prompt in tokens.
//!
//! Path and request: dashscope 2.0.2 (`Tokenization`). The answer: help.aliyun.com, DashScope,
//! "tokenization". Messages count with their frame, so that the tokens are those of a chat's usage.

use serde_json::{Value, json};

use super::request::Call;
use crate::{
    answer::Answer,
    chat::{self, ChatRequest},
    id::splitmix,
    models::{self, NativePath},
    refusal::Refusal,
    route::Exchange,
    served::TokenCounts,
};

pub(super) fn answer(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let call = Call::read(&exchange.request.body, NativePath::Multimodal, false)?;
    let request = ChatRequest::from_json(call.chat)?;
    models::find(exchange, &request.model)?;
    let tokens = chat::tokenize(&request);
    let ids: Vec<u64> = tokens.iter().map(|token| number(token)).collect();
    let count = tokens.len();
    let body = json!({
        "output": {"token_ids": ids, "tokens": tokens},
        "usage": {"input_tokens": count},
        "request_id": exchange.id.to_string(),
    });
    let answer = Answer::json(200, Value::to_string(&body), exchange.id);
    Ok(answer.tokens(TokenCounts {
        prompt: count,
        completion: 0,
    }))
}

/// The number of a token: that of Qwen's vocabulary for those that frame a message, else made up.
fn number(token: &str) -> u64 {
    /// Where the special tokens start.
    const WORDS: u64 = 151_643;
    match token {
        "<|im_start|>" => 151_644,
        "<|im_end|>" => 151_645,
        "<|image_pad|>" => 151_655,
        "<|video_pad|>" => 151_656,
        word => {
            let mix = |state: u64, byte: u8| splitmix(state ^ u64::from(byte));
            word.bytes().fold(0, mix) % WORDS
        }
    }
}
