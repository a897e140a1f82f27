//! Requests for embeddings and for reranking that are being built.

use std::{sync::Arc, time::Duration};

use qwen_openclaw_catalog::{
    Provider, embedding,
    price::{Charge, TokenUsage},
    rerank,
};
use qwen_openclaw_client::Route;
use qwen_openclaw_embeddings::{
    Client, ContentEmbeddings, Document, EmbeddingRequest, EmbeddingSource, EmbeddingStream,
    Embeddings, MultimodalRequest, RerankRequest, Reranking, TextType, Usage,
};

#[cfg(feature = "router")]
use crate::router::VectorSender;
use crate::{Error, Qwen, ReplyCost};

impl Qwen {
    /// Starts a request for embeddings with a text model such as `qwen/text-embedding-v4`. An id without
    /// a provider means `qwen`, which needs a Standard key: the stored profile `qwen:standard`, otherwise
    /// the key of `qwen`.
    ///
    /// ```no_run
    /// # async fn run(qwen: qwen_openclaw::Qwen) -> Result<(), qwen_openclaw::Error> {
    /// let request = qwen.embed("qwen/text-embedding-v4").dimensions(256);
    /// let embeddings = request.send(["a red fox", "a blue whale"]).await?;
    /// assert_eq!(embeddings.vectors()[1].len(), 256);
    /// # Ok(())
    /// # }
    /// ```
    pub fn embed(&self, model: impl Into<String>) -> Embed {
        Embed {
            qwen: self.clone(),
            request: EmbeddingRequest::new(model),
            timeout: None,
            #[cfg(feature = "router")]
            agent: None,
        }
    }

    /// Embeds texts, images and videos with a multimodal model such as `qwen/qwen3-vl-embedding`.
    ///
    /// # Errors
    ///
    /// As [`Client::embed_contents`]; with a router also [`Budget`](crate::ErrorKind::Budget), before
    /// anything is sent.
    pub async fn embed_contents(
        &self,
        request: MultimodalRequest,
    ) -> Result<ContentEmbeddings, Error> {
        let model = self.parse(request.model())?;
        let request = request.model_id(&model.model);
        #[cfg(feature = "router")]
        if self.router().is_some() {
            let sender = VectorSender::find(self, &model, "embed", None, None).await?;
            let call = |client: Client| {
                let request = &request;
                async move { client.embed_contents(request).await }
            };
            // What an image counts for is not known beforehand.
            let used = |found: &ContentEmbeddings| (found.usage(), found.attempts());
            return sender.send(0, call, used).await;
        }
        let client = self.embeddings_client(&model.provider)?;
        Ok(client.embed_contents(&request).await?)
    }

    /// Starts a request that orders documents by how well they answer `query`, with a model such as
    /// `qwen/qwen3-rerank`. An id without a provider means `qwen`, which needs a Standard key.
    pub fn rerank(&self, model: impl Into<String>, query: impl Into<Document>) -> Rerank {
        Rerank {
            qwen: self.clone(),
            request: RerankRequest::new(model, query),
            timeout: None,
            #[cfg(feature = "router")]
            agent: None,
        }
    }

    /// Returns the client for embeddings and reranking of a provider, for what the facade does not
    /// offer.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn embeddings_client(&self, provider: &Provider) -> Result<Client, Error> {
        Ok(Client::on(self.service_connection(provider, None, None)?))
    }

    /// Resolves where the embeddings and rankings of a model are made, and with which key. Nothing is
    /// sent.
    ///
    /// # Errors
    ///
    /// As [`route`](Self::route).
    pub async fn embeddings_route(&self, model: &str) -> Result<Route, Error> {
        let model = self.parse(model)?;
        self.service_route(&model, None).await
    }

    /// Returns the cost of what embedding or reranking has used with the model of a route: by its
    /// configured price if there is one, otherwise by the list price of the endpoint. `None` when the
    /// price is not known.
    #[must_use]
    pub fn embeddings_cost(&self, route: &Route, usage: Usage) -> Option<ReplyCost> {
        let billed = usage.billed()?;
        let tokens = billed.text.saturating_add(billed.media);
        let configured = self.cost(
            route,
            &TokenUsage {
                input: tokens,
                ..TokenUsage::default()
            },
        );
        configured.or_else(|| {
            let (class, model) = (route.endpoint().class(), route.model()?);
            let Charge { cost, as_of, .. } = embedding::charge(class, model, billed)
                .or_else(|| rerank::charge(class, model, tokens))?;
            Some(ReplyCost {
                cost,
                as_of: Some(as_of),
                is_configured: false,
            })
        })
    }
}

/// A request for embeddings that is being built. Created by [`Qwen::embed`].
///
/// The methods here are the ones that most requests need. Every other parameter is a method of
/// [`EmbeddingRequest`]; set it through [`with`](Self::with).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send` or `stream`"]
pub struct Embed {
    qwen: Qwen,
    request: EmbeddingRequest,
    timeout: Option<Duration>,
    #[cfg(feature = "router")]
    agent: Option<String>,
}

