//! The built-in sender: one reqwest client for loopback and one for remote hosts.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::Uri;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

#[cfg(feature = "files")]
use crate::FileBody;
use crate::{
    Body, CheckedTarget, Error, ErrorKind, Lookup, SendRequest,
    base_url::is_loopback,
    target::{ResolveName, SystemNames},
};
#[cfg(feature = "ws")]
use crate::{Upgrade, Upgraded};

#[derive(Debug)]
pub(crate) struct BackendOptions {
    pub(crate) connect_timeout: Duration,
    pub(crate) names: Arc<dyn ResolveName>,
    /// Replaces the proxy of the environment.
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

/// Loopback gets its own client: it must not go through a proxy, and an emulator has to work on a
/// machine without a trust store. Each client is built on first use, because reading the trust store
/// costs more than everything else that a short command does.
#[derive(Debug)]
pub(crate) struct Backend {
    options: BackendOptions,
    loopback: OnceLock<Result<reqwest::Client, Error>>,
    remote: OnceLock<Result<reqwest::Client, Error>>,
    /// Like `remote`, for HTTP/1.1 alone: in HTTP/2 there is nothing to upgrade.
    #[cfg(feature = "ws")]
    sockets: OnceLock<Result<reqwest::Client, Error>>,
    platform: OnceLock<Result<tls::Platform, Error>>,
    last_url: LastUrl,
}

impl Backend {
    pub(crate) fn new(options: BackendOptions) -> Self {
        Self {
            options,
            loopback: OnceLock::new(),
            remote: OnceLock::new(),
            #[cfg(feature = "ws")]
            sockets: OnceLock::new(),
            platform: OnceLock::new(),
            last_url: LastUrl::default(),
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

    /// A client for one request to a server-supplied URL. It shares no connections: its resolver's
    /// answers are only valid for this request.
    fn client_to(&self, url: &url::Url, target: &CheckedTarget) -> Result<reqwest::Client, Error> {
        build(self.builder_to(url, target)?)
    }

    fn builder_to(
        &self,
        url: &url::Url,
        target: &CheckedTarget,
    ) -> Result<reqwest::ClientBuilder, Error> {
        let addresses = target.addresses().iter();
        let resolver = Pinned {
            host: url.host_str().unwrap_or_default().to_owned(),
            addresses: addresses.map(|ip| SocketAddr::new(*ip, 0)).collect(),
            others: self.options.names.clone(),
        };
        Ok(self.remote_builder()?.dns_resolver(Arc::new(resolver)))
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
            // Callers retry: they know whether a request is safe to repeat.
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
        let request = self.last_url.read(request)?;
        let client = match target {
            Some(target) => self.client_to(request.url(), &target)?,
            None => self.client_for(request.url())?,
        };
        execute(&client, request).await
    }

    #[cfg(feature = "files")]
    async fn send_file(
        &self,
        request: http::Request<()>,
        file: FileBody,
    ) -> Result<http::Response<Body>, Error> {
        let target = request.extensions().get::<CheckedTarget>().cloned();
        let mut request = self.last_url.read(request.map(|()| Bytes::new()))?;
        *request.body_mut() = Some(reqwest::Body::wrap(file.open().await?));
        let client = match target {
            Some(target) => self.client_to(request.url(), &target)?,
            None => self.client_for(request.url())?,
        };
        execute(&client, request).await
    }

    #[cfg(feature = "ws")]
    async fn upgrade(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Upgrade>, Error> {
        let target = request.extensions().get::<CheckedTarget>().cloned();
        let request = self.last_url.read(request)?;
        let url = request.url();
        let client = match target {
            Some(target) => build(self.builder_to(url, &target)?.http1_only())?,
            // Plain http is never negotiated up.
            None if is_loopback(url) && url.scheme() == "http" => self.client_for(url)?,
            None => {
                let client = || build(self.remote_builder()?.http1_only());
                self.sockets.get_or_init(client).clone()?
            }
        };
        upgrade(&client, request).await
    }

    fn lookup(&self) -> Lookup {
        Lookup::Checked
    }
}

/// A client supplied by the caller, whose proxies and resolver are unknown.
#[cfg(any(feature = "reqwest-0-13", test))]
#[derive(Debug)]
pub(crate) struct CallerClient {
    client: reqwest::Client,
    last_url: LastUrl,
}

#[cfg(any(feature = "reqwest-0-13", test))]
impl CallerClient {
    pub(crate) fn new(client: reqwest::Client) -> Self {
        Self {
            client,
            last_url: LastUrl::default(),
        }
    }
}

#[cfg(test)]
impl CallerClient {
    /// A client configured by a test, for plain http.
    pub(crate) fn of(builder: reqwest::ClientBuilder) -> Self {
        Self::new(build(tls::none(builder)).unwrap())
    }
}

#[cfg(any(feature = "reqwest-0-13", test))]
#[async_trait]
impl SendRequest for CallerClient {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        execute(&self.client, self.last_url.read(request)?).await
    }

    #[cfg(feature = "ws")]
    async fn upgrade(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Upgrade>, Error> {
        upgrade(&self.client, self.last_url.read(request)?).await
    }

    fn lookup(&self) -> Lookup {
        Lookup::Unchecked
    }
}

/// The parsed URL of the last request: most requests of a client go to the same one, and parsing it
/// takes longer than everything else here.
///
/// URLs with a query or a user name are not kept, as they may contain secrets.
#[derive(Debug, Default)]
struct LastUrl(Mutex<Option<(Uri, url::Url)>>);

impl LastUrl {
    fn read(&self, request: http::Request<Bytes>) -> Result<reqwest::Request, Error> {
        let (head, body) = request.into_parts();
        let mut request = reqwest::Request::new(head.method, self.url(head.uri)?);
        *request.headers_mut() = head.headers;
        *request.version_mut() = head.version;
        *request.body_mut() = Some(body.into());
        Ok(request)
    }

    fn url(&self, uri: Uri) -> Result<url::Url, Error> {
        let last = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, url)) = &*last()
            && *last == uri
        {
            return Ok(url.clone());
        }
        let url = url::Url::parse(&uri.to_string())
            .map_err(|error| Error::unsent(ErrorKind::InvalidRequest).with_source(error))?;
        if url.query().is_none() && url.username().is_empty() && url.password().is_none() {
            *last() = Some((uri, url.clone()));
        }
        Ok(url)
    }
}

async fn execute(
    client: &reqwest::Client,
    request: reqwest::Request,
) -> Result<http::Response<Body>, Error> {
    let response = client.execute(request).await.map_err(failed)?;
    Ok(http::Response::from(response).map(Body::from_reqwest))
}

#[cfg(feature = "ws")]
async fn upgrade(
    client: &reqwest::Client,
    request: reqwest::Request,
) -> Result<http::Response<Upgrade>, Error> {
    let response = client.execute(request).await.map_err(failed)?;
    if response.status() != http::StatusCode::SWITCHING_PROTOCOLS {
        let response = http::Response::from(response).map(Body::from_reqwest);
        return Ok(response.map(Upgrade::Refused));
    }
    let headers = response.headers().clone();
    let upgraded = response.upgrade().await.map_err(failed)?;
    let mut accepted = http::Response::new(Upgrade::Accepted(Upgraded::new(upgraded)));
    *accepted.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
    *accepted.headers_mut() = headers;
    Ok(accepted)
}

fn failed(error: reqwest::Error) -> Error {
    let failed = if error.is_connect() {
        Error::unsent(ErrorKind::Network).with_message("could not connect to the server")
    } else {
        Error::new(ErrorKind::Network).with_message("the connection was lost")
    };
    failed.with_source(error.without_url())
}

/// Resolves one host to its checked addresses. Any other name belongs to a proxy, which the user
/// chose and which may well be private.
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
                    return Err(Unresolved.into());
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
struct Unresolved;

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "the name does not resolve on this machine, and there is no proxy to resolve it",
        )
    }
}

