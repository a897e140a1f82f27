//! What a request says, and the chat request that asks the same.

use serde_json::{Map, Value, json};

use super::{history, text};
use crate::{
    chat::shape::{
        Shape::{self, Flag, Integer, List, Number, Object, Text},
        optional, required,
    },
    models::{Model, Thinking},
    refusal::Refusal,
};

/// A request that has the right shape. Parameters that are not supported are ignored, as the service
/// does.
#[derive(Clone, Debug)]
pub(super) struct MessagesRequest(Value);

const REQUEST: Shape = Object(&[
    required("model", Text),
    required("max_tokens", Integer),
    required("messages", List(&MESSAGE)),
    optional("system", Shape::Either(&Text, &BLOCKS)),
    optional("stream", Flag),
    optional("stop_sequences", List(&Text)),
    optional("temperature", Number),
    optional("top_p", Number),
    optional("tools", List(&TOOL)),
    optional("tool_choice", CHOICE),
    optional("thinking", THINKING),
]);

const MESSAGE: Shape = Object(&[
    required("role", Text),
    required("content", Shape::Either(&Text, &BLOCKS)),
]);

const BLOCKS: Shape = List(&Object(&[required("type", Text), optional("text", Text)]));

const TOOL: Shape = Object(&[
    required("name", Text),
    optional("type", Text),
    optional("description", Text),
    optional("input_schema", Object(&[])),
]);

const CHOICE: Shape = Object(&[
    required("type", Text),
    optional("name", Text),
    optional("disable_parallel_tool_use", Flag),
]);

const THINKING: Shape = Object(&[
    required("type", Text),
    optional("budget_tokens", Integer),
    optional("display", Text),
]);

impl MessagesRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::unreadable_body())?;
        if !body.is_object() {
            return Err(Refusal::unreadable_body());
        }
        REQUEST.check(&body, "").map_err(Refusal::algo)?;
        let request = Self(body);
        for (position, message) in request.list("messages").iter().enumerate() {
            history::check(message, &format!("messages.{position}"))?;
        }
        Ok(request)
    }

    pub(super) fn model(&self) -> &str {
        text(&self.0, "model")
    }

    pub(super) fn streams(&self) -> bool {
        self.0["stream"] == true
    }

    /// The chat request that asks the same.
    pub(super) fn to_chat(&self, model: &Model) -> Value {
        let mut chat = Map::new();
        let system = history::system(&self.0["system"]).into_iter();
        let messages = history::messages(self.list("messages"));
        let messages: Vec<Value> = system.chain(messages).collect();
        chat.insert("messages".to_owned(), messages.into());
        for (name, of_chat) in [
            ("model", "model"),
            ("stream", "stream"),
            ("temperature", "temperature"),
            ("top_p", "top_p"),
            ("stop_sequences", "stop"),
            // Which counts the thoughts, too.
            ("max_tokens", "max_completion_tokens"),
        ] {
            chat.insert(of_chat.to_owned(), self.0[name].clone());
        }
        let tools: Vec<Value> = self.functions().map(function).collect();
        chat.insert("tools".to_owned(), tools.into());
        let choice = &self.0["tool_choice"];
        chat.insert("tool_choice".to_owned(), tool_choice(choice));
        let parallel = choice["disable_parallel_tool_use"] != true;
        chat.insert("parallel_tool_calls".to_owned(), parallel.into());
        self.thinking(&mut chat, model);
        chat.into()
    }

    /// The tools that the caller runs. The others are ones of Anthropic's servers, and ignored.
    fn functions(&self) -> impl Iterator<Item = &Value> {
        let tools = self.list("tools").iter();
        tools.filter(|tool| matches!(text(tool, "type"), "" | "custom"))
    }

    /// Inferred: that a request which says nothing of thinking gets none, unless the model always
    /// thinks, and that one which asks a model that cannot think is ignored.
    fn thinking(&self, chat: &mut Map<String, Value>, model: &Model) {
        let thinking = &self.0["thinking"];
        let asked = match text(thinking, "type") {
            "" => (model.thinking != Thinking::Always).then_some(false),
            "disabled" => Some(false),
            _ => (model.thinking != Thinking::Never).then_some(true),
        };
        chat.insert("enable_thinking".to_owned(), asked.into());
        if asked != Some(true) {
            return;
        }
        match &thinking["budget_tokens"] {
            // The model decides, and no budget has to fit below the limit.
            Value::Null => chat.insert("reasoning_effort".to_owned(), "medium".into()),
            budget => chat.insert("thinking_budget".to_owned(), budget.clone()),
        };
        if text(thinking, "display") == "summarized" && model.is_qwen4() {
            chat.insert("thinking_display".to_owned(), "summarized".into());
            chat.insert("preserve_thinking".to_owned(), true.into());
        }
    }

    fn list(&self, name: &str) -> &[Value] {
        self.0[name].as_array().map_or(&[], Vec::as_slice)
    }
}

fn function(tool: &Value) -> Value {
    json!({"type": "function", "function": {
        "name": tool["name"], "description": tool["description"],
        "parameters": tool["input_schema"]}})
}

fn tool_choice(choice: &Value) -> Value {
    match text(choice, "type") {
        "tool" => json!({"type": "function", "function": {"name": text(choice, "name")}}),
        "any" => "required".into(),
        "" => Value::Null,
        other => other.into(),
    }
}
