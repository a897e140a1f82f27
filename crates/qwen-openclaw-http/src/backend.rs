//! The built-in sender: reqwest, once for loopback and once for the rest of the world.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{
    Body, Error, ErrorKind, SendRequest,
    base_url::is_loopback,
    screen::{PublicOnly, is_private},
};

#[derive(Debug)]
pub(crate) struct BackendOptions {
    pub(crate) connect_timeout: Duration,
}

impl Default for BackendOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// Loopback gets a client of its own: it must not go through a proxy, and an emulator has to work
/// on a machine without a trust store. Each is built at its first use, because reading the trust
/// store costs more than everything else a short command does.
#[derive(Debug)]
pub(crate) struct Backend {
    options: BackendOptions,
    loopback: OnceLock<Result<reqwest::Client, Error>>,
    remote: OnceLock<Result<reqwest::Client, Error>>,
    /// For addresses that a server gave.
    public: OnceLock<Result<reqwest::Client, Error>>,
}

impl Backend {
    pub(crate) fn new(options: BackendOptions) -> Self {
        Self {
            options,
            loopback: OnceLock::new(),
            remote: OnceLock::new(),
            public: OnceLock::new(),
        }
    }

    #[cfg(feature = "reqwest-0-13")]
    pub(crate) fn with_client(client: reqwest::Client) -> Self {
        Self {
            options: BackendOptions::default(),
            loopback: OnceLock::from(Ok(client.clone())),
            remote: OnceLock::from(Ok(client.clone())),
            public: OnceLock::from(Ok(client)),
        }
    }

    fn client_for(&self, url: &url::Url, public_only: bool) -> Result<&reqwest::Client, Error> {
        let client = if public_only {
            self.public.get_or_init(|| {
                let builder = self.builder().dns_resolver(Arc::new(PublicOnly));
                build(tls::platform(builder)?)
            })
        } else if is_loopback(url) && url.scheme() == "http" {
            self.loopback
                .get_or_init(|| build(tls::none(self.builder().no_proxy())))
        } else {
            self.remote
                .get_or_init(|| build(tls::platform(self.builder())?))
        };
        client.as_ref().map_err(Clone::clone)
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .connect_timeout(self.options.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            // Retries are made above, where it is known whether a second try may act twice.
            .retry(reqwest::retry::never())
            .referer(false)
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder
        .build()
        .map_err(|error| Error::new(ErrorKind::Setup).with_source(error))
}

#[async_trait]
impl SendRequest for Backend {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        let public_only = request.extensions().get::<PublicOnly>().is_some();
        let request = reqwest::Request::try_from(request.map(reqwest::Body::from))
            .map_err(|error| Error::new(ErrorKind::Address).with_source(error.without_url()))?;
        let client = self.client_for(request.url(), public_only)?;
        let response = client.execute(request).await.map_err(|error| {
            let kind = match error.is_connect() {
                true if leads_inward(&error) => ErrorKind::Address,
                true => ErrorKind::Connect,
                false => ErrorKind::Interrupted,
            };
            Error::new(kind).with_source(error.without_url())
        })?;
        Ok(http::Response::from(response).map(Body::from_reqwest))
    }
}

/// Resolves names, and leaves out the addresses of private networks.
impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| !is_private(found.ip())).collect();
            if public.is_empty() {
                return Err(Inward.into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// A name that resolves to private addresses only.
#[derive(Debug)]
struct Inward;

impl std::fmt::Display for Inward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name leads into a private network")
    }
}

impl std::error::Error for Inward {}

fn leads_inward(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // The resolver's error comes back inside an `io::Error`.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if error.is::<Inward>() || inner.is_some_and(|inner| inner.is::<Inward>()) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// TLS by rustls and ring.
///
/// The provider is handed over instead of being installed as the process's default: a library has
/// no business deciding that for the program around it. One that is installed already is used.
#[cfg(feature = "rustls")]
mod tls {
    use std::sync::Arc;

    use rustls::{
        ClientConfig, RootCertStore,
        crypto::{CryptoProvider, ring},
    };
    use rustls_platform_verifier::BuilderVerifierExt;

    use crate::{Error, ErrorKind};

    pub(super) fn none(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        match versions() {
            Ok(config) => builder.tls_backend_preconfigured(
                config
                    .with_root_certificates(RootCertStore::empty())
                    .with_no_client_auth(),
            ),
            // Left to reqwest, whose error then says what is wrong.
            Err(_) => builder,
        }
    }

    pub(super) fn platform(
        builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, Error> {
        let setup = |error| {
            Error::new(ErrorKind::Setup)
                .with_message("could not set up TLS with the platform's trust store")
                .with_source(error)
        };
        let config = versions()
            .map_err(setup)?
            .with_platform_verifier()
            .map_err(setup)?;
        Ok(builder.tls_backend_preconfigured(config.with_no_client_auth()))
    }

    fn versions()
    -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, rustls::Error> {
        let provider = CryptoProvider::get_default().cloned();
        let provider = provider.unwrap_or_else(|| Arc::new(ring::default_provider()));
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
    }
}

/// TLS as reqwest sets it up, or none at all.
#[cfg(not(feature = "rustls"))]
mod tls {
    use crate::Error;

    pub(super) fn none(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        builder
    }

    #[expect(clippy::unnecessary_wraps, reason = "with rustls this can fail")]
    pub(super) fn platform(
        builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, Error> {
        Ok(builder)
    }
}
