//! Capabilities of models that override the catalog.

use std::collections::BTreeMap;

#[cfg(doc)]
use qwen_openclaw_catalog::Thinking;
use qwen_openclaw_catalog::{Level, Modality};
use serde_json::Value;

/// The capabilities of a model that the catalog does not know, or that override the catalog.
///
/// ```
/// use qwen_openclaw_transport::{ModelCapabilities, ThinkingStyle};
///
/// // Qwen 3 on a self-hosted server, such as vLLM.
/// let traits = ModelCapabilities::new().reasoning(true).thinking(ThinkingStyle::ChatTemplate);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct ModelCapabilities {
    pub(super) reasoning: Option<bool>,
    pub(super) input: Option<Vec<Modality>>,
    pub(super) max_output: Option<u32>,
    pub(super) context_window: Option<u32>,
    pub(super) thinking: ThinkingStyle,
    pub(super) legacy_max_tokens: bool,
    pub(super) developer_role: Option<bool>,
    pub(super) usage: Option<bool>,
    pub(super) no_strict_tools: bool,
    pub(super) without: Vec<String>,
    pub(super) no_tools: bool,
    pub(super) fields: BTreeMap<String, Value>,
    pub(super) levels: BTreeMap<Level, Option<String>>,
}

/// How a request controls thinking.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ThinkingStyle {
    /// By the [`Thinking`] contract of the model, as the service requires. The default.
    #[default]
    Contract,
    /// By the field `enable_thinking`, which every model is assumed to obey: no model always
    /// thinks, and the efforts of Qwen 3.8 are not sent.
    Switch,
    /// By `chat_template_kwargs`, for Qwen models on a self-hosted server: their template reads
    /// `enable_thinking` and `preserve_thinking` from it.
    ChatTemplate,
    /// Not at all: the request is sent unchanged.
    Untouched,
}

impl ModelCapabilities {
    /// Creates capabilities that override nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether the model thinks. The default is what the catalog says; unknown models are assumed
    /// to think on the Token Plan, and if the request sets a level.
    pub fn reasoning(mut self, thinks: bool) -> Self {
        self.reasoning = Some(thinks);
        self
    }

    /// Sets the input modalities of the model. The default is what the catalog says; for unknown models
    /// every modality is sent.
    pub fn input(mut self, modalities: impl IntoIterator<Item = Modality>) -> Self {
        self.input = Some(modalities.into_iter().collect());
        self
    }

    /// Sets the maximum number of output tokens, to which higher limits are lowered. The default is
    /// what the catalog says.
    pub fn max_output(mut self, tokens: u32) -> Self {
        self.max_output = Some(tokens);
        self
    }

    /// Sets the context window: the maximum number of tokens of a request and its answer together. The
    /// limit of output tokens is lowered to what a cautious estimate of the request leaves, at least 1.
    /// The default is what the catalog says.
    pub fn context_window(mut self, tokens: u32) -> Self {
        self.context_window = Some(tokens);
        self
    }

    /// Sets how requests control thinking. The default is [`ThinkingStyle::Contract`].
    pub fn thinking(mut self, style: ThinkingStyle) -> Self {
        self.thinking = style;
        self
    }

    /// Sets whether the server accepts the role `developer`; if not, it is sent as `system`. By default
    /// it is sent as `system` to the service, which refuses `developer`, and unchanged elsewhere.
    pub fn developer_role(mut self, has_it: bool) -> Self {
        self.developer_role = Some(has_it);
        self
    }

    /// Sends the limit of output tokens as `max_tokens`. The default is `max_completion_tokens`.
    pub fn legacy_max_tokens(mut self) -> Self {
        self.legacy_max_tokens = true;
        self
    }

    /// Sets whether token counts are requested for this model. By default the endpoint decides;
    /// [`ClientBuilder::usage`](crate::ClientBuilder::usage) takes precedence.
    pub fn usage(mut self, ask: bool) -> Self {
        self.usage = Some(ask);
        self
    }

    /// Removes `strict` from the definitions of tools, for servers that reject it. By default it is
    /// sent.
    pub fn without_strict_tools(mut self) -> Self {
        self.no_strict_tools = true;
        self
    }

    /// Removes a field from request bodies, such as `prompt_cache_key`, for servers that reject it.
    /// By default all fields are sent. Can be repeated.
    pub fn without_field(mut self, name: impl Into<String>) -> Self {
        self.without.push(name.into());
        self
    }

    /// Refuses requests with tools, for models that take none. By default tools are sent.
    pub fn without_tools(mut self) -> Self {
        self.no_tools = true;
        self
    }

    /// Adds a field to request bodies that do not set it themselves, such as `top_k`. Each request's own
    /// `model`, `messages` and `stream` stay. By default none is added. Can be repeated.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Sets what is sent for a thinking level: another level by its name, or any other text as
    /// `reasoning_effort`; `None` for a level that the model does not have, which is not sent. The
    /// default is the level itself. Can be repeated.
    pub fn level(mut self, level: Level, sent: Option<String>) -> Self {
        self.levels.insert(level, sent);
        self
    }
}
