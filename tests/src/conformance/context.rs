//! Turns a conversation in the recorded program's own form into our request.
//!
//! What happens here is the program's own business with its history (`history`), and what it reads
//! from its model rows. What is sent is written by our request type and the rules of our client.

mod history;

use qwen_openclaw_catalog::{Level, Modality, Provider};
use qwen_openclaw_transport::{ChatRequest, ModelCapabilities, ThinkingStyle, Tool, ToolChoice};
use serde_json::{Value, json};

use super::Case;

const STANDARD: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

/// The way of asking that is recorded.
const API: &str = "openai-completions";

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
            .developer_role(self.flag("supportsDeveloperRole"))
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
        let limit = count(&self.options["maxTokens"]).or_else(|| {
            let agent = self.is_managed();
            let row = || count(&self.model["maxTokens"]).unwrap_or(65_536);
            agent.then(|| count(&self.model["params"]["max_tokens"]).unwrap_or_else(row))
        });
        if let Some(limit) = limit {
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
}

fn tool(tool: &Value) -> Tool {
    Tool::new(
        text(&tool["name"]),
        text(&tool["description"]),
        tool["parameters"].clone(),
    )
}

/// A number of tokens; none is as good as 0.
fn count(value: &Value) -> Option<u32> {
    let count = value.as_u64().filter(|count| *count > 0)?;
    u32::try_from(count).ok()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
