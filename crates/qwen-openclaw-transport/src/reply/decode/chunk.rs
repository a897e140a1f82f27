//! One JSON document of a reply, each part read as far as it makes sense.

use std::borrow::Cow;

use qwen_openclaw_http::json::{elements, fields, number, string, text};

use crate::{
    FinishReason, Usage,
    reply::decode::{assembly::Target, extra::Extra, tools::Fragment},
};

/// A chunk of a stream, or a whole completion: the two differ in one word.
#[derive(Debug, Default)]
pub(super) struct Chunk<'a> {
    id: Option<&'a str>,
    model: Option<&'a str>,
    choices: Option<&'a str>,
    usage: Option<&'a str>,
    error: Option<&'a str>,
    code: Option<&'a str>,
    message: Option<&'a str>,
    request_id: Option<&'a str>,
    pub(super) extra: Extra<'a>,
}

impl<'a> Chunk<'a> {
    /// # Errors
    ///
    /// When `json` is not JSON. JSON of any other shape is an empty chunk.
    pub(super) fn parse(json: &'a str) -> Result<Self, serde_json::Error> {
        let mut chunk = Self::default();
        fields(json, |name, value| match name {
            "id" => chunk.id = Some(value),
            "model" => chunk.model = Some(value),
            "choices" => chunk.choices = Some(value),
            "usage" => chunk.usage = Some(value),
            "error" => chunk.error = Some(value),
            "code" => chunk.code = Some(value),
            "message" => chunk.message = Some(value),
            "request_id" => chunk.request_id = Some(value),
            _ if OF_NO_INTEREST.contains(&name) => {}
            _ => chunk.extra.put(name, value),
        })?;
        Ok(chunk)
    }

    /// True for `{"error":{…}}`, and for `{"code","message"}` in place of a chunk.
    pub(super) fn is_error(&self) -> bool {
        let described = self
            .error
            .is_some_and(|error| error.starts_with(['{', '"']));
        // Most chunks have no code, and their choices need not be looked at here.
        let native = self.code.is_some_and(is_code)
            && self
                .message
                .and_then(string)
                .is_some_and(|message| !message.is_empty())
            && self
                .choices
                .is_none_or(|choices| elements(choices).is_empty());
        described || native
    }

    pub(super) fn id(&self) -> Option<String> {
        self.id.and_then(text).map(Cow::into_owned)
    }

    pub(super) fn model(&self) -> Option<String> {
        self.model.and_then(text).map(Cow::into_owned)
    }

    pub(super) fn request_id(&self) -> Option<String> {
        self.request_id.and_then(text).map(Cow::into_owned)
    }

    /// The token counts; some servers put them inside the choice.
    pub(super) fn usage(&self, choice: Option<&Choice<'_>>) -> Option<Usage> {
        let inside = || choice.and_then(|choice| choice.usage);
        self.usage
            .and_then(Usage::parse)
            .or_else(|| inside().and_then(Usage::parse))
    }

    /// The choice with this index, otherwise the lowest.
    pub(super) fn choice(&self, index: Option<u64>) -> Option<Choice<'a>> {
        let choices = elements(self.choices?);
        // Where there are several, only the first answer was asked for.
        let order = |choice: &&&str| {
            let own = index_of(choice);
            (Some(own) != index, own)
        };
        let first = match &choices[..] {
            [only] => only,
            several => several.iter().min_by_key(order)?,
        };
        let mut choice = Choice::default();
        let read = fields(first, |name, value| match name {
            "index" => choice.index = number(value),
            "delta" | "message" => choice.read_delta(value),
            "finish_reason" => choice.finish_reason = Some(value),
            "usage" => choice.usage = Some(value),
            _ if OF_NO_INTEREST.contains(&name) => {}
            _ => choice.extra.put(name, value),
        });
        read.ok().map(|()| choice)
    }
}

/// Names that say nothing of the reply, or something else one level up or down, so that no field is
/// mistaken for another one when a reply is written again.
const OF_NO_INTEREST: [&str; 13] = [
    "id",
    "model",
    "choices",
    "usage",
    "error",
    "code",
    "message",
    "object",
    "created",
    "index",
    "delta",
    "finish_reason",
    "request_id",
];

/// The part of a chunk that belongs to one answer.
#[derive(Debug, Default)]
pub(super) struct Choice<'a> {
    pub(super) index: Option<u64>,
    finish_reason: Option<&'a str>,
    usage: Option<&'a str>,
    content: Option<&'a str>,
    reasoning_content: Option<&'a str>,
    reasoning: Option<&'a str>,
    reasoning_text: Option<&'a str>,
    reasoning_details: Option<&'a str>,
    refusal: Option<&'a str>,
    encrypted_content: Option<&'a str>,
    tool_calls: Option<&'a str>,
    function_call: Option<&'a str>,
    pub(super) extra: Extra<'a>,
    /// Unknown fields of the delta, and under `content` those of its parts that are no text.
    pub(super) message_extra: Extra<'a>,
}

