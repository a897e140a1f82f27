//! A request for a reply.

mod body;
mod cache;
pub(crate) mod media;
mod message;
mod open_calls;
mod part;
pub(crate) mod response_format;
#[cfg(feature = "schemars")]
mod schema;
mod thinking;
mod tool;

use qwen_openclaw_catalog::Level;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub(crate) use self::cache::{CacheMarks, MARKERS};
pub use self::{
    cache::CacheTtl,
    media::Media,
    message::{Message, Role},
    part::Part,
    response_format::{ResponseFormat, unchecked_keywords},
    tool::{Function, Tool, ToolChoice},
};

/// A request for a reply: a model, a conversation, and how to answer it.
///
/// What is not set is left to the service, whose defaults differ by model; but thinking is switched
/// on for models that can think, unless the request says otherwise. Fields this type does not know
/// may be set with [`extra`](Self::extra). Sources: help.aliyun.com, Model Studio,
/// "openai-compatible-conversations".
///
/// A request is serialized as the body that is sent, so the body of another program can be read:
///
/// ```
/// # use qwen_openclaw_transport::ChatRequest;
/// let request: ChatRequest = serde_json::from_str(
///     r#"{"model": "qwen3.8-max", "messages": [{"role": "user", "content": "Hi"}], "seed": 7}"#,
/// )?;
/// assert_eq!(request.seed, Some(7));
/// # Ok::<(), serde_json::Error>(())
/// ```
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct ChatRequest {
    /// The model's id, without a provider.
    pub model: String,
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// The thinking level. Not a field of the service: it is translated into those of the model.
    #[serde(rename = "thinking_level", skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Maximum number of thinking tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_budget: Option<u32>,
    /// Whether the model sees its earlier reasoning again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_thinking: Option<bool>,
    /// The tools the model may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Whether the model may, must or must not call tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// Whether the model may call several tools at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_tool_calls: Option<bool>,
    /// Whether the arguments of tool calls are streamed in pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_stream: Option<bool>,
    /// The format of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<ResponseFormat>,
    /// Whether the model may search the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_search: Option<bool>,
    /// Options of the web search by the service's names: `forced_search`, `search_strategy` and others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_options: Option<Map<String, Value>>,
    /// Whether images are processed in high resolution, regardless of their own pixel limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vl_high_resolution_images: Option<bool>,
    /// Maximum number of tokens to generate, reasoning included.
    #[serde(
        rename = "max_completion_tokens",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_tokens: Option<u32>,
    /// Sampling temperature, from 0 to below 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Nucleus sampling: the probability mass to sample from, above 0 up to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// The number of most likely tokens to sample from; 0 or above 100 means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Penalty for tokens that have occurred already, from -2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f64>,
    /// Penalty for tokens by how often they have occurred, from -2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f64>,
    /// Penalty for repetitions, above 0; 1 means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition_penalty: Option<f64>,
    /// Sampling seed. The same seed gives the same reply on a best-effort basis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Stop sequences, before which the reply ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Value>,
    /// Whether the log probability of each token is returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<bool>,
    /// How many other likely tokens are reported with each, from 0 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_logprobs: Option<u32>,
    /// All other fields, as they are sent.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
    /// What the cache is to keep.
    #[serde(skip)]
    pub(crate) cache: CacheMarks,
    /// Whether nothing is added about thinking.
    #[serde(skip)]
    pub(crate) thinking_untouched: bool,
    /// Whether the reply will be sent back with the next request.
    #[serde(skip)]
    pub(crate) conversation: bool,
    /// Whether the reasoning is summarized; `None` where it serves a conversation.
    #[serde(skip)]
    pub(crate) summary: Option<bool>,
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

    /// Adds a system message.
    pub fn system(self, text: impl Into<String>) -> Self {
        self.message(Message::system(text))
    }

    /// Adds a user message.
    pub fn user(self, text: impl Into<String>) -> Self {
        self.message(Message::user(text))
    }

    /// Adds an earlier reply of the model.
    pub fn assistant(self, text: impl Into<String>) -> Self {
        self.message(Message::assistant(text))
    }

    /// Adds a user message of several parts: text, images, videos, audio.
    pub fn user_parts(self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.message(Message::parts(Role::User, parts))
    }

    /// Adds a part to the last message if that is the user's, otherwise in a new user message.
    pub fn part(mut self, part: Part) -> Self {
        match self.messages.last_mut() {
            Some(last) if last.role == Role::User => last.push(part),
            _ => self.messages.push(Message::parts(Role::User, [part])),
        }
        self
    }

    /// Adds an image to the user message, as [`part`](Self::part) does.
    pub fn image(self, image: impl Into<Media>) -> Self {
        self.part(Part::image(image))
    }

    /// Adds a video to the user message, as [`part`](Self::part) does.
    pub fn video(self, video: impl Into<Media>) -> Self {
        self.part(Part::video(video))
    }

    /// Adds audio to the user message, as [`part`](Self::part) does.
    pub fn audio(self, audio: impl Into<Media>) -> Self {
        self.part(Part::audio(audio))
    }

    /// Adds a tool the model may call.
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Adds tools the model may call.
    pub fn tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        self.tools.extend(tools);
        self
    }

    /// Sets whether the model may, must or must not call tools. The default is that it may.
    ///
    /// Models that think refuse a forced choice. Where their contract says so, thinking is switched
    /// off for one named tool, and `auto` is sent in place of
    /// [`Required`](ToolChoice::Required); models of the provider `qwen` that do not think get the
    /// choice unchanged.
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_choice = Some(choice);
        self
    }

    /// Sets whether the model may call several tools at once. The service's default is false.
    pub fn parallel_tool_calls(mut self, several: bool) -> Self {
        self.parallel_tool_calls = Some(several);
        self
    }

    /// Streams the arguments of tool calls in pieces, if the model supports it. On by default for the
    /// GLM models of the Token Plan.
    pub fn tool_stream(mut self) -> Self {
        self.tool_stream = Some(true);
        self
    }

    /// Sets the format of the answer. The default is text.
    ///
    /// The request is made one that the service accepts: thinking is switched off if the model refuses
    /// JSON while it thinks, the word "json" is added to the system message if it is missing, and so
    /// is a schema that the model cannot be given otherwise. To validate the answer, use
    /// [`Reply::json_matching`](crate::Reply::json_matching).
    pub fn response_format(mut self, format: ResponseFormat) -> Self {
        self.response_format = Some(format);
        self
    }

    /// Requests one JSON object as the answer; see [`response_format`](Self::response_format).
    pub fn json_object(self) -> Self {
        self.response_format(ResponseFormat::JsonObject)
    }

    /// Requests an answer that matches a JSON schema; see
    /// [`response_format`](Self::response_format).
    pub fn json_schema(self, name: impl Into<String>, schema: Value) -> Self {
        self.response_format(ResponseFormat::schema(name, schema))
    }

    /// Requests an answer that is a `T`; see [`response_format`](Self::response_format) and
    /// [`Reply::json`](crate::Reply::json).
    #[cfg(feature = "schemars")]
    pub fn json_of<T: schemars::JsonSchema>(self) -> Self {
        self.json_schema(schema::name::<T>(), schema::of::<T>())
    }

    /// Returns about how many tokens the model reads, by an estimate: four characters of an alphabet or
    /// one of Chinese, Japanese or Korean are a token, an image, a video or audio is 2,000.
    #[must_use]
    pub fn estimated_input(&self) -> u64 {
        crate::payload::input_of(self)
    }

    /// Lets the model search the web, which is billed per search. Off by default.
    pub fn search(mut self) -> Self {
        self.enable_search = Some(true);
        self
    }

    /// Lets the model search the web, with an option such as `search_strategy` set to `max`.
    pub fn search_option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let options = self.search_options.get_or_insert_default();
        options.insert(name.into(), value.into());
        self.search()
    }

    /// Processes images in high resolution, up to 16 megapixels, regardless of their own pixel limits.
    /// Off by default.
    pub fn high_resolution_images(mut self) -> Self {
        self.vl_high_resolution_images = Some(true);
        self
    }

    /// Sets the maximum number of tokens to generate. Higher values are lowered to the model's own
    /// limit, which is the default.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.extra.remove("max_tokens");
        self.extra.remove("max_completion_tokens");
        self.max_tokens = Some(tokens);
        self
    }

    /// Sets the sampling temperature, from 0 to below 2. The default is the model's own.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.extra.remove("temperature");
        self.temperature = Some(temperature);
        self
    }

    /// Sets nucleus sampling: the probability mass to sample from. The default is the model's own.
    pub fn top_p(mut self, top_p: f64) -> Self {
        self.extra.remove("top_p");
        self.top_p = Some(top_p);
        self
    }

    /// Sets the number of most likely tokens to sample from. The default is the model's own, 20 for
    /// most.
    pub fn top_k(mut self, top_k: u32) -> Self {
        self.extra.remove("top_k");
        self.top_k = Some(top_k);
        self
    }

    /// Sets the penalty for tokens that have occurred already. The default is the model's own.
    pub fn presence_penalty(mut self, penalty: f64) -> Self {
        self.extra.remove("presence_penalty");
        self.presence_penalty = Some(penalty);
        self
    }

    /// Sets the penalty for tokens by how often they have occurred. The default is the model's own.
    pub fn frequency_penalty(mut self, penalty: f64) -> Self {
        self.extra.remove("frequency_penalty");
        self.frequency_penalty = Some(penalty);
        self
    }

    /// Sets the penalty against repetitions. The default is the model's own.
    pub fn repetition_penalty(mut self, penalty: f64) -> Self {
        self.extra.remove("repetition_penalty");
        self.repetition_penalty = Some(penalty);
        self
    }

    /// Sets the seed. The default is a new one each time.
    pub fn seed(mut self, seed: u64) -> Self {
        self.extra.remove("seed");
        self.seed = Some(seed);
        self
    }

    /// Adds a stop sequence. The default is none.
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

    /// Lets the model continue the last assistant message instead of answering it. Models that think
    /// refuse this.
    pub fn continue_assistant(mut self) -> Self {
        if let Some(last) = self.messages.last_mut() {
            last.extra.insert("partial".to_owned(), json!(true));
        }
        self
    }

    /// Sets any field of the request body. It takes precedence over the field of this type with the
    /// same name.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }
}
