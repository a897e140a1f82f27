//! What a chat request says.

use serde::Deserialize;
use serde_json::{Number, Value};

use super::{context, media, shape};
use crate::{models::Model, refusal::Refusal};

/// A chat request. Fields that the emulator has no use for are ignored.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ChatRequest {
    pub(crate) model: String,
    pub(crate) messages: Vec<Message>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) stream: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) stream_options: StreamOptions,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) seed: Option<Number>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) logprobs: bool,
    pub(crate) top_logprobs: Option<i64>,
    pub(crate) n: Option<i64>,
    pub(crate) max_tokens: Option<i64>,
    pub(crate) max_completion_tokens: Option<i64>,
    pub(crate) stop: Option<Stop>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: Option<ToolChoice>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) parallel_tool_calls: bool,
    pub(crate) response_format: Option<ResponseFormat>,
    pub(crate) enable_thinking: Option<bool>,
    pub(crate) thinking_budget: Option<i64>,
    pub(crate) thinking: Option<ThinkingSwitch>,
    pub(crate) reasoning_effort: Option<String>,
    pub(crate) thinking_display: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) preserve_thinking: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) modalities: Vec<String>,
    pub(crate) audio: Option<Voice>,
}

/// How an answer is spoken. Its format is always PCM.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Voice {
    pub(crate) voice: Option<String>,
}

impl ChatRequest {
    /// Whether the answer is to be spoken too.
    pub(crate) fn wants_audio(&self) -> bool {
        let mut modalities = self.modalities.iter();
        modalities.any(|modality| modality == "audio")
    }
}

/// Reads `null` as absent.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct StreamOptions {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) include_usage: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) role: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) content: Content,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) reasoning_content: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) encrypted_content: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) tool_calls: Vec<Value>,
    pub(crate) tool_call_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) partial: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Parts(Vec<Part>),
    /// Left out, or `null`.
    #[default]
    #[serde(skip)]
    Absent,
}

/// A part of a message. What it is shows in the field that is set.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Part {
    pub(crate) text: Option<String>,
    pub(crate) image_url: Option<Address>,
    pub(crate) video_url: Option<Address>,
    pub(crate) video: Option<Frames>,
    pub(crate) input_audio: Option<Audio>,
    pub(crate) cache_control: Option<Value>,
    pub(crate) prompt_cache_breakpoint: Option<Value>,
}

/// A URL, bare or in an object.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Address {
    Object { url: String },
    Bare(String),
}

impl Address {
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Object { url } | Self::Bare(url) => url,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Frames {
    List(Vec<String>),
    One(String),
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Audio {
    pub(crate) data: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Stop {
    One(String),
    Many(Vec<Value>),
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Tool {
    pub(crate) function: Function,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) parameters: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ToolChoice {
    Word(String),
    Forced { function: NamedFunction },
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NamedFunction {
    pub(crate) name: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ResponseFormat {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) json_schema: Option<NamedSchema>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NamedSchema {
    #[serde(default)]
    pub(crate) schema: Value,
}

/// The field `thinking` of some third-party models.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ThinkingSwitch {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
}

impl ChatRequest {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::unreadable_body())?;
        if !body.is_object() {
            return Err(Refusal::unreadable_body());
        }
        Self::from_json(body)
    }

    pub(crate) fn from_json(request: Value) -> Result<Self, Refusal> {
        shape::check(&request).map_err(Refusal::algo)?;
        // What has the right shape can be read.
        Self::deserialize(request).map_err(|_| Refusal::unreadable_body())
    }

    /// The texts of all messages of a role.
    pub(crate) fn texts<'a>(&'a self, role: &'a str) -> impl Iterator<Item = String> + 'a {
        self.messages
            .iter()
            .filter(move |message| message.role == role)
            .map(Message::text)
    }

    /// What the user said last, without what an agent added to it.
    pub(crate) fn prompt(&self) -> String {
        let said = self.messages.iter().rev();
        let said = said.filter(|message| message.role == "user");
        let mut own = said.clone().map(Message::text).filter_map(context::without);
        let last = || said.clone().next().map(Message::text);
        own.next().or_else(last).unwrap_or_default()
    }

    /// Drops the reasoning of earlier turns, which the model gets to see only if asked to.
    pub(crate) fn forget_reasoning(&mut self) {
        for message in &mut self.messages {
            message.reasoning_content.clear();
        }
    }

    /// The strings at which the answer is cut.
    pub(crate) fn stops(&self) -> Vec<&str> {
        match &self.stop {
            None => Vec::new(),
            Some(Stop::One(one)) => vec![one],
            Some(Stop::Many(many)) => many.iter().filter_map(Value::as_str).collect(),
        }
    }

    /// The URLs of all images, videos, and audio.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let media = self.parts().flat_map(media::of);
        media.map(|medium| medium.address.to_owned()).collect()
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.messages.iter().flat_map(Message::parts)
    }
}

impl Part {
    /// Whether the caller wants everything up to here cached.
    pub(crate) fn is_cache_marker(&self, model: &Model) -> bool {
        let explicit = |breakpoint: &Value| breakpoint["mode"] == "explicit";
        self.cache_control.is_some()
            || model.is_qwen4() && self.prompt_cache_breakpoint.as_ref().is_some_and(explicit)
    }
}

impl Message {
    /// The text parts as one text.
    pub(crate) fn text(&self) -> String {
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Absent => String::new(),
            Content::Parts(parts) => {
                let texts: Vec<&str> = parts
                    .iter()
                    .filter_map(|part| part.text.as_deref())
                    .collect();
                texts.join("\n")
            }
        }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        match &self.content {
            Content::Text(_) | Content::Absent => &[],
            Content::Parts(parts) => parts,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(body: Value) -> Result<ChatRequest, Refusal> {
        ChatRequest::parse(body.to_string().as_bytes())
    }

    #[test]
    fn null_is_absent_and_unknown_fields_are_ignored() {
        let request = parse(json!({
            "model": "m", "messages": [{"role": "assistant", "content": null, "tool_calls": null}],
            "stream": null, "stream_options": null, "tools": null, "top_k": 3, "x": {"y": []},
        }))
        .unwrap();
        assert!(!request.stream && request.tools.is_empty());
        assert_eq!(request.messages[0].text(), "");
    }

    #[test]
    fn text_parts_are_one_text() {
        let request = parse(json!({"model": "m", "messages": [
            {"role": "user", "content": "first"},
            {"role": "user", "content": [
                {"type": "text", "text": "what"},
                {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
                {"type": "text", "text": "is it"}]},
        ]}))
        .unwrap();
        assert_eq!(request.prompt(), "what\nis it");
        assert_eq!(request.texts("user").count(), 2);
    }

    #[test]
    fn a_body_that_is_no_request_is_refused() {
        for body in ["", "{", "[]", "7", "\u{feff}{}"] {
            let refusal = ChatRequest::parse(body.as_bytes()).unwrap_err();
            assert_eq!(refusal, Refusal::unreadable_body(), "{body}");
        }
        for body in [
            json!({}),
            json!({"model": "m"}),
            json!({"model": 7, "messages": []}),
        ] {
            let refusal = parse(body).unwrap_err();
            assert_eq!(refusal.code, "invalid_parameter_error");
        }
    }
}
