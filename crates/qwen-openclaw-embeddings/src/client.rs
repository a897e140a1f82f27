//! The client: one endpoint, one credential, any number of texts.

use std::{sync::Arc, time::Duration};

use futures_core::Stream;
use qwen_openclaw_auth::{CredentialProvider, StaticCredential, async_trait};
use qwen_openclaw_catalog::{Provider, rerank};
use qwen_openclaw_client::{Connection, ConnectionBuilder, EndpointRules, RequestTemplate, Route};
use qwen_openclaw_http::{BufferedResponse, RetryPolicy};

use crate::{
    ContentEmbeddings, EmbeddingRequest, EmbeddingSource, EmbeddingStream, Embeddings, Error,
    MultimodalRequest, RerankRequest, Reranking, answer, host::Service,
};

/// The time limit of a request unless set otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The length of vectors that is allowed for if it is not known.
const LONGEST: usize = 8_192;

/// The most that a server writes for a number: a double, a comma and a space, with room for more.
const BYTES_PER_NUMBER: usize = 32;

/// What an answer has beside numbers, for each text or document. A server may repeat a document.
const BYTES_PER_RESULT: usize = 1_024;

const BYTES_PER_ANSWER: usize = 64 * 1_024;

/// Embeds and reranks, with one key at one endpoint. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    connection: Connection,
    timeout: Duration,
}

impl Client {
    /// Creates a builder for a client of `base_url`, which may be that of any endpoint. The key must be
    /// a Standard key of the same region.
    pub fn builder(
        base_url: impl Into<String>,
        credential: impl Into<qwen_openclaw_auth::Credential>,
    ) -> ClientBuilder {
        Self::builder_with(base_url, Arc::new(StaticCredential::new(credential)))
    }

    /// Like [`builder`](Self::builder), with a provider that is asked for a credential before each
    /// request.
    pub fn builder_with(
        base_url: impl Into<String>,
        credential: Arc<dyn CredentialProvider>,
    ) -> ClientBuilder {
        let base_url: String = base_url.into();
        let rules = EndpointRules::new().base_url(base_url);
        Self::over(Connection::builder(Provider::QWEN, rules).credentials(credential))
    }

    /// Creates a builder for a client that sends through `connection`.
    pub fn over(connection: ConnectionBuilder) -> ClientBuilder {
        ClientBuilder {
            connection,
            timeout: TIMEOUT,
        }
    }

    /// Creates a client that shares a connection with other clients.
    #[must_use]
    pub fn on(connection: Connection) -> Self {
        Self {
            connection,
            timeout: TIMEOUT,
        }
    }

