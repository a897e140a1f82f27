//! A chat request being built.

use qwen_openclaw_client::Route;
use qwen_openclaw_transport::{
    ChatRequest, Client, Level, Media, Message, Progress, ProgressHook, Reply, ReplyStream,
    RequestNote, ToolLoop, Tools,
};

use crate::{Error, Qwen};

/// A chat request being built. Created by [`Qwen::chat`].
///
/// The methods here are the ones that most requests need. Every other parameter is a method of
/// [`ChatRequest`], such as `top_k`, `tool_choice`, `presence_penalty` or `extra` for any field by
/// name; set it through [`with`](Self::with):
///
/// ```no_run
/// # async fn run(qwen: qwen_openclaw::Qwen) -> Result<(), qwen_openclaw::Error> {
/// let reply = qwen
///     .chat("qwen/qwen3.5-plus")
///     .user("Name a color.")
///     .temperature(0.2)
///     .with(|request| request.top_k(5).extra("logprobs", true))
///     .send()
///     .await?;
/// # let _ = reply;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `stream` or `send`"]
pub struct Chat {
    pub(crate) qwen: Qwen,
    reference: String,
    pub(crate) request: ChatRequest,
    pub(crate) force: bool,
    pub(crate) progress: Option<ProgressHook>,
    fallbacks: Vec<String>,
    #[cfg(any(feature = "config", feature = "router"))]
    pub(crate) agent: Option<String>,
    /// Whether the configuration decides on the models.
    #[cfg(feature = "config")]
    by_configuration: bool,
}

impl Chat {
    pub(crate) fn new(qwen: Qwen, reference: String) -> Self {
        Self {
            qwen,
            reference,
            request: ChatRequest::default(),
            force: false,
            progress: None,
            fallbacks: Vec::new(),
            #[cfg(any(feature = "config", feature = "router"))]
            agent: None,
            #[cfg(feature = "config")]
            by_configuration: false,
        }
    }

    #[cfg(feature = "config")]
    pub(crate) fn by_configuration(mut self) -> Self {
        self.by_configuration = true;
        self
    }

    /// Adds a system message.
    pub fn system(self, text: impl Into<String>) -> Self {
        self.with(|request| request.system(text))
    }

    /// Adds a user message.
    pub fn user(self, text: impl Into<String>) -> Self {
        self.with(|request| request.user(text))
    }

    /// Adds an earlier reply of the model.
    pub fn assistant(self, text: impl Into<String>) -> Self {
        self.with(|request| request.assistant(text))
    }

    /// Adds messages.
    pub fn messages(self, messages: impl IntoIterator<Item = Message>) -> Self {
        self.with(|request| request.messages(messages))
    }

    /// Sets the maximum number of tokens to generate. The default is the model's own limit.
    pub fn max_tokens(self, tokens: u32) -> Self {
        self.with(|request| request.max_tokens(tokens))
    }

    /// Sets the sampling temperature, 0 to below 2. The default is the model's own.
    pub fn temperature(self, temperature: f64) -> Self {
        self.with(|request| request.temperature(temperature))
    }

    /// Sets nucleus sampling: the probability mass to sample from, above 0 to 1. The default is the
    /// model's own.
    pub fn top_p(self, top_p: f64) -> Self {
        self.with(|request| request.top_p(top_p))
    }

    /// Sets the sampling seed. The default is a new one each time.
    pub fn seed(self, seed: u64) -> Self {
        self.with(|request| request.seed(seed))
    }

    /// Adds a stop sequence, before which the reply ends. The default is none.
    pub fn stop(self, text: impl Into<String>) -> Self {
        self.with(|request| request.stop(text))
    }

    /// Sets the thinking level. The default is the model's own.
    pub fn think(self, level: Level) -> Self {
        self.with(|request| request.think(level))
    }

    /// Sets the maximum number of tokens for thinking. The default is the model's own limit.
    pub fn think_budget(self, tokens: u32) -> Self {
        self.with(|request| request.think_budget(tokens))
    }

