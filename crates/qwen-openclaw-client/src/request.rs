//! A request before its endpoint and key are known.

use std::time::Duration;

use bytes::Bytes;
use qwen_openclaw_http::{Client, ExtraHeaders, Request};

use crate::{Error, Route, entry_headers::EntryHeaders};

/// The host of a route's region that a path belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ServiceHost {
    /// Below the base URL: chat, embeddings, the list of models.
    #[default]
    Api,
    /// Below the AIGC host of the same region, `/api/v1/...`: tasks, uploads, reranking. It needs a
    /// Standard key: that of a plan is not sent there.
    Aigc,
}

/// A request before its endpoint and key are known.
///
/// The actual request is built for each attempt. `Debug` shows neither body nor header values.
#[derive(Clone)]
#[must_use]
pub struct RequestTemplate {
    path: String,
    host: ServiceHost,
    body: Option<Bytes>,
    headers: ExtraHeaders,
    accept: Option<&'static str>,
    head_timeout: Option<Duration>,
    model: Option<String>,
}

impl RequestTemplate {
    /// Creates a GET request for `path` below the base URL.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            host: ServiceHost::Api,
            body: None,
            headers: ExtraHeaders::default(),
            accept: None,
            head_timeout: None,
            model: None,
        }
    }

    /// Creates a POST request with a JSON body for `path` below the base URL.
    pub fn post(path: impl Into<String>, json: impl Into<Bytes>) -> Self {
        Self {
            body: Some(json.into()),
            ..Self::get(path)
        }
    }

    /// Sets the host that the path belongs to. The default is [`ServiceHost::Api`].
    pub fn host(mut self, host: ServiceHost) -> Self {
        self.host = host;
        self
    }

    pub(crate) fn service_host(&self) -> ServiceHost {
        self.host
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Sets the `Accept` header.
    pub fn accept(mut self, media_type: &'static str) -> Self {
        self.accept = Some(media_type);
        self
    }

    /// Sets the time limit for the connection and the response head together. The default is that of
    /// the HTTP client.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = Some(timeout);
        self
    }

    /// Sets the model that the request is for, whose configured headers it gets. The default is none.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.model = Some(id.into());
        self
    }

    /// Builds the request for `route`, with the headers of the configuration's entry and then those of
    /// the connection.
    pub(crate) fn build(
        &self,
        http: &Client,
        route: &Route,
        entry: &EntryHeaders,
        headers: &ExtraHeaders,
    ) -> Result<Request, Error> {
        let aigc;
        let base = match self.host {
            ServiceHost::Api => route.endpoint().base_url(),
            ServiceHost::Aigc => {
                aigc = route.aigc_base()?;
                &aigc
            }
        };
        let url = base.join(&self.path);
        let mut request = match &self.body {
            None => http.get(url),
            Some(body) if body.is_empty() => http.post(url),
            Some(body) => http.post(url).json_bytes(body.clone()),
        };
        if let Some(credential) = route.credential() {
            request = request.bearer(credential.key().expose())?;
        }
        request = entry.apply(request, route, base, self.model.as_deref())?;
        request = self.headers.apply(headers.apply(request)?)?;
        if let Some(media_type) = self.accept {
            request = request.accept(media_type);
        }
        if let Some(timeout) = self.head_timeout {
            request = request.head_timeout(timeout);
        }
        Ok(request)
    }
}

impl std::fmt::Debug for RequestTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestTemplate")
            .field("path", &self.path.split('?').next().unwrap_or_default())
            .field("host", &self.host)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
