//! The entry point: one connection per provider.

#[cfg(feature = "__tasks")]
use std::sync::OnceLock;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use qwen_openclaw_auth::{Environment, Resolved};
use qwen_openclaw_catalog::{Modality, ModelRef, Provider};
use qwen_openclaw_client::{ConnectionBuilder, Route, Routes};
#[cfg(feature = "config")]
use qwen_openclaw_transport::StreamTimeouts;
use qwen_openclaw_transport::{Client, Describe, DiscoveredModel, Media};

use crate::{Chat, Error, QwenBuilder};

/// Qwen Cloud, ready to use. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Qwen {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) settings: QwenBuilder,
    clients: Mutex<HashMap<Provider, Client>>,
    #[cfg(feature = "router")]
    pub(crate) account_clients: crate::router::AccountClients,
    #[cfg(feature = "image")]
    pub(crate) image: OnceLock<qwen_openclaw_image::Client>,
    #[cfg(feature = "video")]
    pub(crate) video: OnceLock<qwen_openclaw_video::Client>,
}

impl Qwen {
    /// Takes keys and settings from the environment of the process and from `~/.openclaw/.env`, as
    /// OpenClaw does. A key is looked up when it is first needed. Image and video jobs are kept in memory
    /// only, so a crash loses track of them; [`from_home`](Self::from_home) keeps them in files.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be set up.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().environment(environment()).build()
    }

    /// Sets up as the command does: stored credentials and the job ledger in the state folder
    /// (`$QWEN_OPENCLAW_HOME`, otherwise `~/.qwen-openclaw`), plus everything that
    /// [`from_env`](Self::from_env) reads. Programs and the command find each other's keys and jobs,
    /// and a job survives a crash.
    ///
    /// # Errors
    ///
    /// When the home folder is unknown, and when the HTTP client cannot be set up.
    #[cfg(feature = "store")]
    pub fn from_home() -> Result<Self, Error> {
        Self::builder().environment(environment()).home()?.build()
    }

    /// Returns a builder that starts empty: no key, no environment.
    pub fn builder() -> QwenBuilder {
        QwenBuilder::default()
    }

    /// Starts a chat request for a model such as `qwen/qwen3.5-plus`. An id without a provider means
    /// `qwen`.
    pub fn chat(&self, model: impl Into<String>) -> Chat {
        Chat::new(self.clone(), model.into())
    }

    /// Asks what an image shows: the model that OpenClaw's configuration has for images if it was set,
    /// otherwise the default of the provider `qwen`. Nothing is sent before
    /// [`Describe::send`].
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn describe_image(&self, image: impl Into<Media>) -> Result<Describe, Error> {
        self.describe(
            Modality::Image,
            image.into(),
            self.viewers(Modality::Image)?,
        )
    }

    /// Asks what a video shows: the model that OpenClaw's configuration has for videos if it was set,
    /// otherwise the default of the provider `qwen`. Nothing is sent before
    /// [`Describe::send`].
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn describe_video(&self, video: impl Into<Media>) -> Result<Describe, Error> {
        self.describe(
            Modality::Video,
            video.into(),
            self.viewers(Modality::Video)?,
        )
    }

    /// Asks a model of any provider, and no other, what an image shows. An id without a provider means
    /// `qwen`. Nothing is sent before [`Describe::send`].
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn describe_image_with(
        &self,
        model: impl Into<String>,
        image: impl Into<Media>,
    ) -> Result<Describe, Error> {
        self.describe(Modality::Image, image.into(), vec![model.into()])
    }

    /// Asks a model of any provider, and no other, what a video shows. An id without a provider means
    /// `qwen`. Nothing is sent before [`Describe::send`].
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn describe_video_with(
        &self,
        model: impl Into<String>,
        video: impl Into<Media>,
    ) -> Result<Describe, Error> {
        self.describe(Modality::Video, video.into(), vec![model.into()])
    }

    /// The configured models for images or videos, as refs.
    fn viewers(&self, kind: Modality) -> Result<Vec<String>, Error> {
        #[cfg(feature = "config")]
        return self.inner.settings.media_models(kind);
        #[cfg(not(feature = "config"))]
        {
            let _ = kind;
            Ok(Vec::new())
        }
    }

    fn describe(
        &self,
        kind: Modality,
        media: Media,
        models: Vec<String>,
    ) -> Result<Describe, Error> {
        let model = models.first();
        let model = model.map(|model| self.parse(model)).transpose()?;
        let provider = model.as_ref().map(|model| &model.provider);
        let client = self.client(provider.unwrap_or(&Provider::QWEN))?;
        let describe = match kind {
            Modality::Video => client.describe_video(media),
            _ => client.describe_image(media),
        };
        let describe = describe.edition(self.routes().catalog_edition());
        #[cfg(feature = "router")]
        let describe = self.route_description(describe, models);
        Ok(match model {
            Some(model) => describe.model(model.model),
            None => describe,
        })
    }

    /// Asks a provider's endpoint which models it offers.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client) and [`Client::models`].
    pub async fn models(&self, provider: &Provider) -> Result<Vec<DiscoveredModel>, Error> {
        Ok(self.client(provider)?.models().await?)
    }

    /// Parses a model ref, such as `qwen/qwen3.5-plus`, or an alias of OpenClaw's configuration if it
    /// was set. An id without a provider means `qwen`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) for an invalid provider id, and
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for an invalid ref or an ambiguous alias.
    pub fn parse(&self, model: &str) -> Result<ModelRef, Error> {
        #[cfg(feature = "config")]
        let model = self.inner.settings.resolve(model)?;
        let model = self.routes().parse(model);
        Ok(model.map_err(qwen_openclaw_transport::Error::from)?)
    }

    /// Resolves a model ref to its provider, endpoint, credential and catalog row. Nothing is sent,
    /// and no login is refreshed.
    ///
    /// # Errors
    ///
    /// As [`Routes::route`].
    pub async fn route(&self, model: &str) -> Result<Route, Error> {
        let model = self.parse(model)?;
        let route = self.route_to(&model.provider).await?;
        Ok(route.with_model(&model.model, self.routes().catalog_edition()))
    }

    /// Resolves the route to a provider, for any model.
    ///
    /// # Errors
    ///
    /// As [`Routes::route_to`].
    pub async fn route_to(&self, provider: &Provider) -> Result<Route, Error> {
        let route = self.routes().route_to(provider).await;
        Ok(route.map_err(qwen_openclaw_transport::Error::from)?)
    }

    /// Returns the settings that decide where requests go.
    pub fn routes(&self) -> &Routes {
        &self.inner.settings.routes
    }

    /// Returns a provider's client, for what the facade does not offer.
    ///
    /// # Errors
    ///
    /// When there is certainly no usable credential, and for a base URL that no key may be sent to.
    pub fn client(&self, provider: &Provider) -> Result<Client, Error> {
        let clients = || {
            let clients = self.inner.clients.lock();
            clients.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(client) = clients().get(provider) {
            return Ok(client.clone());
        }
        let client = self.connect(provider)?;
        // When two callers connect at once, the first client is used by both.
        Ok(clients().entry(provider.clone()).or_insert(client).clone())
    }

    /// Finds a provider's explicit key, otherwise the one in the environment, otherwise the configured
    /// one, and where it came from. Stored profiles, which rank after the explicit key, are not
    /// consulted.
    ///
    /// # Errors
    ///
    /// When there is no key, and when the one that counts is not a valid key.
    pub fn key(&self, provider: &Provider) -> Result<Resolved, Error> {
        Ok(self.routes().key(provider)?)
    }

    pub(crate) fn new(settings: QwenBuilder) -> Self {
        let inner = Inner {
            settings,
            clients: Mutex::default(),
            #[cfg(feature = "router")]
            account_clients: Default::default(),
            #[cfg(feature = "image")]
            image: OnceLock::new(),
            #[cfg(feature = "video")]
            video: OnceLock::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    fn connect(&self, provider: &Provider) -> Result<Client, Error> {
        let settings = &self.inner.settings;
        let connection = settings.routes.connect(provider);
        let connection = connection.map_err(qwen_openclaw_transport::Error::from)?;
        self.client_over(provider, connection)
    }

    /// Creates the client of a connection, with the settings of this facade.
    pub(crate) fn client_over(
        &self,
        provider: &Provider,
        connection: ConnectionBuilder,
    ) -> Result<Client, Error> {
        let settings = &self.inner.settings;
        let mut builder = Client::over(connection);
        if let Some(policy) = &settings.retry {
            builder = builder.retry(policy.clone());
        }
        #[cfg(feature = "config")]
        if let Some(configured) = settings.configured.get(provider) {
            builder = builder.all_models(configured.models.clone());
            if let Some(limit) = configured.timeout {
                builder = builder.stream_timeouts(StreamTimeouts::total(limit));
            }
        }
        if let Some(timeouts) = settings.stream_timeouts {
            builder = builder.stream_timeouts(timeouts);
        }
        if let Some(ask) = settings.usage {
            builder = builder.usage(ask);
        }
        let models = settings.models.iter();
        for (_, id, capabilities) in models.filter(|(owner, ..)| owner == provider) {
            builder = builder.model(id, capabilities.clone());
        }
        Ok(builder.build()?)
    }
}

pub(crate) fn environment() -> Environment {
    Environment::capture().with_openclaw_dotenv()
}
