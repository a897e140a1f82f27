//! An answer as the chunks of a stream.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    Envelope, logprobs,
    reply::{Call, Composed},
    steps::Piece,
    tokens,
};
use crate::speech;

/// How long audio in an answer can be referred to, in seconds.
const AUDIO_KEPT: u64 = 24 * 60 * 60;

/// Renders the payloads of the events, without `[DONE]`, and the tokens of each.
///
/// What looks odd here is what the service does: `usage` is null until a chunk of its own that has
/// no choices, only the first chunk has a role, later pieces of a tool call have the id `""` and
/// its end is announced by a piece without a finish reason, and the finish reason comes with an
/// empty delta.
pub(super) fn render(envelope: &Envelope<'_>, replies: &[Composed]) -> (Vec<String>, Vec<usize>) {
    let mut stream = Stream {
        envelope,
        payloads: Vec::new(),
        tokens: Vec::new(),
    };
    for (index, reply) in replies.iter().enumerate() {
        stream.reply(index, reply);
    }
    if envelope.chat.request.stream_options.include_usage {
        stream.push("", &envelope.usage.json());
    }
    (stream.payloads, stream.tokens)
}

/// When the ciphertext of encrypted reasoning comes in a stream.
///
/// The service's documentation does not say.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum EncryptedDelivery {
    /// In one delta after the last of `reasoning_content` and before the answer. The default.
    #[default]
    AfterReasoning,
    /// At the same place, over several deltas.
    InPieces,
    /// In the delta with the finish reason.
    WithLastDelta,
}

/// How many deltas [`EncryptedDelivery::InPieces`] makes.
const ENCRYPTED_PIECES: usize = 3;

struct Stream<'a> {
    envelope: &'a Envelope<'a>,
    payloads: Vec<String>,
    tokens: Vec<usize>,
}

