//! A request before it is known where it goes and with which key.

use std::time::Duration;

use bytes::Bytes;
use qwen_openclaw_http::{Client, ExtraHeaders, Request};

use crate::{Error, Route};

/// Which host of a route's region a path belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// Below the base URL: chat, embeddings, the list of models.
    #[default]
    Api,
    /// Below the AIGC host of the same region, `/api/v1/...`: tasks and uploads. It needs a Standard
    /// key: that of a plan is not sent there.
    Aigc,
}

/// A request before it is known where it goes and with which key: it is built anew for each
/// attempt. `Debug` shows neither body nor header values.
#[derive(Clone)]
#[must_use]
pub struct RequestTemplate {
    path: String,
    place: Place,
    body: Option<Bytes>,
    headers: ExtraHeaders,
    accept: Option<&'static str>,
    head_timeout: Option<Duration>,
}

impl RequestTemplate {
    /// A GET of `path` below the base URL.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            place: Place::Api,
            body: None,
            headers: ExtraHeaders::default(),
            accept: None,
            head_timeout: None,
        }
    }

    /// A POST of JSON to `path` below the base URL. An empty body is none.
    pub fn post(path: impl Into<String>, json: impl Into<Bytes>) -> Self {
        Self {
            body: Some(json.into()),
            ..Self::get(path)
        }
    }

    /// Sets the host that the path belongs to. The default is [`Place::Api`].
    pub fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    pub(crate) fn host(&self) -> Place {
        self.place
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Says which media type the answer should have.
    pub fn accept(mut self, media_type: &'static str) -> Self {
        self.accept = Some(media_type);
        self
    }

    /// Sets how long the connection and the response head may take together. The default is that of
    /// the HTTP client.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = Some(timeout);
        self
    }

    /// The request along `route`, with `headers` of the connection.
    pub(crate) fn build(
        &self,
        http: &Client,
        route: &Route,
        headers: &ExtraHeaders,
    ) -> Result<Request, Error> {
        let url = match self.place {
            Place::Api => route.endpoint().base_url().join(&self.path),
            Place::Aigc => route.aigc_base()?.join(&self.path),
        };
        let mut request = match &self.body {
            None => http.get(url),
            Some(body) if body.is_empty() => http.post(url),
            Some(body) => http.post(url).json_bytes(body.clone()),
        };
        if let Some(credential) = route.credential() {
            request = request.bearer(credential.key().expose())?;
        }
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
            .field("place", &self.place)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
