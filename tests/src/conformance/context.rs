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
        let traits = ModelCapabilities::new()
            .reasoning(self.reasoning())
            .thinking(style)
            .input(input)
            .developer_role(self.flag("supportsDeveloperRole"))
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
        let count = |value: &Value| {
            let count = value.as_u64().filter(|count| *count > 0)?;
            u32::try_from(count).ok()
        };
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
        let parts = parts.iter().map(|part| match part["type"].as_str() {
            Some("image") => image(part),
            // No row of the recorded program lists clips.
            Some("video") => Part::text("(video omitted: provider does not support video input)"),
            _ => Part::text(text(&part["text"])),
        });
        Some(Message::parts(Role::User, parts))
    }

    fn assistant(self, turn: &Value) -> Option<Message> {
        let blocks = |kind: &str, field: &str| -> Vec<&str> {
            let blocks = turn["content"].as_array().into_iter().flatten();
            let blocks = blocks.filter(|block| block["type"] == kind);
            let texts = blocks.map(|block| block[field].as_str().unwrap_or_default());
            texts.filter(|text| !text.trim().is_empty()).collect()
        };
        let mut texts = blocks("text", "text");
        if matches!(turn["stopReason"].as_str(), Some("error" | "aborted")) {
            return (!texts.is_empty()).then(|| Message::assistant(FAILED));
        }
        let thoughts = blocks("thinking", "thinking");
        let own = turn["provider"] == self.provider_id() && turn["model"] == self.model_id();
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
        if own && self.flag("requiresThinkingAsText") {
            let parts = blocks_in_order(turn).into_iter().map(Part::text);
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
            let parts = || result["content"].as_array().into_iter().flatten();
            let texts: Vec<_> = parts().filter_map(|part| part["text"].as_str()).collect();
            let mut output = texts.join("\n");
            let pictures: Vec<_> = parts().filter(|part| part["type"] == "image").collect();
            if output.trim().is_empty() {
                output = match (pictures.is_empty(), self.takes_images()) {
                    (true, _) => "(no output)",
                    (false, true) => "(see attached image)",
                    (false, false) => "(tool image omitted: model does not support images)",
                }
                .to_owned();
            }
            let mut message = Message::tool(text(&result["toolCallId"]), output);
            if self.flag("requiresToolResultName") {
                message
                    .extra
                    .insert("name".to_owned(), result["toolName"].clone());
            }
            if self.flag("strictMessageKeys") {
                message.tool_call_id = None;
            }
            messages.push(message);
            if self.takes_images() && !pictures.is_empty() {
                let name = text(&result["toolName"]);
                images.push(Part::text(format!(
                    "Image(s) from tool result #{} ({name}):",
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
