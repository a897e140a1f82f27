//! Thinking: its level and budget, and what happens to the reasoning.

use qwen_openclaw_catalog::Level;

use crate::ChatRequest;

impl ChatRequest {
    /// Sets the thinking level, which is translated into the fields of the model.
    ///
    /// A model that always thinks ignores [`Level::Off`], and for a model that does not think according
    /// to the catalog no level is sent; [`Client::notes_on`](crate::Client::notes_on) reports both. The
    /// default is the model's own level, with thinking switched on if the model can think.
    pub fn think(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Sets the maximum number of thinking tokens. It replaces the effort where the service refuses
    /// both together, and is lowered below [`max_tokens`](Self::max_tokens). The default is the model's
    /// limit.
    pub fn think_budget(mut self, tokens: u32) -> Self {
        self.extra.remove("thinking_budget");
        self.thinking_budget = Some(tokens);
        self
    }

    /// Sets whether the model sees its earlier reasoning again, which is billed as input. On by default
    /// in [conversations](Self::conversation) with models that [summarize](Self::summarize_thinking)
    /// their reasoning, otherwise off.
    pub fn preserve_thinking(mut self, preserve: bool) -> Self {
        self.extra.remove("preserve_thinking");
        self.preserve_thinking = Some(preserve);
        self
    }

    /// Sets whether the reasoning is returned as a summary and encrypted, to be sent back with the next
    /// request (Qwen4: help.aliyun.com, Model Studio, "cot-summary").
    ///
    /// On by default in each request of a [conversation](Self::conversation) with a model that supports
    /// it. For a single question the full reasoning is returned.
    pub fn summarize_thinking(mut self, summarize: bool) -> Self {
        self.extra.remove("thinking_display");
        self.summary = Some(summarize);
        self
    }

    /// Marks the request as part of a conversation: its reply will be sent back with the next request.
    /// A request with an assistant message always is; only the first one has to be marked.
    /// [`Client::run_tools`](crate::Client::run_tools) does so.
    pub fn conversation(mut self) -> Self {
        self.conversation = true;
        self
    }

    /// Sends the thinking fields of the request unchanged, and adds none.
    pub fn leave_thinking(mut self) -> Self {
        self.thinking_untouched = true;
        self
    }
}