impl Stream<'_> {
    fn reply(&mut self, index: usize, reply: &Composed) {
        let mut role = Some(r#","role":"assistant""#);
        if reply.readable_reasoning().is_some() {
            self.reasoning("", role.take(), index);
        } else if reply.calls.is_empty() {
            self.role(reply, index);
        }
        for step in reply.steps(self.envelope.delivery) {
            match step.piece {
                Piece::Reasoning(piece) => self.reasoning(&piece, None, index),
                Piece::Encrypted(piece) => self.encrypted(piece, index),
                Piece::Text(piece) => self.text(&piece, reply, index),
                Piece::Call(number, call) => self.call(call, number, role.take(), index),
                Piece::Arguments(number, piece) => self.arguments(&piece, number, index),
                Piece::CallEnd(number) => self.call_end(number, index),
            }
            self.took(step.tokens);
        }
        if self.envelope.chat.is_spoken() {
            self.audio(reply, index);
        }
        let content = if reply.calls.is_empty() {
            r#""content":"""#
        } else {
            ""
        };
        self.finish(content, reply, index);
    }

    fn reasoning(&mut self, piece: &str, role: Option<&str>, index: usize) {
        let (piece, role) = (json!(piece), role.unwrap_or_default());
        let delta = format!(r#"{{"content":null,"reasoning_content":{piece}{role}}}"#);
        self.delta(&delta, index);
    }

    fn encrypted(&mut self, piece: &str, index: usize) {
        let delta =
            format!(r#"{{"content":null,"reasoning_content":null,"encrypted_content":"{piece}"}}"#);
        self.delta(&delta, index);
    }

    /// The first chunk, which has its fields in another order than those after it.
    fn role(&mut self, reply: &Composed, index: usize) {
        let thought = no_thought(reply);
        let delta = format!(r#"{{"content":""{thought},"role":"assistant"}}"#);
        let choice =
            format!(r#"{{"delta":{delta},"index":{index},"logprobs":null,"finish_reason":null}}"#);
        self.push(&choice, "null");
    }

    fn text(&mut self, piece: &str, reply: &Composed, index: usize) {
        let logprobs = logprobs::field(self.envelope.chat, piece);
        let (piece, thought) = (json!(piece), no_thought(reply));
        let delta = format!(r#"{{"content":{piece}{thought}}}"#);
        self.delta_with(&delta, &logprobs, index);
    }

    fn call(&mut self, call: &Call, number: usize, role: Option<&str>, index: usize) {
        let (name, role) = (json!(call.name), role.unwrap_or_default());
        self.delta(
            &format!(
                r#"{{"content":null,"tool_calls":[{{"index":{number},"id":"{}","type":"function","function":{{"name":{name},"arguments":""}}}}]{role}}}"#,
                call.id
            ),
            index,
        );
    }

    fn arguments(&mut self, piece: &str, number: usize, index: usize) {
        let piece = json!(piece);
        let delta = format!(
            r#"{{"content":null,"tool_calls":[{{"index":{number},"id":"","type":"function","function":{{"arguments":{piece}}}}}]}}"#
        );
        self.delta(&delta, index);
    }

    fn call_end(&mut self, number: usize, index: usize) {
        let last = format!(
            r#"{{"delta":{{"tool_calls":[{{"function":{{"arguments":""}},"index":{number},"id":"","type":"function"}}]}},"index":{index}}}"#
        );
        self.push(&last, "null");
    }

    /// The text of the answer as audio, in PCM of 24 kHz. The form of these deltas is inferred from
    /// that of OpenAI.
    fn audio(&mut self, reply: &Composed, index: usize) {
        let chat = self.envelope.chat;
        let voice = chat.request.audio.as_ref();
        let voice = voice.and_then(|audio| audio.voice.as_deref());
        let expires = self.envelope.created + AUDIO_KEPT;
        for piece in speech::spoken(&reply.text, voice.unwrap_or_default()) {
            let data = STANDARD.encode(piece);
            let delta = format!(
                r#"{{"content":null,"audio":{{"data":"{data}","expires_at":{expires},"id":"audio_{}"}}}}"#,
                chat.id
            );
            self.delta(&delta, index);
        }
    }

    fn finish(&mut self, content: &str, reply: &Composed, index: usize) {
        let mut fields = content.to_owned();
        if let (EncryptedDelivery::WithLastDelta, Some(ciphertext)) =
            (self.envelope.delivery, reply.ciphertext())
        {
            let comma = if fields.is_empty() { "" } else { "," };
            fields.push_str(&format!(r#"{comma}"encrypted_content":"{ciphertext}""#));
        }
        let choice = format!(
            r#"{{"finish_reason":"{}","delta":{{{fields}}},"index":{index},"logprobs":null}}"#,
            reply.finish
        );
        self.push(&choice, "null");
    }

    fn delta(&mut self, delta: &str, index: usize) {
        self.delta_with(delta, "null", index);
    }

    fn delta_with(&mut self, delta: &str, logprobs: &str, index: usize) {
        let choice = format!(
            r#"{{"delta":{delta},"finish_reason":null,"index":{index},"logprobs":{logprobs}}}"#
        );
        self.push(&choice, "null");
    }

    /// Notes how many tokens the last event has.
    fn took(&mut self, tokens: usize) {
        if let Some(last) = self.tokens.last_mut() {
            *last = tokens;
        }
    }

    fn push(&mut self, choice: &str, usage: &str) {
        self.tokens.push(0);
        self.payloads.push(format!(
            r#"{{"choices":[{choice}],"object":"chat.completion.chunk","usage":{usage},"created":{},"system_fingerprint":null,"model":{},"id":"{}"}}"#,
            self.envelope.created,
            json!(self.envelope.chat.model.id),
            self.envelope.chat.id.completion(),
        ));
    }
}

/// What text chunks say about thoughts: nothing, unless there were some.
const fn no_thought(reply: &Composed) -> &'static str {
    match reply.reasoning {
        Some(_) => r#","reasoning_content":null"#,
        None => "",
    }
}

/// The parts of a ciphertext that come between reasoning and answer. It is base64, so that any cut
/// is one between characters.
pub(super) fn encrypted_pieces(ciphertext: &str, delivery: EncryptedDelivery) -> Vec<&str> {
    let pieces = match delivery {
        EncryptedDelivery::AfterReasoning => 1,
        EncryptedDelivery::InPieces => ENCRYPTED_PIECES,
        EncryptedDelivery::WithLastDelta => return Vec::new(),
    };
    let size = ciphertext.len().div_ceil(pieces);
    let mut cut = Vec::new();
    let mut rest = ciphertext;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        cut.push(piece);
        rest = after;
    }
    cut
}

/// Cuts a text as the service does, single tokens at first, then several at once, and counts them.
pub(crate) fn pieces(text: &str) -> Vec<(String, usize)> {
    let tokens = tokens::split(text);
    let (first, rest) = tokens.split_at(tokens.len().min(3));
    first
        .chunks(1)
        .chain(rest.chunks(4))
        .map(|tokens| (tokens.concat(), tokens.len()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lose_nothing() {
        for text in [
            "",
            "one",
            "one two three four five six seven eight nine 十 🦀",
        ] {
            let (cut, counts): (Vec<_>, Vec<_>) = pieces(text).into_iter().unzip();
            assert_eq!(cut.concat(), text);
            assert_eq!(counts.iter().sum::<usize>(), tokens::count(text));
        }
        assert_eq!(pieces("a b c d e").len(), 4);
    }
}
