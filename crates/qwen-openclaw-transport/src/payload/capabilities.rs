//! What a model takes, said by a user who knows better than the catalog.

use qwen_openclaw_catalog::Modality;
#[cfg(doc)]
use qwen_openclaw_catalog::Thinking;

/// What a model takes, where the catalog does not know it or is to be overruled.
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
}

/// How thinking is written into a request.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ThinkingStyle {
    /// By the [`Thinking`] contract of the model, as the service wants it. The default.
    #[default]
    Contract,
    /// By the switch `enable_thinking`, which every model is taken to obey: no model always
    /// thinks, and the efforts of Qwen 3.8 are left out.
    Switch,
    /// By `chat_template_kwargs`, for Qwen models on a self-hosted server: their template reads
    /// `enable_thinking` and `preserve_thinking` from it.
    ChatTemplate,
    /// Not at all: what the request says is sent as it is.
    Untouched,
}

impl ModelCapabilities {
    /// Overrules nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says whether the model thinks. The default is what the catalog says; of a model that it
    /// does not know it is assumed on the Token Plan, and wherever a level is asked for.
    pub fn reasoning(mut self, thinks: bool) -> Self {
        self.reasoning = Some(thinks);
        self
    }

    /// Says what the model can be given. The default is what the catalog says; of a model that it
    /// does not know, everything is tried.
    pub fn input(mut self, modalities: impl IntoIterator<Item = Modality>) -> Self {
        self.input = Some(modalities.into_iter().collect());
        self
    }

    /// Says how many tokens an answer can have; requests for more are lowered to it. The default
    /// is what the catalog says.
    pub fn max_output(mut self, tokens: u32) -> Self {
        self.max_output = Some(tokens);
        self
    }

    /// Says how many tokens a request and its answer can have together. A limit of the answer is
    /// lowered to what the window leaves by a cautious estimate of the request, and to 1 where it
    /// leaves nothing. The default is what the catalog says.
    pub fn context_window(mut self, tokens: u32) -> Self {
        self.context_window = Some(tokens);
        self
    }

    /// Says how thinking is written. The default is [`ThinkingStyle::Contract`].
    pub fn thinking(mut self, style: ThinkingStyle) -> Self {
        self.thinking = style;
        self
    }

    /// Says whether messages of the role `developer` are sent as such, or as `system`. By default they
    /// are sent as `system` to the service, which refuses the other, and as they are elsewhere.
    pub fn developer_role(mut self, has_it: bool) -> Self {
        self.developer_role = Some(has_it);
        self
    }

    /// Limits answers by the older field `max_tokens`. The default is `max_completion_tokens`.
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
}
