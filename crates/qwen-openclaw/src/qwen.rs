//! The front door: which key and which endpoint each provider gets.

#[cfg(feature = "video")]
use std::sync::OnceLock;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use qwen_openclaw_auth::{Environment, KeyKind, Resolved, Resolver};
use qwen_openclaw_catalog::{Endpoint, ModelRef, Plan, Provider, Region};
use qwen_openclaw_transport::{Client, Describe, Media};

use crate::{Chat, Error, QwenBuilder, Target};

/// Qwen Cloud, ready to use. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Qwen {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) settings: QwenBuilder,
    pub(crate) http: qwen_openclaw_http::Client,
    clients: Mutex<HashMap<Provider, Client>>,
    #[cfg(feature = "video")]
    pub(crate) video: OnceLock<qwen_openclaw_video::Client>,
}

impl Qwen {
    /// Takes keys and settings from the environment of the process and from `~/.openclaw/.env`,
    /// as OpenClaw does. A key is looked for when it is first needed.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be set up.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder()
            .environment(Environment::capture().with_openclaw_dotenv())
            .build()
    }

    /// Starts with nothing: no key, no environment.
    pub fn builder() -> QwenBuilder {
        QwenBuilder::default()
    }

    /// Starts a chat with a model, such as `qwen/qwen3.5-plus`. An id without a provider belongs
    /// to `qwen`.
    pub fn chat(&self, model: impl Into<String>) -> Chat {
        Chat::new(self.clone(), model.into())
    }

    /// Asks what an image shows, with the key of the provider `qwen`. Nothing is sent before
    /// [`Describe::send`].
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn describe_image(&self, image: impl Into<Media>) -> Result<Describe, Error> {
        let describe = self.client(&Provider::QWEN)?.describe_image(image);
        Ok(describe.edition(self.inner.settings.edition))
    }

    /// Asks what a clip shows, with the key of the provider `qwen`. Nothing is sent before
    /// [`Describe::send`].
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn describe_video(&self, video: impl Into<Media>) -> Result<Describe, Error> {
        let describe = self.client(&Provider::QWEN)?.describe_video(video);
        Ok(describe.edition(self.inner.settings.edition))
    }

    /// Says what a model ref means here, without sending anything.
    ///
    /// # Errors
    ///
    /// Kind `Refused` for an unknown provider, with the nearest ones, and for an address that no
    /// key may be sent to.
    pub fn resolve(&self, model: &str) -> Result<Target, Error> {
        let model = ModelRef::parse(model)?;
        let base_url = self.base_url(&model.provider)?;
        Ok(Target::new(model, base_url, self.inner.settings.edition))
    }

    /// Returns the client of a provider, for what the facade does not offer.
    ///
    /// # Errors
    ///
    /// Kind `Auth` without a usable credential, kind `Refused` for an address that no key may be
    /// sent to.
    pub fn client(&self, provider: &Provider) -> Result<Client, Error> {
        let clients = || {
            let clients = self.inner.clients.lock();
            clients.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(client) = clients().get(provider) {
            return Ok(client.clone());
        }
        let client = self.connect(provider)?;
        // Two that connect at once agree on the first.
        Ok(clients().entry(provider.clone()).or_insert(client).clone())
    }

    /// Returns the base URL that requests of a provider are sent to: an explicit one, else plan
    /// and region, else `QWEN_BASE_URL` (for `qwen` alone), else the provider's default; a Coding
    /// Plan key takes the Coding Plan. Stored profiles are not looked at: where nothing else says
    /// where to send, a stored key is sent to the endpoint of its own plan.
    ///
    /// # Errors
    ///
    /// When `QWEN_BASE_URL` is no text.
    pub fn base_url(&self, provider: &Provider) -> Result<String, Error> {
        let settings = &self.inner.settings;
        if let Some(url) = settings.base_urls.get(provider) {
            return Ok(url.as_str().to_owned());
        }
        let region = settings.region.unwrap_or(Region::Global);
        if *provider == Provider::QWEN_TOKEN_PLAN {
            return Ok(Endpoint::of(Plan::Token, region).base_url().to_owned());
        }
        if *provider != Provider::QWEN {
            let default = provider.default_base_url();
            return Ok(default.ok_or_else(|| provider.unknown())?.to_owned());
        }
        if let Some(plan) = settings.plan {
            return Ok(Endpoint::of(plan, region).base_url().to_owned());
        }
        if let Some(url) = settings.environment_url()? {
            return Ok(url.to_owned());
        }
        // A broken or missing key is said when it is needed.
        let key = self.key(provider).ok();
        let plan = match key.map(|found| found.key().kind()) {
            Some(KeyKind::CodingPlan) => Plan::Coding,
            _ => Plan::Standard,
        };
        Ok(Endpoint::of(plan, region).base_url().to_owned())
    }

    /// Finds the explicit key of a provider, else that of the environment, and where it comes from.
    /// Stored profiles, which come between the two, are not looked at.
    ///
    /// # Errors
    ///
    /// Kind `Auth` when there is none, or when the one that counts is no key.
    pub fn key(&self, provider: &Provider) -> Result<Resolved, Error> {
        Ok(self.resolved(provider)?)
    }

    pub(crate) fn resolved(
        &self,
        provider: &Provider,
    ) -> Result<Resolved, qwen_openclaw_auth::Error> {
        let settings = &self.inner.settings;
        let resolver = Resolver::new(provider.clone()).environment(&settings.environment);
        let resolver = match settings.keys.get(provider) {
            Some(key) => resolver.explicit(key.clone()),
            None => resolver,
        };
        resolver.resolve()
    }

    pub(crate) fn new(settings: QwenBuilder, http: qwen_openclaw_http::Client) -> Self {
        let inner = Inner {
            settings,
            http,
            clients: Mutex::default(),
            #[cfg(feature = "video")]
            video: OnceLock::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    fn connect(&self, provider: &Provider) -> Result<Client, Error> {
        let settings = &self.inner.settings;
        let credential = self.credential_for(provider)?;
        let mut builder = Client::builder_with(self.base_url(provider)?, credential)
            .http(self.inner.http.clone())
            .provider(provider.clone());
        if let Some(policy) = &settings.retry {
            builder = builder.retry(policy.clone());
        }
        if let Some(limits) = settings.stall {
            builder = builder.stall(limits);
        }
        if let Some(ask) = settings.usage {
            builder = builder.usage(ask);
        }
        if settings.plain_http {
            builder = builder.allow_plain_http();
        }
        if let Some(id) = &settings.workspace
            && *provider == Provider::QWEN
        {
            builder = builder.header("X-DashScope-WorkSpace", id);
        }
        Ok(builder.build()?)
    }
}
