//! A request for a reply.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Message;

/// A request for a reply: a model, a conversation, and how to answer it.
///
/// What is not set is left to the service, whose defaults differ by model. Fields this type does
/// not know may be set with [`extra`](Self::extra). Sources: help.aliyun.com, Model Studio,
/// "openai-compatible-conversations".
///
/// ```
/// use qwen_openclaw_transport::ChatRequest;
///
/// let request = ChatRequest::new("qwen3.5-plus")
///     .system("Answer in one sentence.")
///     .user("Why is the sky blue?")
///     .max_tokens(200);
/// assert_eq!(request.messages.len(), 2);
/// ```
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct ChatRequest {
    /// The model's id, without a provider.
    #[serde(default)]
    pub model: String,
    /// The conversation so far.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// The most tokens the reply may have, reasoning included.
    #[serde(
        default,
        rename = "max_completion_tokens",
        alias = "max_tokens",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_tokens: Option<u32>,
    /// How freely tokens are drawn, from 0 to below 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The share of likely tokens that is drawn from, above 0 up to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// The number of likely tokens that is drawn from; 0 or above 100 for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Against words that were said already, from -2 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f64>,
    /// Against repetitions, above 0; 1 does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition_penalty: Option<f64>,
    /// The same seed gives the same reply, as far as the service can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Texts at which the reply ends; they are not part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Value>,
    /// Everything else, as it is sent.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ChatRequest {
    /// Creates a request without messages.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            ..Self::default()
        }
    }

    /// Adds a message.
    pub fn message(mut self, message: impl Into<Message>) -> Self {
        self.messages.push(message.into());
        self
    }

    /// Adds messages.
    pub fn messages(mut self, messages: impl IntoIterator<Item = Message>) -> Self {
        self.messages.extend(messages);
        self
    }

    /// Adds instructions.
    pub fn system(self, text: impl Into<String>) -> Self {
        self.message(Message::system(text))
    }

    /// Adds what the user says.
    pub fn user(self, text: impl Into<String>) -> Self {
        self.message(Message::user(text))
    }

    /// Adds what the model said earlier.
    pub fn assistant(self, text: impl Into<String>) -> Self {
        self.message(Message::assistant(text))
    }

    /// Sets the most tokens the reply may have. The default is the model's own limit.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Sets how freely tokens are drawn, from 0 to below 2. The default is the model's own.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Sets the share of likely tokens that is drawn from. The default is the model's own.
    pub fn top_p(mut self, top_p: f64) -> Self {
        self.top_p = Some(top_p);
        self
    }

    /// Sets the number of likely tokens that is drawn from. The default is the model's own, 20 for
    /// most.
    pub fn top_k(mut self, top_k: u32) -> Self {
        self.top_k = Some(top_k);
        self
    }

    /// Sets the penalty against words that were said already. The default is the model's own.
    pub fn presence_penalty(mut self, penalty: f64) -> Self {
        self.presence_penalty = Some(penalty);
        self
    }

    /// Sets the penalty against repetitions. The default is the model's own.
    pub fn repetition_penalty(mut self, penalty: f64) -> Self {
        self.repetition_penalty = Some(penalty);
        self
    }

    /// Sets the seed. The default is a new one each time.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Adds a text at which the reply ends. The default is none.
    pub fn stop(mut self, text: impl Into<String>) -> Self {
        let text = Value::String(text.into());
        self.stop = Some(match self.stop {
            Some(Value::Array(mut texts)) => {
                texts.push(text);
                Value::Array(texts)
            }
            Some(one) => Value::Array(vec![one, text]),
            None => Value::Array(vec![text]),
        });
        self
    }

    /// Sets any field of the request body, for what this type does not know.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }
}
