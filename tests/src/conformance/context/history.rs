//! The turns of a recorded conversation as our messages: which of them the program repeats, what it
//! says of a failed one, how it shows the images of a tool's result.

use qwen_openclaw_transport::{Media, Message, Part, Role, ToolCall};
use serde_json::{Value, json};

use super::{API, Context, text};

/// What the recorded program shows of a turn that failed.
const FAILED: &str = "[This turn failed before it completed. Do not redo its work without confirming with the user first.]";

impl Context<'_> {
    pub(super) fn messages(self) -> Vec<Message> {
        let context = &self.case.input["context"];
        let mut messages = Vec::new();
        let system = context["systemPrompt"].as_str().unwrap_or_default();
        if !system.is_empty() {
            messages.push(match self.flag("supportsDeveloperRole") {
                true => Message::new(Role::Other("developer".into()), system),
                false => Message::system(system),
            });
        }
        let turns = context["messages"].as_array().map(Vec::as_slice);
        let mut turns = turns.unwrap_or_default().iter().peekable();
        let mut unanswered = Vec::new();
        while let Some(turn) = turns.next() {
            if turn["role"] != "toolResult" {
                messages.extend(without_result(&mut unanswered));
            }
            match turn["role"].as_str() {
                Some("user") => messages.extend(self.user(turn)),
                Some("assistant") => {
                    let message = self.assistant(turn);
                    let calls = message.iter().flat_map(|message| &message.tool_calls);
                    unanswered = calls.map(|call| call.id().to_owned()).collect();
                    messages.extend(message);
                }
                Some("toolResult") => {
                    let mut results = vec![turn];
                    while let Some(next) = turns.next_if(|next| next["role"] == "toolResult") {
                        results.push(next);
                    }
                    unanswered
                        .retain(|id| results.iter().all(|result| result["toolCallId"] != **id));
                    messages.extend(self.results(&results));
                }
                _ => {}
            }
        }
        messages
    }

    fn user(self, turn: &Value) -> Option<Message> {
        let Some(parts) = turn["content"].as_array() else {
            return Some(Message::user(text(&turn["content"])));
        };
        if parts.is_empty() {
            return None;
        }
        // One note for each run of media of a kind that the model does not take.
        let mut sent: Vec<Part> = Vec::new();
        for part in parts {
            let note = match part["type"].as_str() {
                Some("image") if self.takes_images() => {
                    sent.push(image(part));
                    continue;
                }
                Some("image") => "(image omitted: model does not support images)",
                // No row of the recorded program lists clips.
                Some("video") => "(video omitted: provider does not support video input)",
                _ => {
                    sent.push(Part::text(text(&part["text"])));
                    continue;
                }
            };
            let note = Part::text(note);
            if !text(&part["data"]).trim().is_empty() && sent.last() != Some(&note) {
                sent.push(note);
            }
        }
        Some(Message::parts(Role::User, sent)).filter(|message| message.content != Some(json!([])))
    }

    fn assistant(self, turn: &Value) -> Option<Message> {
        if let Some(said) = turn["content"].as_str() {
            // Of a failed turn whose content is a plain text, nothing is shown.
            let said = Some(said).filter(|said| !said.trim().is_empty() && !failed(turn));
            return said.map(Message::assistant);
        }
        let blocks = |kind: &str, field: &str| -> Vec<&str> {
            let blocks = turn["content"].as_array().into_iter().flatten();
            let blocks = blocks.filter(|block| block["type"] == kind);
            let texts = blocks.map(|block| block[field].as_str().unwrap_or_default());
            texts.filter(|text| !text.trim().is_empty()).collect()
        };
        let mut texts = blocks("text", "text");
        if failed(turn) {
            return (!texts.is_empty()).then(|| Message::assistant(FAILED));
        }
        let thoughts = blocks("thinking", "thinking");
        let api = |value: &Value| value.as_str().unwrap_or(API).to_owned();
        let own = turn["provider"] == self.provider_id()
            && turn["model"] == self.model_id()
            && api(&turn["api"]) == api(&self.model["api"]);
        let calls = blocks_of(turn, "toolCall");
        let calls: Vec<ToolCall> = calls.map(call).collect();
        if !own {
            // Another model's reasoning becomes text.
            texts = blocks_in_order(turn);
        }
        let mut message = Message::assistant(texts.join("\n"));
        if texts.is_empty() {
            message.content = None;
        }
        message.tool_calls = calls;
        let signature = blocks_of(turn, "thinking")
            .next()
            .map(|block| text(&block["thinkingSignature"]));
        let keys = !self.flag("strictMessageKeys");
        if own && self.flag("requiresThinkingAsText") && !thoughts.is_empty() {
            let thoughts = Part::text(thoughts.join("\n\n"));
            let parts = std::iter::once(thoughts).chain(texts.into_iter().map(Part::text));
            message.content = Message::parts(Role::Assistant, parts).content;
        } else if own && keys && !thoughts.is_empty() {
            match signature {
                Some("reasoning_content") => message.reasoning_content = Some(thoughts.join("\n")),
                Some("reasoning") if !self.is_managed() => {
                    message
                        .extra
                        .insert("reasoning".to_owned(), thoughts.join("\n").into());
                }
                _ => {}
            }
        }
        if !keys {
            message.tool_calls.clear();
        }
        let says = message.content.is_some() || !message.tool_calls.is_empty();
        says.then_some(message)
    }

    /// The results of one round, and their images in a message of the user's.
    fn results(self, results: &[&Value]) -> Vec<Message> {
        let mut messages = Vec::new();
        let mut images = Vec::new();
        for (index, result) in results.iter().enumerate() {
            let pictures: Vec<_> = blocks_of(result, "image")
                .filter(|part| !text(&part["data"]).trim().is_empty())
                .collect();
            let mut message = self.result(result, &pictures);
            if self.flag("requiresToolResultName") {
                message
                    .extra
                    .insert("name".to_owned(), result["toolName"].clone());
            }
            if !self.flag("strictMessageKeys") {
                message.tool_call_id = Some(text(&result["toolCallId"]).to_owned());
            }
            messages.push(message);
            if self.takes_images() && !pictures.is_empty() {
                let of = match text(&result["toolName"]) {
                    "" => String::new(),
                    name => format!(" ({name})"),
                };
                images.push(Part::text(format!(
                    "Image(s) from tool result #{}{of}:",
                    index + 1
                )));
                images.extend(pictures.into_iter().map(image));
            }
        }
        if !images.is_empty() {
            messages.push(Message::parts(Role::User, images));
        }
        messages
    }

    fn result(self, result: &Value, pictures: &[&Value]) -> Message {
        if !self.takes_images() && !pictures.is_empty() {
            // Our client puts notes in the place of images that the model does not take.
            let parts = result["content"].as_array().into_iter().flatten();
            let parts = parts.filter_map(|part| match part["type"].as_str() {
                Some("image") => pictures.contains(&part).then(|| image(part)),
                _ => part["text"]
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .map(Part::text),
            });
            return Message::parts(Role::Tool, parts);
        }
        let output = match result["content"].as_str() {
            Some(output) => output.to_owned(),
            None => {
                let parts = result["content"].as_array().into_iter().flatten();
                let texts: Vec<_> = parts.filter_map(|part| part["text"].as_str()).collect();
                texts.join("\n")
            }
        };
        let nothing = match pictures {
            [] => "(no output)",
            _ => "(see attached image)",
        };
        let output = Some(output).filter(|output| !output.trim().is_empty());
        Message::new(Role::Tool, output.unwrap_or_else(|| nothing.to_owned()))
    }
}

