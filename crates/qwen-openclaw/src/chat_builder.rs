//! A chat request being put together.

use qwen_openclaw_client::Route;
use qwen_openclaw_transport::{
    ChatRequest, Client, Level, Media, Message, Reply, ReplyStream, ToolLoop, Tools,
};

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

    /// Sets how much the model thinks. The default is the model's own.
    pub fn think(self, level: Level) -> Self {
        self.with(|request| request.think(level))
    }

    /// Sets the most tokens the model may think. The default is the model's limit.
    pub fn think_budget(self, tokens: u32) -> Self {
        self.with(|request| request.think_budget(tokens))
    }

    /// Adds an image to what the user says: an address, or [`Media::file`].
    ///
    /// ```no_run
    /// # let qwen = qwen_openclaw::Qwen::from_env()?;
    /// use qwen_openclaw::chat::Media;
    ///
    /// let chat = qwen.chat("qwen/qwen3.6-plus").user("What is it?").image(Media::file("cat.png")?);
    /// # let _ = chat;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn image(self, image: impl Into<Media>) -> Self {
        self.with(|request| request.image(image))
    }

    /// Adds a clip to what the user says: an address, or [`Media::file`].
    pub fn video(self, video: impl Into<Media>) -> Self {
        self.with(|request| request.video(video))
    }

    /// Adds audio to what the user says: an address, or [`Media::file`].
    pub fn audio(self, audio: impl Into<Media>) -> Self {
        self.with(|request| request.audio(audio))
    }

    /// Adds a tool the model may call, whose arguments are a `T`; the calls are in
    /// [`Reply::tool_calls`]. [`run_tools`](Self::run_tools) answers them as well.
    #[cfg(feature = "schemars")]
    pub fn tool<T: schemars::JsonSchema>(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.with(|request| request.tool(qwen_openclaw_transport::Tool::of::<T>(name, description)))
    }

    /// Lets the model search the web, which is paid for by the call. By default it does not.
    pub fn search(self) -> Self {
        self.with(ChatRequest::search)
    }

    /// Keeps the instructions in the service's explicit cache; see
    /// [`ChatRequest::cache_system`]. By default they are not.
    pub fn cache_system(self) -> Self {
        self.with(ChatRequest::cache_system)
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
        let (client, route, request) = self.resolved().await?;
        Ok(client.stream_on(route, &request).await?)
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

    /// Sends the request and reads the answer as a `T`, whose schema the model is given.
    ///
    /// ```no_run
    /// # async fn run(qwen: qwen_openclaw::Qwen) -> Result<(), qwen_openclaw::Error> {
    /// #[derive(schemars::JsonSchema, serde::Deserialize)]
    /// struct Recipe {
    ///     name: String,
    ///     steps: Vec<String>,
    /// }
    ///
    /// let recipe: Recipe = qwen.chat("qwen/qwen3.7-plus").user("A borscht recipe").json().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and kind `Json` for an answer that is no `T`: the place inside the
    /// JSON and the text are in [`Error::json`].
    #[cfg(feature = "schemars")]
    pub async fn json<T>(self) -> Result<T, Error>
    where
        T: schemars::JsonSchema + serde::de::DeserializeOwned,
    {
        let reply = self.with(ChatRequest::json_of::<T>).send().await?;
        Ok(reply.json()?)
    }

    /// Starts a loop that answers the model's calls with `tools` until it has its answer. Nothing is
    /// sent before [`ToolLoop::finish`].
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream), as far as that is known before anything is sent.
    pub async fn run_tools(self, tools: &Tools) -> Result<ToolLoop, Error> {
        let (client, _, request) = self.resolved().await?;
        Ok(client.run_tools(request, tools))
    }

    /// The client, where the request goes, and the finished request.
    async fn resolved(self) -> Result<(Client, Route, ChatRequest), Error> {
        let model = self.qwen.routes().parse(&self.reference);
        let model = model.map_err(qwen_openclaw_transport::Error::from)?;
        let client = self.qwen.client(&model.provider)?;
        let route = client.connection().route().await;
        let route = route.map_err(qwen_openclaw_transport::Error::from)?;
        let edition = self.qwen.routes().catalog_edition();
        let route = route.with_model(&model.model, edition);
        if let Some(reason) = route.availability().reason()
            && !self.force
        {
            return Err(Error::refused(reason.to_string()));
        }
        if let Some(unknown) = route.unknown_model() {
            tracing::warn!("{unknown}");
        }
        let mut request = self.request;
        request.model = model.model;
        Ok((client, route, request))
    }
}
