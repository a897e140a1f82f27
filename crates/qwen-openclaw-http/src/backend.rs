//! The built-in sender: reqwest, once for loopback and once for the rest of the world.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{
    Body, CheckedTarget, Error, ErrorKind, Lookup, SendRequest,
    base_url::is_loopback,
    target::{ResolveName, SystemNames},
};

#[derive(Debug)]
pub(crate) struct BackendOptions {
    pub(crate) connect_timeout: Duration,
    pub(crate) names: Arc<dyn ResolveName>,
    /// In place of the environment's.
    #[cfg(test)]
    pub(crate) proxy: Option<reqwest::Proxy>,
}

impl Default for BackendOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            names: Arc::new(SystemNames),
            #[cfg(test)]
            proxy: None,
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
    platform: OnceLock<Result<tls::Platform, Error>>,
}

impl Backend {
    pub(crate) fn new(options: BackendOptions) -> Self {
        Self {
            options,
            loopback: OnceLock::new(),
            remote: OnceLock::new(),
            platform: OnceLock::new(),
        }
    }

    fn client_for(&self, url: &url::Url) -> Result<reqwest::Client, Error> {
        let client = if is_loopback(url) && url.scheme() == "http" {
            self.loopback
                .get_or_init(|| build(tls::none(self.builder().no_proxy())))
        } else {
            self.remote.get_or_init(|| build(self.remote_builder()?))
        };
        client.clone()
    }

    /// A client for one request to an address that a server gave. It shares no connections: what
    /// its resolver answers holds for this request alone.
    fn client_to(&self, url: &url::Url, target: &CheckedTarget) -> Result<reqwest::Client, Error> {
        let addresses = target.addresses().iter();
        let resolver = Pinned {
            host: url.host_str().unwrap_or_default().to_owned(),
            addresses: addresses.map(|ip| SocketAddr::new(*ip, 0)).collect(),
            others: self.options.names.clone(),
        };
        build(self.remote_builder()?.dns_resolver(Arc::new(resolver)))
    }

    fn remote_builder(&self) -> Result<reqwest::ClientBuilder, Error> {
        let platform = self.platform.get_or_init(tls::platform);
        let platform = platform.as_ref().map_err(Clone::clone)?;
        Ok(tls::with(platform, self.builder()))
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        let builder = reqwest::Client::builder()
            .connect_timeout(self.options.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            // Retries are made above, where it is known whether a second try may act twice.
            .retry(reqwest::retry::never())
            .referer(false);
        #[cfg(test)]
        let builder = match self.options.proxy.clone() {
            Some(proxy) => builder.proxy(proxy),
            None => builder,
        };
        builder
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder
        .build()
        .map_err(|error| Error::unsent(ErrorKind::Setup).with_source(error))
}

#[async_trait]
impl SendRequest for Backend {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        let target = request.extensions().get::<CheckedTarget>().cloned();
        let request = read(request)?;
        let client = match target {
            Some(target) => self.client_to(request.url(), &target)?,
            None => self.client_for(request.url())?,
        };
        execute(&client, request).await
    }

    fn lookup(&self) -> Lookup {
        Lookup::Checked
    }
}

/// A client that was handed in. Its proxies and its resolver are its own, and cannot be seen.
#[cfg(any(feature = "reqwest-0-13", test))]
#[derive(Debug)]
pub(crate) struct HandedIn(pub(crate) reqwest::Client);

#[cfg(test)]
impl HandedIn {
    /// A client that a test has set up, for plain http.
    pub(crate) fn of(builder: reqwest::ClientBuilder) -> Self {
        Self(build(tls::none(builder)).unwrap())
    }
}

#[cfg(any(feature = "reqwest-0-13", test))]
#[async_trait]
impl SendRequest for HandedIn {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        execute(&self.0, read(request)?).await
    }

    fn lookup(&self) -> Lookup {
        Lookup::Own
    }
}

fn read(request: http::Request<Bytes>) -> Result<reqwest::Request, Error> {
    reqwest::Request::try_from(request.map(reqwest::Body::from))
        .map_err(|error| Error::unsent(ErrorKind::InvalidRequest).with_source(error.without_url()))
}

async fn execute(
    client: &reqwest::Client,
    request: reqwest::Request,
) -> Result<http::Response<Body>, Error> {
    let response = client.execute(request).await.map_err(|error| {
        let failed = match error.is_connect() {
            true => {
                Error::unsent(ErrorKind::Network).with_message("could not connect to the server")
            }
            false => Error::new(ErrorKind::Network).with_message("the connection broke"),
        };
        failed.with_source(error.without_url())
    })?;
    Ok(http::Response::from(response).map(Body::from_reqwest))
}

/// Knows one host by the addresses that were checked. Any other name that it is asked for is that
/// of a proxy, which the user chose and which may well be a private one.
#[derive(Debug)]
struct Pinned {
    host: String,
    addresses: Vec<SocketAddr>,
    others: Arc<dyn ResolveName>,
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        if name.as_str().eq_ignore_ascii_case(&self.host) {
            let addresses = self.addresses.clone();
            return Box::pin(async move {
                if addresses.is_empty() {
                    return Err(Unknown.into());
                }
                let addresses: Addrs = Box::new(addresses.into_iter());
                Ok(addresses)
            });
        }
        let names = self.others.clone();
        Box::pin(async move {
            let found = names.resolve(name.as_str()).await?;
            let addresses: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

/// A name without an address.
#[derive(Debug)]
struct Unknown;

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name does not resolve here, and there is no proxy to ask for it")
    }
}

impl std::error::Error for Unknown {}

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

    /// The platform's trust store, read once.
    pub(super) type Platform = ClientConfig;

    pub(super) fn platform() -> Result<Platform, Error> {
        let setup = |error| {
            Error::unsent(ErrorKind::Setup)
                .with_message("could not set up TLS with the platform's trust store")
                .with_source(error)
        };
        let config = versions()
            .map_err(setup)?
            .with_platform_verifier()
            .map_err(setup)?;
        Ok(config.with_no_client_auth())
    }

    pub(super) fn with(
        platform: &Platform,
        builder: reqwest::ClientBuilder,
    ) -> reqwest::ClientBuilder {
        builder.tls_backend_preconfigured(platform.clone())
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

    /// Nothing to be kept.
    #[derive(Debug)]
    pub(super) struct Platform;

    #[expect(clippy::unnecessary_wraps, reason = "with rustls this can fail")]
    pub(super) fn platform() -> Result<Platform, Error> {
        Ok(Platform)
    }

    pub(super) fn with(_: &Platform, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        builder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_checked_name_stays_where_it_was() {
        let address = SocketAddr::from(([8, 8, 8, 8], 0));
        let resolver = Pinned {
            // Resolves to loopback everywhere: whoever looked again would find that.
            host: "localhost".to_owned(),
            addresses: vec![address],
            others: Arc::new(SystemNames),
        };
        for name in ["localhost", "LOCALHOST"] {
            let found = resolver.resolve(name.parse().unwrap()).await.unwrap();
            assert_eq!(found.collect::<Vec<_>>(), [address], "{name}");
        }
    }
}