    /// Attaches an image to the user message: a URL, or [`Media::file`].
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

    /// Attaches a video to the user message for the model to watch: a URL, or [`Media::file`].
    /// [`Qwen::video`] generates videos.
    pub fn video_input(self, video: impl Into<Media>) -> Self {
        self.with(|request| request.video(video))
    }

    /// Attaches audio to the user message: a URL, or [`Media::file`].
    pub fn audio(self, audio: impl Into<Media>) -> Self {
        self.with(|request| request.audio(audio))
    }

    /// Adds a tool that the model may call with a `T` as its arguments. The calls are in
    /// [`Reply::tool_calls`]; [`run_tools`](Self::run_tools) also answers them.
    #[cfg(feature = "schemars")]
    pub fn tool<T: schemars::JsonSchema>(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.with(|request| request.tool(qwen_openclaw_transport::Tool::of::<T>(name, description)))
    }

    /// Lets the model search the web, which is billed per call. Off by default.
    pub fn search(self) -> Self {
        self.with(ChatRequest::search)
    }

    /// Puts the system message into the service's explicit cache; see
    /// [`ChatRequest::cache_system`]. Off by default.
    pub fn cache_system(self) -> Self {
        self.with(ChatRequest::cache_system)
    }

    /// Sends no cache markers with `false`; see [`ChatRequest::cache`]. They are sent by default.
    pub fn cache(self, on: bool) -> Self {
        self.with(|request| request.cache(on))
    }

    /// Says that the reply will be sent back with a next request; see
    /// [`ChatRequest::conversation`].
    pub fn conversation(self) -> Self {
        self.with(ChatRequest::conversation)
    }

    /// Changes the underlying request, with any of the methods of [`ChatRequest`].
    ///
    /// ```no_run
    /// # let qwen = qwen_openclaw::Qwen::from_env()?;
    /// let chat = qwen.chat("qwen/qwen3.5-plus").user("Hi").with(|request| request.top_k(5));
    /// # let _ = chat;
    /// # Ok::<(), qwen_openclaw::Error>(())
    /// ```
    pub fn with(mut self, change: impl FnOnce(ChatRequest) -> ChatRequest) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets the models to try when the first one does not answer, in order; repeated calls replace them.
    /// It needs a router: see [`QwenBuilder::router`](crate::QwenBuilder::router). The default is none,
    /// and for `Qwen::chat_default` the configured ones.
    pub fn fallbacks<M: Into<String>>(mut self, models: impl IntoIterator<Item = M>) -> Self {
        self.fallbacks = models.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the agent that the request is for. A router counts usage for it, and `Qwen::chat_default`
    /// uses its model, if the configuration has one for it. The default is none.
    #[cfg(any(feature = "config", feature = "router"))]
    pub fn agent(mut self, id: impl Into<String>) -> Self {
        self.agent = Some(id.into());
        self
    }

    /// Returns the underlying request. Its model is set when it is sent.
    pub fn request(&self) -> &ChatRequest {
        &self.request
    }

    /// Sends the request even if the catalog says that the endpoint does not offer the model.
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Calls `hook` with how far the request has come, until the reply of [`stream`](Self::stream)
    /// begins: as for a line that says why nothing has come yet. It must not block.
    pub fn on_progress(mut self, hook: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(ProgressHook::new(hook));
        self
    }

    /// Returns what of the request would have no effect, or would be changed so that the service takes
    /// it. Nothing is sent.
    ///
    /// What may be wrong with the model or the endpoint is in
    /// [`Route::warnings`](qwen_openclaw_client::Route::warnings).
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream), for everything that is known before anything is sent.
    pub async fn notes(&self) -> Result<Vec<RequestNote>, Error> {
        let (client, route, request) = self.clone().resolved().await?;
        Ok(client.notes_on(&route, &request)?)
    }

