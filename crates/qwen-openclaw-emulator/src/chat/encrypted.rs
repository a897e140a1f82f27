//! Reasoning that the caller gets as a summary and a ciphertext.
//!
//! Fields: help.aliyun.com, Model Studio, "cot-summary". What a ciphertext is bound to is not
//! documented: here to the conversation before its turn, which is inferred.

use std::{collections::VecDeque, sync::Mutex};

use base64::{Engine, engine::general_purpose::URL_SAFE};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Chat, media,
    reply::Composed,
    request::{Content, Message, Part},
    think,
};
use crate::{lock::lock, refusal::Refusal};

/// What identifies a conversation, as far as it goes.
pub(super) type Hash = [u8; 32];

/// The encrypted reasoning of one emulator.
///
/// A ciphertext holds the reasoning itself, so that only the turns which had one are remembered.
#[derive(Debug)]
pub(crate) struct EncryptedReasoning {
    key: Hash,
    /// The conversations that ended with such a turn, the newest last.
    given: Mutex<VecDeque<Hash>>,
}

/// What the caller gets of encrypted reasoning.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Sealed {
    pub(super) summary: String,
    /// Base64.
    pub(super) ciphertext: String,
}

/// How many turns are remembered.
const MAX_GIVEN: usize = 4096;

/// The first byte of a ciphertext.
const VERSION: u8 = 0x80;

