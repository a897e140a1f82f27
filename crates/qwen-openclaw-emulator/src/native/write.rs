//! A reply in the form of DashScope's own chat API.

use serde_json::{Value, json};

use super::{
    rules::Output,
    usage::{self, Spent},
};
use crate::{
    answer::{Answer, EventStream},
    chat::{ChatReply, Composed, EncryptedDelivery, Piece},
    event_form::EventForm,
    route::Exchange,
};

/// What events say as the reason to finish before the last.
const NOT_YET: &str = "null";

/// Writes a reply, whole or as a stream.
pub(super) fn answer(exchange: &Exchange<'_>, output: &Output, reply: &ChatReply<'_>) -> Answer {
    let writer = Writer {
        exchange,
        output,
        reply,
    };
    let choices: Vec<String> = reply
        .replies
        .iter()
        .enumerate()
        .map(|(index, composed)| writer.choice(index, &Message::whole(composed), composed.finish))
        .collect();
    let whole = writer.payload(&choices, Spent::all(&reply.usage));
    if !reply.chat.request.stream {
        return Answer::json(200, whole, exchange.id);
    }
    let (events, tokens) = writer.events();
    let stream = EventStream {
        events,
        tokens,
        whole,
        form: EventForm::Native,
    };
    Answer::stream(stream, exchange.id)
}

struct Writer<'a> {
    exchange: &'a Exchange<'a>,
    output: &'a Output,
    reply: &'a ChatReply<'a>,
}

impl Writer<'_> {
    /// The payloads of the events and the tokens of each.
    ///
    /// The usage of an event is that of its choice alone, inferred from how dashscope 2.0.2 adds
    /// them up.
    fn events(&self) -> (Vec<String>, Vec<usize>) {
        let delivery = self.exchange.state.config.encrypted_delivery;
        let replies = &self.reply.replies;
        let mut events = Vec::new();
        let mut all_tokens = Vec::new();
        for (index, composed) in replies.iter().enumerate() {
            let empty = Message::empty(composed);
            let mut message = empty.clone();
            let mut spent = Spent::default();
            let mut push = |message: &Message, finish: &str, spent: Spent, tokens: usize| {
                let choice = self.choice(index, message, finish);
                events.push(self.payload(&[choice], spent));
                all_tokens.push(tokens);
            };
            for step in composed.steps(delivery) {
                spent.output += step.tokens;
                if matches!(step.piece, Piece::Reasoning(_)) {
                    spent.reasoning += step.tokens;
                }
                if self.output.incremental {
                    message = empty.clone();
                }
                if message.add(step.piece) {
                    push(&message, NOT_YET, spent, step.tokens);
                }
            }
            if self.output.incremental {
                message = empty;
            }
            if delivery == EncryptedDelivery::WithLastDelta {
                message.ciphertext = composed.ciphertext().map(str::to_owned);
            }
            // A summary has fewer tokens than the reasoning that is paid for.
            let spent = match &replies[..] {
                [_] => Spent::all(&self.reply.usage),
                _ => spent,
            };
            push(&message, composed.finish, spent, 0);
        }
        (events, all_tokens)
    }

    fn payload(&self, choices: &[String], spent: Spent) -> String {
        let choices = choices.join(",");
        let output = if self.output.text_only {
            choices
        } else {
            format!(r#"{{"choices":[{choices}]}}"#)
        };
        let usage = usage::json(&self.reply.usage, spent, self.output.parts);
        let id = self.exchange.id;
        format!(r#"{{"output":{output},"usage":{usage},"request_id":"{id}"}}"#)
    }

    fn choice(&self, index: usize, message: &Message, finish: &str) -> String {
        if self.output.text_only {
            let text = json!(message.text);
            return format!(r#"{{"finish_reason":"{finish}","text":{text}}}"#);
        }
        let message_json = self.message(message);
        let mut choice = format!(r#"{{"message":{message_json},"finish_reason":"{finish}""#);
        // One choice has no number in the examples.
        if self.reply.replies.len() > 1 {
            choice.push_str(&format!(r#","index":{index}"#));
        }
        if let Some(logprobs) = self.reply.chat.logprobs(&message.text) {
            choice.push_str(&format!(r#","logprobs":{logprobs}"#));
        }
        choice + "}"
    }

    fn message(&self, message: &Message) -> String {
        let content = match (self.output.parts, &*message.text) {
            (false, text) => json!(text),
            (true, "") => json!([]),
            (true, text) => json!([{"text": text}]),
        };
        let mut text = format!(r#"{{"content":{content}"#);
        let mut add = |name: &str, value: Value| text.push_str(&format!(r#","{name}":{value}"#));
        if let Some(reasoning) = &message.reasoning {
            add("reasoning_content", json!(reasoning));
        }
        if let Some(ciphertext) = &message.ciphertext {
            add("encrypted_content", json!(ciphertext));
        }
        if !message.calls.is_empty() {
            let calls: Vec<Value> = message.calls.iter().map(CallPiece::json).collect();
            add("tool_calls", calls.into());
        }
        text + r#","role":"assistant"}"#
    }
}

/// A message, or what an event has of it.
#[derive(Clone, Debug, Default)]
struct Message {
    text: String,
    reasoning: Option<String>,
    ciphertext: Option<String>,
    calls: Vec<CallPiece>,
}

/// A tool call, or what an event has of it.
#[derive(Clone, Debug)]
struct CallPiece {
    number: usize,
    id: String,
    /// Events have it once, as in the other API.
    name: Option<String>,
    arguments: String,
}

impl Message {
    /// The message before anything of it is there.
    fn empty(composed: &Composed) -> Self {
        Self {
            reasoning: composed.reasoning.as_ref().map(|_| String::new()),
            ..Self::default()
        }
    }

    fn whole(composed: &Composed) -> Self {
        let mut message = Self::empty(composed);
        for step in composed.steps(EncryptedDelivery::AfterReasoning) {
            message.add(step.piece);
        }
        message
    }

    /// Adds a piece and tells whether there is something to see of it.
    fn add(&mut self, piece: Piece<'_>) -> bool {
        match piece {
            Piece::Reasoning(piece) => self.reasoning.get_or_insert_default().push_str(&piece),
            Piece::Encrypted(piece) => self.ciphertext.get_or_insert_default().push_str(piece),
            Piece::Text(piece) => self.text.push_str(&piece),
            Piece::Call(number, call) => self.calls.push(CallPiece {
                number,
                id: call.id.clone(),
                name: Some(call.name.clone()),
                arguments: String::new(),
            }),
            Piece::Arguments(number, arguments) => {
                match self.calls.iter_mut().find(|call| call.number == number) {
                    Some(call) => call.arguments.push_str(&arguments),
                    None => self.calls.push(CallPiece {
                        number,
                        id: String::new(),
                        name: None,
                        arguments,
                    }),
                }
            }
            Piece::CallEnd(_) => return false,
        }
        true
    }
}

impl CallPiece {
    fn json(&self) -> Value {
        let mut function = json!({"arguments": self.arguments});
        if let Some(name) = &self.name {
            function["name"] = json!(name);
        }
        json!({"function": function, "id": self.id, "index": self.number, "type": "function"})
    }
}
