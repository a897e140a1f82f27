//! What the explicit cache of the service is to keep.

use crate::ChatRequest;

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
    /// Keeps the instructions in the explicit cache of the service for five minutes: writing costs
    /// a quarter more than plain input, reading a tenth of it. It takes 1024 tokens at least. By
    /// default only the implicit cache is used.
    ///
    /// Other hosts than the service's own do not see it.
    pub fn cache_system(mut self) -> Self {
        self.cache.system = true;
        self
    }

    /// Keeps the conversation up to its last message in the explicit cache; see
    /// [`cache_system`](Self::cache_system). By default it is not.
    pub fn cache_conversation(mut self) -> Self {
        self.cache.conversation = true;
        self
    }

    /// Sends no cache markers at all, or does send those of [`cache_system`](Self::cache_system),
    /// [`cache_conversation`](Self::cache_conversation) and of the messages. The default is to send
    /// them. The implicit cache works either way.
    pub fn cache(mut self, on: bool) -> Self {
        self.cache.off = !on;
        self
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
