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

/// A request that has the right shape. Parameters that are not known are ignored, as the service does.
#[derive(Clone, Debug)]
pub(super) struct ResponsesRequest(Value);

const REQUEST: Shape = Object(&[
    required("model", Text),
    required("input", Shape::Either(&Text, &List(&Object(&[])))),
    optional("instructions", Text),
    optional("stream", Flag),
    optional("store", Flag),
    optional("background", Flag),
    optional("previous_response_id", Text),
    optional(
        "conversation",
        Shape::Either(&Text, &Object(&[required("id", Text)])),
    ),
    optional("max_output_tokens", Integer),
    optional("temperature", Number),
    optional("top_p", Number),
    optional("tools", List(&Object(&[required("type", Text)]))),
    optional("tool_choice", Shape::Either(&Text, &CHOICE)),
    optional("parallel_tool_calls", Flag),
    optional("reasoning", REASONING),
    optional("enable_thinking", Flag),
    optional("text", Object(&[optional("format", FORMAT)])),
]);

const CHOICE: Shape = Object(&[required("type", Text), optional("name", Text)]);

const REASONING: Shape = Object(&[optional("effort", Text), optional("summary", Text)]);

const FORMAT: Shape = Object(&[required("type", Text), optional("schema", Object(&[]))]);

const FUNCTION: Shape = Object(&[
    required("name", Text),
    optional("description", Text),
    optional("parameters", Object(&[])),
]);

impl ResponsesRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::unreadable_body())?;
        if !body.is_object() {
            return Err(Refusal::unreadable_body());
        }
        REQUEST.check(&body, "").map_err(Refusal::algo)?;
        let request = Self(body);
        for (position, tool) in request.list("tools").iter().enumerate() {
            if text(tool, "type") == "function" {
                let path = format!("tools.{position}");
                FUNCTION.check(tool, &path).map_err(Refusal::algo)?;
            }
        }
        for (position, item) in request.list("input").iter().enumerate() {
            history::check(item, &format!("input.{position}"))?;
        }
        // The text is inferred.
        if request.0["background"] == true {
            return Err(Refusal::parameter("'background' is not supported"));
        }
        Ok(request)
    }

    /// The id of the conversation that this request is part of. The text is inferred.
    pub(super) fn conversation(&self) -> Result<Option<&str>, Refusal> {
        let given = &self.0["conversation"];
        let id = given.as_str().or_else(|| given["id"].as_str());
        if id.is_some() && self.previous().is_some() {
            return Err(Refusal::parameter(
                "'conversation' and 'previous_response_id' cannot be set simultaneously",
            ));
        }
        Ok(id)
    }

    pub(super) fn model(&self) -> &str {
        text(&self.0, "model")
    }

    pub(super) fn streams(&self) -> bool {
        self.0["stream"] == true
    }

    /// Whether the response can be asked for, and followed, later.
    pub(super) fn is_stored(&self) -> bool {
        self.0["store"] != false
    }

    /// The id of the response that this request follows.
    pub(super) fn previous(&self) -> Option<&str> {
        let id = self.0["previous_response_id"].as_str();
        id.filter(|id| !id.is_empty())
    }

    /// A parameter as the caller wrote it, `null` if it did not.
    pub(super) fn parameter(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// The functions that can be called. Other tools are ones of the service, which the emulator does
    /// not run: it takes them and never calls them.
    pub(super) fn functions(&self) -> impl Iterator<Item = &Value> {
        let tools = self.list("tools").iter();
        tools.filter(|tool| text(tool, "type") == "function")
    }

    /// The input as items, those that are only named looked up.
    pub(super) fn items(
        &self,
        look_up: impl Fn(&str) -> Option<Value>,
    ) -> Result<Vec<Value>, Refusal> {
        if let Some(prompt) = self.0["input"].as_str() {
            return Ok(vec![json!({"role": "user", "content": prompt})]);
        }
        let items = self.list("input").iter();
        items
            .map(|item| {
                if text(item, "type") != "item_reference" {
                    return Ok(item.clone());
                }
                let id = text(item, "id");
                // The text is inferred.
                look_up(id)
                    .ok_or_else(|| Refusal::parameter(format!("Item with id '{id}' not found.")))
            })
            .collect()
    }

    /// The chat request that asks the same, given the items of the conversation.
    pub(super) fn to_chat<'a>(
        &self,
        items: impl Iterator<Item = &'a Value>,
        model: &Model,
    ) -> Value {
        let mut chat = Map::new();
        let instructions = self.0["instructions"].as_str();
        let instructions = instructions.filter(|text| !text.is_empty());
        let system = instructions.map(|text| json!({"role": "system", "content": text}));
        let messages: Vec<Value> = system.into_iter().chain(history::messages(items)).collect();
        chat.insert("messages".to_owned(), messages.into());
        for (name, of_chat) in [
            ("model", "model"),
            ("stream", "stream"),
            ("temperature", "temperature"),
            ("top_p", "top_p"),
            ("max_output_tokens", "max_completion_tokens"),
            ("parallel_tool_calls", "parallel_tool_calls"),
        ] {
            chat.insert(of_chat.to_owned(), self.0[name].clone());
        }
        let tools: Vec<Value> = self.functions().map(function).collect();
        chat.insert("tools".to_owned(), tools.into());
        chat.insert("tool_choice".to_owned(), self.tool_choice());
        chat.insert("response_format".to_owned(), self.format());
        self.reasoning(&mut chat, model);
        chat.into()
    }

    /// The effort counts more than `enable_thinking`. That a model which never thinks ignores it is
    /// inferred.
    fn reasoning(&self, chat: &mut Map<String, Value>, model: &Model) {
        let reasoning = &self.0["reasoning"];
        let effort = reasoning["effort"].as_str();
        let thinks = match effort {
            Some("none") => false.into(),
            Some(_) if model.thinking == Thinking::Never => Value::Null,
            Some(_) => true.into(),
            None => self.0["enable_thinking"].clone(),
        };
        chat.insert("enable_thinking".to_owned(), thinks);
        let effort = effort.unwrap_or("medium");
        chat.insert("reasoning_effort".to_owned(), effort.into());
        if reasoning["summary"].is_string() && model.is_qwen4() {
            chat.insert("thinking_display".to_owned(), "summarized".into());
            chat.insert("preserve_thinking".to_owned(), true.into());
        }
    }

    /// The choice of a tool that the emulator does not run is none.
    fn tool_choice(&self) -> Value {
        let choice = &self.0["tool_choice"];
        match text(choice, "type") {
            "function" => {
                json!({"type": "function", "function": {"name": text(choice, "name")}})
            }
            _ if choice.is_string() => choice.clone(),
            _ => Value::Null,
        }
    }

    fn format(&self) -> Value {
        let format = &self.0["text"]["format"];
        if text(format, "type") == "json_schema" {
            json!({"type": "json_schema", "json_schema": {"schema": format["schema"]}})
        } else {
            format.clone()
        }
    }

    fn list(&self, name: &str) -> &[Value] {
        self.0[name].as_array().map_or(&[], Vec::as_slice)
    }
}

fn function(tool: &Value) -> Value {
    json!({"type": "function", "function": {
        "name": tool["name"], "description": tool["description"], "parameters": tool["parameters"]}})
}
