//! A chat request being put together.

use qwen_openclaw_transport::{ChatRequest, Message, Reply, ReplyStream};

use crate::{Error, Qwen};

/// A chat request being put together. Made by [`Qwen::chat`].
///
/// The methods are those of [`ChatRequest`] that most requests need; [`Chat::with`] reaches the
/// others.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `stream` or `send`"]
pub struct Chat {
    qwen: Qwen,
    reference: String,
    request: ChatRequest,
    force: bool,
}

impl Chat {
    pub(crate) fn new(qwen: Qwen, reference: String) -> Self {
        Self {
            qwen,
            reference,
            request: ChatRequest::default(),
            force: false,
        }
    }

    /// Adds instructions.
    pub fn system(self, text: impl Into<String>) -> Self {
        self.with(|request| request.system(text))
    }

    /// Adds what the user says.
    pub fn user(self, text: impl Into<String>) -> Self {
        self.with(|request| request.user(text))
    }

    /// Adds what the model said earlier.
    pub fn assistant(self, text: impl Into<String>) -> Self {
        self.with(|request| request.assistant(text))
    }

    /// Adds messages.
    pub fn messages(self, messages: impl IntoIterator<Item = Message>) -> Self {
        self.with(|request| request.messages(messages))
    }

    /// Sets the most tokens the reply may have. The default is the model's own limit.
    pub fn max_tokens(self, tokens: u32) -> Self {
        self.with(|request| request.max_tokens(tokens))
    }

    /// Sets how freely tokens are drawn, from 0 to below 2. The default is the model's own.
    pub fn temperature(self, temperature: f64) -> Self {
        self.with(|request| request.temperature(temperature))
    }

    /// Changes the request in any way.
    ///
    /// ```no_run
    /// # let qwen = qwen_openclaw::Qwen::from_env()?;
    /// let chat = qwen.chat("qwen/qwen3.5-plus").user("Hi").with(|request| request.top_k(5).seed(7));
    /// # let _ = chat;
    /// # Ok::<(), qwen_openclaw::Error>(())
    /// ```
    pub fn with(mut self, change: impl FnOnce(ChatRequest) -> ChatRequest) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sends the request even when the catalog says that the endpoint does not have the model.
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Sends the request and waits until the server begins to answer.
    ///
    /// # Errors
    ///
    /// The server's own error instead of a reply, typed; kind `Auth` without a usable credential;
    /// kind `Refused` for a ref that means nothing, for a model the endpoint does not have (see
    /// [`force`](Self::force)) and for a request that makes no sense.
    pub async fn stream(self) -> Result<ReplyStream, Error> {
        let target = self.qwen.resolve(&self.reference)?;
        if let Some(reason) = target.availability.reason()
            && !self.force
        {
            return Err(Error::refused(reason.to_string()));
        }
        let client = self.qwen.client(target.provider)?;
        let mut request = self.request;
        request.model = target.model;
        Ok(client.stream(&request).await?)
    }

    /// Sends the request and waits for the whole reply.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream), and whatever broke the reply off; what had arrived is in
    /// [`Error::partial`].
    pub async fn send(self) -> Result<Reply, Error> {
        Ok(self.stream().await?.finish().await?)
    }
}
