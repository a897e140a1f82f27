//! An answer as one object.

use serde_json::{Value, json};

use super::{
    Envelope, logprobs,
    reply::{Call, Composed},
};

/// Renders the answer to a request that asked for no stream.
pub(super) fn render(envelope: &Envelope<'_>, replies: &[Composed]) -> String {
    let choices: Vec<String> = replies
        .iter()
        .enumerate()
        .map(|(index, reply)| choice(envelope, index, reply))
        .collect();
    format!(
        r#"{{"choices":[{}],"object":"chat.completion","usage":{},"created":{},"system_fingerprint":null,"model":{},"id":"{}"}}"#,
        choices.join(","),
        envelope.usage.json(),
        envelope.created,
        json!(envelope.chat.model.id),
        envelope.chat.id.completion(),
    )
}

fn choice(envelope: &Envelope<'_>, index: usize, reply: &Composed) -> String {
    let mut message = format!(r#"{{"content":{},"role":"assistant""#, json!(reply.text));
    if let Some(reasoning) = reply.readable_reasoning() {
        message.push_str(&format!(r#","reasoning_content":{}"#, json!(reasoning)));
    }
    if let Some(ciphertext) = reply.ciphertext() {
        message.push_str(&format!(r#","encrypted_content":{}"#, json!(ciphertext)));
    }
    if !reply.calls.is_empty() {
        let calls: Vec<Value> = reply.calls.iter().enumerate().map(call).collect();
        message.push_str(&format!(r#","tool_calls":{}"#, json!(calls)));
    }
    format!(
        r#"{{"message":{message}}},"finish_reason":"{}","index":{index},"logprobs":{}}}"#,
        reply.finish,
        logprobs::field(envelope.chat, &reply.text),
    )
}

fn call((index, call): (usize, &Call)) -> Value {
    json!({
        "function": {"arguments": call.arguments, "name": call.name},
        "id": call.id,
        "index": index,
        "type": "function",
    })
}
