//! A request for a reply.

mod body;
mod cache;
pub(crate) mod media;
mod message;
mod part;
pub(crate) mod response_format;
#[cfg(feature = "schemars")]
mod schema;
mod thinking;
mod tool;

use qwen_openclaw_catalog::Level;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub(crate) use self::cache::CacheMarks;
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
/// What is not set is left to the service, whose defaults differ by model; but a model that thinks
/// is told to, unless the request says otherwise. Fields this type does not know may be set with
/// [`extra`](Self::extra). Sources: help.aliyun.com, Model Studio,
/// "openai-compatible-conversations".
///
/// The request reads and writes itself as the body that is sent, so that another program's body
/// can be taken as it is:
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
    /// How much the model is to think. Not a field of the service: it is turned into those that
    /// the model wants.
    #[serde(rename = "thinking_level", skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Maximum number of tokens to think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_budget: Option<u32>,
    /// Whether the model sees its earlier reasoning again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_thinking: Option<bool>,
    /// The tools the model may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Whether it may, must or must not call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_tool_calls: Option<bool>,
    /// Whether long arguments arrive in pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_stream: Option<bool>,
    /// The form of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<ResponseFormat>,
    /// Whether the model may search the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_search: Option<bool>,
    /// How it searches, as the service names it: `forced_search`, `search_strategy` and others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_options: Option<Map<String, Value>>,
    /// Whether images are seen in more detail, whatever their own limits say.
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
    /// Everything else, as it is sent.
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

    /// Adds a user message of several parts: text, images, videos, audio.
    pub fn user_parts(self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.message(Message::parts(Role::User, parts))
    }

    /// Adds a part to what the user says: to the last message, where that is the user's, otherwise
    /// in one of its own.
    pub fn part(mut self, part: Part) -> Self {
        match self.messages.last_mut() {
            Some(last) if last.role == Role::User => last.push(part),
            _ => self.messages.push(Message::parts(Role::User, [part])),
        }
        self
    }

    /// Adds an image to what the user says, as [`part`](Self::part) does.
    pub fn image(self, image: impl Into<Media>) -> Self {
        self.part(Part::image(image))
    }

    /// Adds a video to the last user message, as [`part`](Self::part) does.
    pub fn video(self, video: impl Into<Media>) -> Self {
        self.part(Part::video(video))
    }

    /// Adds audio to what the user says, as [`part`](Self::part) does.
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
    /// [`Required`](ToolChoice::Required); the plain models of the provider `qwen` get what was
    /// asked for.
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_choice = Some(choice);
        self
    }

    /// Lets the model call several tools at once, or not. The service's default is not.
    pub fn parallel_tool_calls(mut self, several: bool) -> Self {
        self.parallel_tool_calls = Some(several);
        self
    }

    /// Lets long arguments of tool calls arrive in pieces, where the model can; it is on by default
    /// for the GLM models of the Token Plan.
    pub fn tool_stream(mut self) -> Self {
        self.tool_stream = Some(true);
        self
    }

    /// Sets the form of the answer. The default is text.
    ///
    /// What the service wants with it is seen to: thinking is switched off where the model refuses
    /// JSON while it thinks, the word "json" is put into the instructions where it is missing, and a
    /// schema goes there too where the model takes none. Whether the answer fits the schema says
    /// [`Reply::json_matching`](crate::Reply::json_matching).
    pub fn response_format(mut self, format: ResponseFormat) -> Self {
        self.response_format = Some(format);
        self
    }

    /// Asks for an answer that is one JSON object; see [`response_format`](Self::response_format).
    pub fn json_object(self) -> Self {
        self.response_format(ResponseFormat::JsonObject)
    }

    /// Asks for an answer that fits a JSON schema; see
    /// [`response_format`](Self::response_format).
    pub fn json_schema(self, name: impl Into<String>, schema: Value) -> Self {
        self.response_format(ResponseFormat::schema(name, schema))
    }

    /// Asks for an answer that is a `T`; see [`response_format`](Self::response_format) and
    /// [`Reply::json`](crate::Reply::json).
    #[cfg(feature = "schemars")]
    pub fn json_of<T: schemars::JsonSchema>(self) -> Self {
        self.json_schema(schema::name::<T>(), schema::of::<T>())
    }

    /// Lets the model search the web, which is paid for by the call. By default it does not.
    pub fn search(mut self) -> Self {
        self.enable_search = Some(true);
        self
    }

    /// Lets the model search the web in a certain way, such as `search_strategy` set to `max`.
    pub fn search_option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let options = self.search_options.get_or_insert_default();
        options.insert(name.into(), value.into());
        self.search()
    }

    /// Shows images in more detail: up to 16 megapixels, whatever their own limits say. By default
    /// those count.
    pub fn high_resolution_images(mut self) -> Self {
        self.vl_high_resolution_images = Some(true);
        self
    }

    /// Sets the maximum number of tokens to generate. The default is the model's own limit, to which
    /// higher numbers are lowered.
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

    /// Lets the model go on with what the assistant said last, instead of answering it. Models that
    /// think refuse this.
    pub fn continue_assistant(mut self) -> Self {
        if let Some(last) = self.messages.last_mut() {
            last.extra.insert("partial".to_owned(), json!(true));
        }
        self
    }

    /// Sets any field of the request body, for what this type does not know. It comes before what
    /// this type says of the same field.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }
}