impl<'a> Choice<'a> {
    fn read_delta(&mut self, json: &'a str) {
        // A delta that is no object is an empty one; the document around it was read already.
        let _ = fields(json, |name, value| match name {
            "content" => self.content = Some(value),
            "reasoning_content" => self.reasoning_content = Some(value),
            "reasoning" => self.reasoning = Some(value),
            "reasoning_text" => self.reasoning_text = Some(value),
            "refusal" => self.refusal = Some(value),
            "encrypted_content" => self.encrypted_content = Some(value),
            "reasoning_details" => {
                self.reasoning_details = Some(value);
                self.message_extra.put(name, value);
            }
            "tool_calls" => self.tool_calls = Some(value),
            "function_call" => self.function_call = Some(value),
            "role" => {}
            _ => self.message_extra.put(name, value),
        });
        if let Some(parts) = self.content.filter(|content| content.starts_with('[')) {
            let mut others = elements(parts);
            others.retain(|part| !is_text(part));
            if !others.is_empty() {
                let others = format!("[{}]", others.join(","));
                self.message_extra.put("content", others);
            }
        }
    }

    /// The reasoning as a text, still escaped. Gateways repeat the same under several names: the
    /// first of these that says something counts.
    pub(super) fn reasoning(&self) -> Option<&'a str> {
        filled(self.reasoning_content)
            .or_else(|| filled(self.reasoning))
            .or_else(|| filled(self.reasoning_text))
    }

    /// The texts of this chunk, still escaped, reasoning first: it is what came first in the
    /// model's mind. The details of the reasoning are read if there is nothing but `details`.
    pub(super) fn texts(&self, details: bool) -> Vec<(Target, &'a str)> {
        let mut texts = Vec::new();
        match self.reasoning() {
            Some(reasoning) => texts.push((Target::Reasoning, reasoning)),
            None if details => {
                let details = self.reasoning_details.unwrap_or("[]");
                read_parts(details, Target::Reasoning, DEPTH, &mut texts);
            }
            None => {}
        }
        match self.content {
            Some(parts) if parts.starts_with('[') => {
                read_parts(parts, Target::Text, DEPTH, &mut texts)
            }
            content => texts.extend(filled(content).map(|text| (Target::Text, text))),
        }
        texts.extend(filled(self.refusal).map(|text| (Target::Refusal, text)));
        let encrypted = filled(self.encrypted_content);
        texts.extend(encrypted.map(|text| (Target::Encrypted, text)));
        texts
    }

    pub(super) fn tool_fragments(&self) -> Vec<Fragment<'a>> {
        let mut fragments: Vec<_> = elements(self.tool_calls.unwrap_or("[]"))
            .into_iter()
            .map(Fragment::parse)
            .collect();
        // The name that tool calls had before there could be several.
        if let Some(call) = self.function_call.filter(|call| call.starts_with('{')) {
            fragments.push(Fragment::parse_function(call));
        }
        fragments
    }

    pub(super) fn finish_reason(&self) -> Option<FinishReason> {
        self.finish_reason
            .and_then(text)
            .map(|reason| FinishReason::from(&*reason))
    }
}

/// The inside of a string that says something.
fn filled(json: Option<&str>) -> Option<&str> {
    json.and_then(string).filter(|inner| !inner.is_empty())
}

/// Whether this is the code of an error: a text, or a number that does not stand for success.
fn is_code(value: &str) -> bool {
    let is_number = value.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    text(value).is_some() || (is_number && !matches!(value, "0" | "200"))
}

fn index_of(choice: &str) -> u64 {
    let mut index = None;
    let _ = fields(choice, |name, value| {
        if name == "index" {
            index = number(value);
        }
    });
    index.unwrap_or_default()
}

/// Whether this is a part that [`read_parts`] takes the text of, an empty one too, or says nothing.
fn is_text(part: &str) -> bool {
    let mut is_text = part == "null" || string(part).is_some();
    let _ = fields(part, |name, value| {
        is_text |= match name {
            "text" | "refusal" => value.starts_with('"'),
            "thinking" => value.starts_with(['"', '[']),
            _ => false,
        };
    });
    is_text
}

/// How deep reasoning may lie in parts. The service goes down one level.
const DEPTH: usize = 4;

/// The texts of a list of parts. A part of the type `thinking` holds a text or parts of its own,
/// and all in it is reasoning.
fn read_parts<'a>(json: &'a str, target: Target, depth: usize, texts: &mut Vec<(Target, &'a str)>) {
    for part in elements(json) {
        let mut inner = filled(Some(part));
        let (mut refusal, mut thinking) = (None, None);
        let _ = fields(part, |name, value| match name {
            "text" => inner = filled(Some(value)),
            "refusal" => refusal = filled(Some(value)),
            "thinking" => thinking = Some(value),
            _ => {}
        });
        texts.extend(inner.map(|inner| (target, inner)));
        texts.extend(refusal.map(|inner| (Target::Refusal, inner)));
        match thinking {
            Some(parts) if parts.starts_with('[') => {
                if let Some(depth) = depth.checked_sub(1) {
                    read_parts(parts, Target::Reasoning, depth, texts);
                }
            }
            text => texts.extend(filled(text).map(|inner| (Target::Reasoning, inner))),
        }
    }
}