impl EncryptedReasoning {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            key: hash(&[b"encrypted reasoning", &seed.to_be_bytes()]),
            given: Mutex::default(),
        }
    }

    /// Forgets the turns that were given.
    pub(crate) fn clear(&self) {
        lock(&self.given).clear();
    }

    /// Encrypts the reasoning of the replies to a conversation.
    pub(super) fn seal(&self, chat: &Chat<'_>, before: Hash, replies: &mut [Composed]) {
        for reply in replies {
            let Some(reasoning) = &reply.reasoning else {
                continue;
            };
            reply.sealed = Some(Sealed {
                summary: think::summary(chat),
                ciphertext: self.encrypt(reasoning, before, chat.id.to_bytes()),
            });
            self.remember(add(before, &normalize_reply(reply)));
        }
    }

    fn remember(&self, turn: Hash) {
        let mut given = lock(&self.given);
        given.push_back(turn);
        if given.len() > MAX_GIVEN {
            given.pop_front();
        }
    }

    /// Puts the reasoning of earlier turns in place of its summaries, where the ciphertexts are
    /// those that were given. Returns what identifies the conversation.
    ///
    /// # Errors
    ///
    /// If `strict`, for the first turn whose ciphertext is another one, or is missing although it
    /// was given. The texts are the emulator's own.
    pub(super) fn restore(&self, history: &mut [Message], strict: bool) -> Result<Hash, Refusal> {
        let mut before = Hash::default();
        for (position, message) in history.iter_mut().enumerate() {
            let with = add(before, &normalize(message));
            if message.role == "assistant" {
                let ciphertext = &message.encrypted_content;
                let lost = if let Some(reasoning) = self.decrypt(ciphertext, before) {
                    message.reasoning_content = reasoning;
                    None
                } else if !ciphertext.is_empty() {
                    Some("does not belong to this turn of the conversation")
                } else {
                    let given = lock(&self.given).contains(&with);
                    given.then_some("is missing")
                };
                if let (Some(lost), true) = (lost, strict) {
                    return Err(Refusal::algo(format!(
                        "encrypted_content {lost} - 'messages.{position}'"
                    )));
                }
            }
            before = with;
        }
        Ok(before)
    }

    fn encrypt(&self, reasoning: &str, before: Hash, nonce: [u8; 16]) -> String {
        let masked = self.mask(reasoning.as_bytes(), &nonce);
        let tag = self.hmac(&[&nonce, &before, &masked]);
        URL_SAFE.encode([&[VERSION], &nonce[..], &masked, &tag].concat())
    }

    fn decrypt(&self, ciphertext: &str, before: Hash) -> Option<String> {
        let bytes = URL_SAFE.decode(ciphertext).ok()?;
        let (&version, rest) = bytes.split_first()?;
        let (nonce, rest) = rest.split_first_chunk::<16>()?;
        let (masked, tag) = rest.split_last_chunk::<32>()?;
        let right = version == VERSION && *tag == self.hmac(&[nonce, &before, masked]);
        right
            .then(|| String::from_utf8(self.mask(masked, nonce)).ok())
            .flatten()
    }

    /// Masks bytes with a key stream, or takes the mask off again.
    fn mask(&self, bytes: &[u8], nonce: &[u8; 16]) -> Vec<u8> {
        let blocks = bytes.chunks(size_of::<Hash>()).zip(0_u64..);
        blocks
            .flat_map(|(block, number)| {
                let stream = self.hmac(&[nonce, &number.to_be_bytes()]);
                block
                    .iter()
                    .zip(stream)
                    .map(|(byte, mask)| byte ^ mask)
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// HMAC-SHA-256 (RFC 2104).
    fn hmac(&self, parts: &[&[u8]]) -> Hash {
        let pad = |with: u8| {
            let mut block = [with; 64];
            block
                .iter_mut()
                .zip(self.key)
                .for_each(|(byte, key)| *byte ^= key);
            block
        };
        let inner = hash(&[&[&pad(0x36)[..]], parts].concat());
        hash(&[&pad(0x5c), &inner])
    }
}

fn hash(parts: &[&[u8]]) -> Hash {
    let digest = parts.iter().fold(Sha256::new(), Sha256::chain_update);
    digest.finalize().into()
}

/// Adds a message to a conversation.
fn add(before: Hash, message: &Value) -> Hash {
    hash(&[&before, message.to_string().as_bytes()])
}

/// What a message says, however it is written. Its reasoning is left out: callers may drop the
/// summary.
fn normalize(message: &Message) -> Value {
    let content = match &message.content {
        Content::Text(text) => vec![json!(text)],
        Content::Absent => Vec::new(),
        Content::Parts(parts) => parts.iter().flat_map(normalize_part).collect(),
    };
    let calls = message.tool_calls.iter().map(|call| {
        let function = &call["function"];
        let (name, arguments) = (&function["name"], &function["arguments"]);
        normalize_call(&call["id"], name, arguments)
    });
    conversation_entry(
        &message.role,
        content,
        calls.collect(),
        message.tool_call_id.as_deref(),
    )
}

/// The same for a reply that is about to be sent.
fn normalize_reply(reply: &Composed) -> Value {
    let calls = reply.calls.iter();
    let calls = calls.map(|call| {
        let [id, name, arguments] = [&call.id, &call.name, &call.arguments].map(|text| json!(text));
        normalize_call(&id, &name, &arguments)
    });
    conversation_entry("assistant", vec![json!(reply.text)], calls.collect(), None)
}

fn conversation_entry(
    role: &str,
    mut content: Vec<Value>,
    calls: Vec<Value>,
    tool_call_id: Option<&str>,
) -> Value {
    // No content, null, and an empty text are the same.
    content.retain(|part| part != "");
    json!([role, content, calls, tool_call_id])
}

fn normalize_part(part: &Part) -> Vec<Value> {
    let media = media::of(part).into_iter();
    let media = media.map(|medium| json!({"url": medium.address}));
    part.text
        .iter()
        .map(|text| json!(text))
        .chain(media)
        .collect()
}

/// Arguments are compared as JSON where they are JSON.
fn normalize_call(id: &Value, name: &Value, arguments: &Value) -> Value {
    let parsed = arguments
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    let arguments: Value = parsed.unwrap_or_else(|| arguments.clone());
    json!([id, name, arguments])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(wire: Value) -> Value {
        let message: Message = serde_json::from_value(wire).unwrap();
        normalize(&message)
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 2. Keys shorter than a block are padded with zeros.
        let mut key = Hash::default();
        key[..4].copy_from_slice(b"Jefe");
        let given = Mutex::default();
        let tag = EncryptedReasoning { key, given }.hmac(&[b"what do ya want ", b"for nothing?"]);
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_ciphertext_is_read_in_its_conversation_only() {
        let reasoning = EncryptedReasoning::new(0);
        let (here, elsewhere) = (hash(&[b"a"]), hash(&[b"b"]));
        for text in ["", "short", &"längere Gedanken 🦀 ".repeat(9)] {
            let ciphertext = reasoning.encrypt(text, here, [7; 16]);
            assert_eq!(reasoning.decrypt(&ciphertext, here).as_deref(), Some(text));
            assert_eq!(reasoning.decrypt(&ciphertext, elsewhere), None);
            assert_eq!(EncryptedReasoning::new(1).decrypt(&ciphertext, here), None);
            assert_ne!(reasoning.encrypt(text, here, [8; 16]), ciphertext);
            let bytes = URL_SAFE.decode(&ciphertext).unwrap();
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                let changed = URL_SAFE.encode(changed);
                assert_eq!(reasoning.decrypt(&changed, here), None, "{at}");
                let cut = URL_SAFE.encode(&bytes[..at]);
                assert_eq!(reasoning.decrypt(&cut, here), None, "{at}");
            }
        }
        assert_eq!(reasoning.decrypt("no base64!", here), None);
    }

    #[test]
    fn writing_it_differently_changes_nothing() {
        let call = |content: Value, arguments: &str| {
            message(
                json!({"role": "assistant", "content": content, "reasoning_content": "x",
                "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": arguments}}]}),
            )
        };
        let first = call(json!(""), r#"{"a": 1}"#);
        for same in [
            call(Value::Null, r#"{"a":1}"#),
            call(json!([]), " {\n \"a\": 1 } "),
            call(json!([{"type": "text", "text": ""}]), r#"{"a": 1}"#),
        ] {
            assert_eq!(same, first);
        }
        assert_ne!(call(json!(""), r#"{"a": 2}"#), first);
        assert_ne!(call(json!("text"), r#"{"a": 1}"#), first);
        assert_ne!(call(json!(""), r#"{"a": "#), first);

        let user = |content: Value| message(json!({"role": "user", "content": content}));
        let marker = json!({"mode": "explicit"});
        assert_eq!(
            user(json!([{"type": "text", "text": "hi", "prompt_cache_breakpoint": marker}])),
            user(json!("hi"))
        );
        let image = |url: &str| user(json!([{"type": "image_url", "image_url": {"url": url}}]));
        assert_ne!(image("https://a.example/b"), image("https://a.example/c"));
    }

    #[test]
    fn the_memory_of_turns_is_bounded() {
        let reasoning = EncryptedReasoning::new(0);
        let turn = |number: usize| hash(&[&number.to_be_bytes()]);
        for number in 0..=MAX_GIVEN {
            reasoning.remember(turn(number));
        }
        let given = lock(&reasoning.given);
        assert_eq!(given.len(), MAX_GIVEN);
        assert!(!given.contains(&turn(0)) && given.contains(&turn(MAX_GIVEN)));
    }
}
