//! Turns a conversation in the recorded program's own form into our request.
//!
//! What happens here is the program's own business with its history (which turns it repeats, what
//! it says of a failed one, how it shows the images of a tool's result), and what it reads from its
//! model rows. What is sent is written by our request type and the rules of our client.

use qwen_openclaw_catalog::{Level, Modality, Provider};
use qwen_openclaw_transport::{
    ChatRequest, Media, Message, ModelCapabilities, Part, Role, ThinkingStyle, Tool, ToolCall,
    ToolChoice,
};
use serde_json::{Value, json};

use super::Case;

const STANDARD: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

/// The way of asking that is recorded.
const API: &str = "openai-completions";

/// What the recorded program shows of a turn that failed.
const FAILED: &str = "[This turn failed before it completed. Do not redo its work without confirming with the user first.]";

/// A recorded request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    case: &'a Case,
    model: &'a Value,
    options: &'a Value,
}

impl<'a> Context<'a> {
    pub(super) fn of(case: &'a Case) -> Self {
        let (model, options) = (&case.input["model"], &case.input["options"]);
        Self {
            case,
            model,
            options,
        }
    }

    pub(super) fn base_url(self) -> &'a str {
        self.model["baseUrl"].as_str().unwrap_or(STANDARD)
    }

    fn provider_id(self) -> &'a str {
        self.model["provider"].as_str().unwrap_or("qwen")
    }

    fn model_id(self) -> &'a str {
        self.model["id"].as_str().unwrap_or("qwen3.6-plus")
    }

    pub(super) fn provider(self) -> Option<Provider> {
        Provider::by_name(self.provider_id())
    }

    pub(super) fn compat(self, flag: &str) -> &'a Value {
        &self.model["compat"][flag]
    }

    fn flag(self, flag: &str) -> bool {
        self.compat(flag) == true
    }

    fn is_managed(self) -> bool {
        self.case.text("transport") == "managed"
    }

    fn reasoning(self) -> bool {
        self.model["reasoning"].as_bool().unwrap_or(true)
    }

    fn takes_images(self) -> bool {
        let input = self.model["input"].as_array();
        input.is_none_or(|input| input.contains(&json!("image")))
    }

    /// The headers of the model, then those of the call.
    pub(super) fn headers(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = [&self.model["headers"], &self.options["headers"]];
        let all = all.into_iter().filter_map(Value::as_object).flatten();
        all.filter_map(|(name, value)| Some((&**name, value.as_str()?)))
    }

    /// What the program knows of the model from its row.
    pub(super) fn traits(self) -> ModelCapabilities {
        let wrapped = self.case.input["wrapped"] == true;
        let known = self.provider().is_some();
        let style = match self.compat("thinkingFormat").as_str() {
            Some("qwen-chat-template") => ThinkingStyle::ChatTemplate,
            _ if !wrapped || !known => ThinkingStyle::Untouched,
            Some(_) => ThinkingStyle::Switch,
            None => ThinkingStyle::Contract,
        };
        let mut input = vec![Modality::Text];
        if self.takes_images() {
            input.push(Modality::Image);
        }
        let most = self.model["maxTokens"].as_u64().unwrap_or(65_536);
        let window = ["contextTokens", "contextWindow"];
        let window = window.iter().find_map(|name| count(&self.model[*name]));
        let traits = ModelCapabilities::new()
            .reasoning(self.reasoning())
            .thinking(style)
            .input(input)
            .context_window(window.unwrap_or(1_000_000))
            .max_output(u32::try_from(most).unwrap_or(u32::MAX));
        match self.compat("maxTokensField") == "max_tokens" {
            true => traits.legacy_max_tokens(),
            false => traits,
        }
    }

    /// The request, as the program would make it with our types.
    pub(super) fn request(self) -> ChatRequest {
        let context = &self.case.input["context"];
        let mut request = ChatRequest::new(self.model_id()).messages(self.messages());
        if let Some(level) = self.level() {
            request = request.think(level);
        }
        if !self.flag("requiresStringContent") {
            request = request.cache_system().cache_conversation();
        }
        if self.compat("supportsTools") != false {
            // The program sorts its tools, so that the cache finds them in the same order.
            let mut tools: Vec<Tool> = context["tools"]
                .as_array()
                .into_iter()
                .flatten()
                .map(tool)
                .collect();
            tools.sort_by(|a, b| a.name().cmp(&b.name()));
            if self.is_managed() && !tools.is_empty() {
                request = request.tool_choice(ToolChoice::Auto);
            }
            request = request.tools(tools);
        }
        self.with_options(request)
    }

    fn with_options(self, mut request: ChatRequest) -> ChatRequest {
        let number = |name: &str| self.options[name].as_f64();
        // Agent turns always say how long an answer may be.
        let limit =
            count(&self.options["maxTokens"]).or(count(&self.model["params"]["max_tokens"]));
        let row = count(&self.model["maxTokens"]).unwrap_or(65_536);
        if let Some(limit) = limit.or(self.is_managed().then_some(row)) {
            request = request.max_tokens(limit);
        }
        request.temperature = number("temperature");
        request.top_p = number("topP");
        request.frequency_penalty = number("frequencyPenalty");
        request.presence_penalty = number("presencePenalty");
        request.seed = self.options["seed"].as_u64();
        for stop in self.options["stop"].as_array().into_iter().flatten() {
            request = request.stop(stop.as_str().unwrap_or_default());
        }
        if let Some(choice) = self.options.get("toolChoice") {
            request = request.tool_choice(ToolChoice::from(choice.clone()));
        }
        if let Some(schema) = self.options.get("responseFormat") {
            request = request.json_schema("response", schema.clone());
        }
        if self.flag("supportsStore") {
            request = request.extra("store", false);
        }
        request
    }

    /// The level of the call, otherwise that of the session.
    fn level(self) -> Option<Level> {
        let mut given = ["reasoningEffort", "reasoning"].iter();
        let given = given.find_map(|name| self.options[*name].as_str());
        let given = given.or(self.case.input["thinking_level"].as_str());
        given.and_then(|level| level.parse().ok())
    }

    fn messages(self) -> Vec<Message> {
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

fn tool(tool: &Value) -> Tool {
    Tool::new(
        text(&tool["name"]),
        text(&tool["description"]),
        tool["parameters"].clone(),
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A number of tokens; none is as good as 0.
fn count(value: &Value) -> Option<u32> {
    let count = value.as_u64().filter(|count| *count > 0)?;
    u32::try_from(count).ok()
}