    /// Sends the request and waits until the server starts to answer.
    ///
    /// With a router ([`QwenBuilder::router`](crate::QwenBuilder::router)), it waits for the first
    /// piece of the reply: up to then another account of the provider is tried, and another model if
    /// there are [`fallbacks`](Self::fallbacks). Nothing is sent again after it.
    ///
    /// # Errors
    ///
    /// The server's error, typed, if it sends one instead of a reply;
    /// [`Authentication`](crate::ErrorKind::Authentication) without a usable credential;
    /// [`NotFound`](crate::ErrorKind::NotFound) for an unknown provider;
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for an invalid ref or request, and for a
    /// model that the endpoint does not offer (see [`force`](Self::force)). With a router also
    /// [`Budget`](crate::ErrorKind::Budget), before anything is sent.
    pub async fn stream(self) -> Result<ReplyStream, Error> {
        #[cfg(feature = "router")]
        if self.qwen.router().is_some() {
            return Ok(self.stream_answered().await?.answer);
        }
        Ok(self.stream_with_route().await?.1)
    }

    /// Sends the request to its model, without a router.
    pub(crate) async fn stream_with_route(mut self) -> Result<(Route, ReplyStream), Error> {
        if !self.fallbacks.is_empty() {
            let message = "fallbacks need a router, which was not set up";
            return Err(Error::refused(message));
        }
        let progress = self.progress.take();
        let (client, route, request) = self.resolved().await?;
        let opening = client.stream_on_with_progress(route.clone(), &request, progress);
        Ok((route, opening.await?))
    }

    /// Sends the request and waits for the whole reply.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream), and whatever cut the reply short; what had arrived is in
    /// [`Error::partial`].
    pub async fn send(self) -> Result<Reply, Error> {
        Ok(self.stream().await?.finish().await?)
    }

    /// Sends the request with the schema of `T`, and parses the answer as a `T`.
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
    /// As [`send`](Self::send), and [`Json`](crate::ErrorKind::Json) for an answer that is not a `T`:
    /// [`Error::json`] has the place inside the JSON and the text.
    #[cfg(feature = "schemars")]
    pub async fn json<T>(self) -> Result<T, Error>
    where
        T: schemars::JsonSchema + serde::de::DeserializeOwned,
    {
        let reply = self.with(ChatRequest::json_of::<T>).send().await?;
        Ok(reply.json()?)
    }

    /// Creates a loop that answers the model's tool calls with `tools` until the model gives its
    /// final answer. Nothing is sent before [`ToolLoop::finish`].
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream), for everything that is known before anything is sent.
    pub async fn run_tools(self, tools: &Tools) -> Result<ToolLoop, Error> {
        #[cfg(feature = "router")]
        if self.qwen.router().is_some() {
            return self.run_tools_routed(tools).await;
        }
        let (client, _, request) = self.resolved().await?;
        Ok(client.run_tools(request, tools))
    }

    /// The models in the order in which they are to be tried.
    pub(crate) fn models(&self) -> Result<Vec<String>, Error> {
        #[cfg(feature = "config")]
        if self.by_configuration {
            let mut models = self.qwen.configured_models(self.agent.as_deref())?;
            if !self.fallbacks.is_empty() {
                models.truncate(1);
                models.extend(self.fallbacks.iter().cloned());
            }
            return Ok(models);
        }
        let first = std::iter::once(&self.reference);
        Ok(first.chain(&self.fallbacks).cloned().collect())
    }

    /// The client, the route and the finished request.
    async fn resolved(self) -> Result<(Client, Route, ChatRequest), Error> {
        let model = self.models()?.into_iter().next().unwrap_or_default();
        let model = self.qwen.parse(&model)?;
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
        for warning in route.warnings() {
            tracing::warn!("{warning}");
        }
        let mut request = self.request;
        request.model = model.model;
        Ok((client, route, request))
    }
}
