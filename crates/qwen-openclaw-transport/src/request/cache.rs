//! What the explicit cache of the service is to keep.

use serde_json::Value;

use crate::ChatRequest;

/// The fields of a part that mark it, the older form and the newer.
pub(crate) const MARKERS: [&str; 2] = ["cache_control", "prompt_cache_breakpoint"];

/// Where cache markers are put when the request is sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct CacheMarks {
    pub(crate) system: bool,
    pub(crate) conversation: bool,
    /// No marker at all is sent.
    pub(crate) off: bool,
    /// Sent although the service does not document it.
    pub(crate) ttl: Option<CacheTtl>,
}

/// How long the explicit cache keeps an entry after its last use.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CacheTtl {
    /// Five minutes, the service's default.
    FiveMinutes,
    /// One hour.
    OneHour,
}

impl ChatRequest {
    /// Marks the system message for the service's explicit cache, which keeps it for five minutes.
    /// Writing costs 125 % of plain input, reading 10 %; at least 1024 tokens are needed. By default
    /// only the implicit cache is used.
    ///
    /// The marker is sent to the service's own hosts only.
    pub fn cache_system(mut self) -> Self {
        self.cache.system = true;
        self
    }

    /// Marks the conversation up to its last message for the explicit cache; see
    /// [`cache_system`](Self::cache_system). Off by default.
    pub fn cache_conversation(mut self) -> Self {
        self.cache.conversation = true;
        self
    }

    /// Sets whether cache markers are sent: those of [`cache_system`](Self::cache_system), of
    /// [`cache_conversation`](Self::cache_conversation) and of the messages themselves. On by default.
    /// The implicit cache works either way.
    pub fn cache(mut self, on: bool) -> Self {
        self.cache.off = !on;
        self
    }

    /// Whether a marker of the explicit cache is sent, where they are known.
    pub(crate) fn has_cache_markers(&self) -> bool {
        let is_marked = |part: &Value| MARKERS.iter().any(|name| part[*name].is_object());
        let mut contents = self.messages.iter().map(|message| &message.content);
        let mut in_messages = || {
            contents.any(|content| match content {
                Some(Value::Array(parts)) => parts.iter().any(is_marked),
                _ => false,
            })
        };
        !self.cache.off && (self.cache.system || self.cache.conversation || in_messages())
    }

    /// Sets how long the explicit cache keeps an entry, for models whose cache has breakpoints
    /// (Qwen4).
    ///
    /// **Unconfirmed:** the service documents that there are two times, but the name of the field was
    /// not seen; what is sent is `prompt_cache_options.ttl`, as OpenAI has it. Nothing is sent by
    /// default, and the time is the service's own, five minutes.
    pub fn unconfirmed_cache_ttl(mut self, ttl: CacheTtl) -> Self {
        self.cache.ttl = Some(ttl);
        self
    }
}