/// Whether a turn did not come to its end.
fn failed(turn: &Value) -> bool {
    matches!(turn["stopReason"].as_str(), Some("error" | "aborted"))
}

/// The results of calls that got none.
fn without_result(unanswered: &mut Vec<String>) -> impl Iterator<Item = Message> {
    let ids = std::mem::take(unanswered);
    ids.into_iter()
        .map(|id| Message::tool(id, "No result provided"))
}

fn blocks_of<'a>(turn: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let blocks = turn["content"].as_array().into_iter().flatten();
    blocks.filter(move |block| block["type"] == kind)
}

/// Reasoning and text as they came.
fn blocks_in_order(turn: &Value) -> Vec<&str> {
    let blocks = turn["content"].as_array().into_iter().flatten();
    let texts = blocks.filter_map(|block| block["text"].as_str().or(block["thinking"].as_str()));
    texts.filter(|text| !text.trim().is_empty()).collect()
}

fn call(block: &Value) -> ToolCall {
    ToolCall::new(
        text(&block["id"]),
        text(&block["name"]),
        block["arguments"].to_string(),
    )
}

fn image(part: &Value) -> Part {
    let (mime, data) = (text(&part["mimeType"]), text(&part["data"]));
    Part::image(Media::url(format!("data:{mime};base64,{data}")))
}
