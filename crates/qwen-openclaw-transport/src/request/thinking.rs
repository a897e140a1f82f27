//! How much a model is to think, and what becomes of its reasoning.

use qwen_openclaw_catalog::Level;

use crate::ChatRequest;

impl ChatRequest {
    /// Sets how much the model thinks, in the way that it understands.
    ///
    /// A model that always thinks goes on to think at [`Level::Off`]. Nothing is sent to a model
    /// of which the catalog says that it does not think. [`Client::notes_on`](crate::Client::notes_on)
    /// says so. The default is the model's own, with thinking switched on where the model can.
    pub fn think(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Sets the maximum number of tokens to think. It takes the place of an effort where the service
    /// refuses both together, and is lowered below [`max_tokens`](Self::max_tokens). The default is
    /// the model's limit.
    pub fn think_budget(mut self, tokens: u32) -> Self {
        self.extra.remove("thinking_budget");
        self.thinking_budget = Some(tokens);
        self
    }

    /// Lets the model see its earlier reasoning again, which is then paid for as input, or not. By
    /// default it does in [conversations](Self::conversation) with models that
    /// [summarize](Self::summarize_thinking) their reasoning, and not otherwise.
    pub fn preserve_thinking(mut self, preserve: bool) -> Self {
        self.extra.remove("preserve_thinking");
        self.preserve_thinking = Some(preserve);
        self
    }

    /// Asks for a summary of the reasoning together with the reasoning itself, encrypted, which the
    /// next request sends back (Qwen4: help.aliyun.com, Model Studio, "cot-summary"); or does not.
    ///
    /// By default it is asked for in each request of a [conversation](Self::conversation) with a model
    /// that has it, and a single question shows the full reasoning.
    pub fn summarize_thinking(mut self, summarize: bool) -> Self {
        self.extra.remove("thinking_display");
        self.summary = Some(summarize);
        self
    }

    /// Says that the reply will be sent back with a next request. A request that has an assistant's
    /// message is taken for one of a conversation in any case; the first of them is not, unless it
    /// says so. [`Client::run_tools`](crate::Client::run_tools) does.
    pub fn conversation(mut self) -> Self {
        self.conversation = true;
        self
    }

    /// Sends what the request says about thinking as it is, and adds nothing.
    pub fn leave_thinking(mut self) -> Self {
        self.thinking_untouched = true;
        self
    }
}