impl std::error::Error for Unresolved {}

/// TLS by rustls and ring.
///
/// The provider is passed explicitly rather than installed as the process default: that is not a
/// library's decision to make. If a default provider is already installed, it is used.
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
            // Left to reqwest, whose error explains what is wrong.
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

    /// Nothing to keep.
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

    fn read(last: &LastUrl, url: &str) -> reqwest::Request {
        let request = http::Request::put(url).header("x-a", "b");
        last.read(request.body(Bytes::from("body")).unwrap())
            .unwrap()
    }

    #[test]
    fn each_request_gets_its_own_url() {
        let last = LastUrl::default();
        for url in [
            "https://a.example/v1/chat",
            "https://a.example/v1/chat",
            "https://a.example/v1/CHAT",
            "http://a.example/v1/chat",
            "https://a.example:8080/v1/chat",
            "https://a.example/v1/chat?x=1",
            "https://a.example/v1/chat?x=2",
            "https://a.example/v1/chat",
            "https://me:secret@a.example/v1/chat",
            "https://ME:secret@a.example/v1/chat",
        ] {
            let request = read(&last, url);
            assert_eq!(request.url().as_str(), url);
            assert_eq!(request.method(), http::Method::PUT);
            assert_eq!(request.headers()["x-a"], "b");
            let body = request.body().and_then(reqwest::Body::as_bytes);
            assert_eq!(body, Some(&b"body"[..]));
        }
        let kept = format!("{last:?}");
        assert!(!kept.contains("secret") && !kept.contains("x=2"), "{kept}");
    }

    #[tokio::test]
    async fn a_checked_name_keeps_its_addresses() {
        let address = SocketAddr::from(([8, 8, 8, 8], 0));
        let resolver = Pinned {
            // Resolves to loopback everywhere: a second lookup would find that.
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