impl Embed {
    /// Sets the agent that a router counts usage for. The default is none.
    #[cfg(feature = "router")]
    pub fn agent(mut self, id: impl Into<String>) -> Self {
        self.agent = Some(id.into());
        self
    }

    /// Sets the length of the vectors. The default is the model's.
    pub fn dimensions(self, dimensions: u32) -> Self {
        self.with(|request| request.dimensions(dimensions))
    }

    /// Says what the texts are for, which only the provider `qwen` understands. By default nothing is
    /// said, and the service assumes documents.
    pub fn text_type(self, text_type: TextType) -> Self {
        self.with(|request| request.text_type(text_type))
    }

    /// Changes the underlying request, with any of the methods of [`EmbeddingRequest`].
    pub fn with(mut self, change: impl FnOnce(EmbeddingRequest) -> EmbeddingRequest) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets how long a request may take. The default is 60 seconds.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Embeds any number of texts and returns their vectors in order.
    ///
    /// # Errors
    ///
    /// The first failure. [`as_embeddings`](Error::as_embeddings) has the vectors of the texts before
    /// it. With a router also [`Budget`](crate::ErrorKind::Budget): each request that the texts are
    /// split into must fit.
    pub async fn send(
        self,
        texts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Embeddings, Error> {
        let (source, request) = self.source().await?;
        let embedded = EmbeddingStream::of(source, request, texts).finish().await;
        Ok(embedded?)
    }

    /// Embeds the texts of a stream and yields their vectors in order, in constant memory; see
    /// [`Client::stream`].
    ///
    /// # Errors
    ///
    /// When the model leads nowhere. Nothing has been sent yet.
    pub async fn stream(
        self,
        texts: impl futures_core::Stream<Item = String> + Send + 'static,
    ) -> Result<EmbeddingStream, Error> {
        let (source, request) = self.source().await?;
        Ok(EmbeddingStream::over(source, request, texts))
    }

    async fn source(self) -> Result<(Arc<dyn EmbeddingSource>, EmbeddingRequest), Error> {
        let model = self.qwen.parse(self.request.model())?;
        let request = self.request.model_id(&model.model);
        #[cfg(feature = "router")]
        if self.qwen.router().is_some() {
            let agent = self.agent.as_deref();
            let found = VectorSender::find(&self.qwen, &model, "embed", agent, self.timeout);
            return Ok((Arc::new(found.await?), request));
        }
        let mut client = self.qwen.embeddings_client(&model.provider)?;
        if let Some(limit) = self.timeout {
            client = client.timeout(limit);
        }
        Ok((Arc::new(client), request))
    }
}

/// A request to order documents that is being built. Created by [`Qwen::rerank`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Rerank {
    qwen: Qwen,
    request: RerankRequest,
    timeout: Option<Duration>,
    #[cfg(feature = "router")]
    agent: Option<String>,
}

impl Rerank {
    /// Sets the agent that a router counts usage for. The default is none.
    #[cfg(feature = "router")]
    pub fn agent(mut self, id: impl Into<String>) -> Self {
        self.agent = Some(id.into());
        self
    }

    /// Adds texts to order.
    pub fn texts(self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|request| request.texts(texts))
    }

    /// Sets how many results are returned, the best ones. The default is all of them.
    pub fn top(self, results: usize) -> Self {
        self.with(|request| request.top(results))
    }

    /// Changes the underlying request, with any of the methods of [`RerankRequest`].
    pub fn with(mut self, change: impl FnOnce(RerankRequest) -> RerankRequest) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets how long the request may take. The default is 60 seconds.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Sends the request.
    ///
    /// # Errors
    ///
    /// As [`Client::rerank`]; with a router also [`Budget`](crate::ErrorKind::Budget), before anything
    /// is sent.
    pub async fn send(self) -> Result<Reranking, Error> {
        let model = self.qwen.parse(self.request.model())?;
        let request = self.request.model_id(&model.model);
        #[cfg(feature = "router")]
        if self.qwen.router().is_some() {
            let agent = self.agent.as_deref();
            let sender = VectorSender::find(&self.qwen, &model, "rerank", agent, self.timeout);
            let call = |client: Client| {
                let request = &request;
                async move { client.rerank(request).await }
            };
            let used = |ranking: &Reranking| (ranking.usage(), ranking.attempts());
            let tokens = request.estimated_tokens();
            return sender.await?.send(tokens, call, used).await;
        }
        let mut client = self.qwen.embeddings_client(&model.provider)?;
        if let Some(limit) = self.timeout {
            client = client.timeout(limit);
        }
        Ok(client.rerank(&request).await?)
    }
}