    /// Sets how long a request may take; see [`ClientBuilder::timeout`].
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Returns the connection that requests are sent through.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Embeds any number of texts, in as many requests as it takes, and returns their vectors in order.
    ///
    /// # Errors
    ///
    /// The first failure. [`Error::inputs`] says which texts it is about, and [`Error::embedded`] has
    /// the vectors of those before.
    pub async fn embed(
        &self,
        request: &EmbeddingRequest,
        texts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Embeddings, Error> {
        let source = Arc::new(self.clone());
        let embedded = EmbeddingStream::of(source, request.clone(), texts);
        embedded.finish().await
    }

    /// Embeds the texts of a stream, and yields their vectors in order.
    ///
    /// Texts are taken as fast as vectors are, so that no more are held than the requests under way
    /// have. Nothing is sent before the stream is polled; dropping it stops the work.
    pub fn stream(
        &self,
        request: &EmbeddingRequest,
        texts: impl Stream<Item = String> + Send + 'static,
    ) -> EmbeddingStream {
        EmbeddingStream::over(Arc::new(self.clone()), request.clone(), texts)
    }

    /// Embeds texts, images and videos with a multimodal model, in one request.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) without contents and for a provider that is
    /// not the service itself; otherwise the server's error.
    pub async fn embed_contents(
        &self,
        request: &MultimodalRequest,
    ) -> Result<ContentEmbeddings, Error> {
        if request.is_empty() {
            return Err(Error::refused("there is nothing to embed"));
        }
        let route = self.connection.route().await?;
        let body = request.body().to_string().into_bytes();
        let limit = room_for_vectors(request.expected(), request.dimensions);
        let mut post = Post::new(Service::Contents, &request.model, body);
        post.resolves_uploads = request.needs_resolving();
        let (answer, attempts) = self.send(route, post, limit).await?;
        answer::contents(
            &answer,
            &self.connection,
            request.expected(),
            request.dimensions,
            attempts,
        )
        .map_err(|error| error.with_attempts(attempts))
    }

    /// Orders documents by how well they answer the query, in one request.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) without documents; otherwise the server's
    /// error.
    pub async fn rerank(&self, request: &RerankRequest) -> Result<Reranking, Error> {
        if let Some(problem) = request.problem() {
            return Err(Error::refused(problem));
        }
        let route = self.connection.route().await?;
        let api = if route.provider().is_qwen() {
            rerank::api(&request.model)
        } else {
            rerank::Api::Compatible
        };
        let body = request.body(api).to_string().into_bytes();
        // A server may repeat the documents, with escapes.
        let limit =
            BYTES_PER_ANSWER + 6 * body.len() + BYTES_PER_RESULT * request.documents().len();
        let mut post = Post::new(Service::Rerank(api), &request.model, body);
        post.resolves_uploads = request.needs_resolving();
        let (answer, attempts) = self.send(route, post, limit).await?;
        let (documents, expected) = (request.documents().len(), request.expected());
        answer::reranking(&answer, &self.connection, documents, expected, attempts)
            .map_err(|error| error.with_attempts(attempts))
    }

    async fn send(
        &self,
        route: Route,
        post: Post<'_>,
        limit: usize,
    ) -> Result<(BufferedResponse, u32), Error> {
        let (host, path) = post.service.place(&route)?;
        let mut template = RequestTemplate::post(path, post.body)
            .host(host)
            .model(post.model)
            .accept("application/json")
            .head_timeout(self.timeout);
        if post.resolves_uploads {
            template = template.header("X-DashScope-OssResourceResolve", "enable");
        }
        let mut call = self.connection.call(template).on(route);
        match call.answer(limit).await {
            Ok(answer) => Ok((answer, call.attempts())),
            Err(error) => Err(Error::from(error).with_attempts(call.attempts())),
        }
    }
}

#[async_trait]
impl EmbeddingSource for Client {
    async fn embed_batch(
        &self,
        request: &EmbeddingRequest,
        texts: &[String],
    ) -> Result<Embeddings, Error> {
        let route = self.connection.route().await?;
        let (service, body) = if request.is_native() {
            (Service::NativeTexts, request.native_body(texts))
        } else {
            (Service::Texts, request.compatible_body(texts))
        };
        let body = body.map_err(|error| {
            Error::refused("the request cannot be written as JSON").with_source(error)
        })?;
        let limit = room_for_vectors(texts.len(), request.dimensions);
        let post = Post::new(service, &request.model, body);
        let (answer, attempts) = self.send(route, post, limit).await?;
        let dimensions = request.dimensions;
        answer::embeddings(&answer, &self.connection, texts.len(), dimensions, attempts)
            .map_err(|error| error.with_attempts(attempts))
    }
}

/// The maximum length of an answer with vectors.
fn room_for_vectors(vectors: usize, dimensions: Option<u32>) -> usize {
    let numbers = dimensions.map_or(LONGEST, |dimensions| dimensions as usize);
    let bytes = numbers.saturating_mul(BYTES_PER_NUMBER);
    let all = vectors.saturating_mul(bytes.saturating_add(BYTES_PER_RESULT));
    all.saturating_add(BYTES_PER_ANSWER)
}

struct Post<'a> {
    service: Service,
    model: &'a str,
    body: Vec<u8>,
    resolves_uploads: bool,
}

impl<'a> Post<'a> {
    fn new(service: Service, model: &'a str, body: Vec<u8>) -> Self {
        Self {
            service,
            model,
            body,
            resolves_uploads: false,
        }
    }
}

/// Configures a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    connection: ConnectionBuilder,
    timeout: Duration,
}

impl ClientBuilder {
    /// Configures the connection that requests are sent through.
    pub fn connection(
        mut self,
        change: impl FnOnce(ConnectionBuilder) -> ConnectionBuilder,
    ) -> Self {
        self.connection = change(self.connection);
        self
    }

    /// Uses `http`, which several clients may share. The default is a new client.
    pub fn http(self, http: qwen_openclaw_http::Client) -> Self {
        self.connection(|connection| connection.http(http))
    }

    /// Sets the retry policy. The default is [`RetryPolicy::default`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.connection(|connection| connection.retry(policy))
    }

    /// Sets how long the server may take to begin its answer, and again to complete it. The default is
    /// 60 seconds. There is always a limit: the service has been seen to accept a request and never
    /// answer it.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if a key must not be sent to the
    /// base URL, [`ErrorKind::Setup`](crate::ErrorKind::Setup) if the HTTP client cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let connection = self.connection.build()?;
        // Said now, not at the first request.
        connection.endpoint_without_key()?;
        Ok(Client {
            connection,
            timeout: self.timeout,
        })
    }
}
