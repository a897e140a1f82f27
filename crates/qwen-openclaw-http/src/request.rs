//! Requests and the heads of their responses.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde::Serialize;

use crate::{AllowedUrl, Body, Error, ErrorKind, Secrets};

/// A request, created by [`Client::get`](crate::Client::get), [`Client::post`](crate::Client::post) or
/// [`Client::delete`](crate::Client::delete).
///
/// Cheap to clone, so that it can be retried.
#[derive(Clone)]
#[must_use]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Sent instead of `body`.
    #[cfg(feature = "files")]
    pub(crate) file: Option<crate::file::FileBody>,
    pub(crate) head_timeout: Option<Duration>,
    secrets: Secrets,
    /// Whether its URL came from a server and must not reach into the local network.
    pub(crate) public_only: bool,
}

impl Request {
    pub(crate) fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            #[cfg(feature = "files")]
            file: None,
            head_timeout: None,
            secrets: Secrets::default(),
            public_only: false,
        }
    }

    /// Sets the API key, which is marked sensitive and masked in errors.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when `key` is not a valid header value.
    pub fn bearer(mut self, key: &str) -> Result<Self, Error> {
        let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| {
            // The cause is omitted: it would contain the key.
            Error::unsent(ErrorKind::Authentication)
                .with_message("the key is not a valid header value")
        })?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// Adds a header, replacing one of the same name.
    ///
    /// Its value is never shown. If the name suggests a secret, the value is also masked in server
    /// output.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when `name` or `value` is not valid in a header.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let invalid = || {
            Error::unsent(ErrorKind::InvalidRequest)
                .with_message(format!("the header `{}` is not valid", name.escape_debug()))
        };
        let header = HeaderName::try_from(name).map_err(|_| invalid())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
        value.set_sensitive(is_secret(&header));
        self.headers.insert(header, value);
        Ok(self)
    }

    /// Sets a JSON body.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when `value` cannot be serialized to JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, Error> {
        let body = serde_json::to_vec(value).map_err(|error| {
            Error::unsent(ErrorKind::InvalidRequest)
                .with_message("could not serialize the request to JSON")
                .with_source(error)
        })?;
        Ok(self.json_bytes(body))
    }

    /// Sets a body that is already JSON.
    pub fn json_bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = body.into();
        self
    }

    /// Sets the `Accept` header.
    pub fn accept(mut self, media_type: &'static str) -> Self {
        self.headers
            .insert(ACCEPT, HeaderValue::from_static(media_type));
        self
    }

    /// Sets the time limit for the connection and the response head together. The default is the
    /// client's.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = Some(timeout);
        self
    }

    /// Marks the request's URL as server-supplied.
    ///
    /// A name that resolves to a private address is then not connected to, unless the policy allowed
    /// it.
    pub fn for_url(mut self, url: &AllowedUrl) -> Self {
        self.public_only = !url.private;
        self
    }

    /// Masks `secret`, which this request contains, in server output.
    ///
    /// The key and headers whose names suggest a secret are masked automatically.
    pub fn hiding(mut self, secret: &str) -> Self {
        self.secrets = self.secrets.with(secret);
        self
    }

    /// The secrets in this request.
    pub(crate) fn secrets(&self) -> Secrets {
        let values = self.headers.values().filter(|value| value.is_sensitive());
        let values = values.filter_map(|value| value.to_str().ok());
        values.fold(self.secrets.clone(), |secrets, value| {
            // The scheme before a key is not a secret.
            let secret = value.split_once(' ').map_or(value, |(_, secret)| secret);
            secrets.with(secret.trim())
        })
    }

    /// The host, for messages.
    pub(crate) fn host(&self) -> String {
        let uri = Uri::try_from(self.url.as_str()).ok();
        let host = uri.as_ref().and_then(Uri::host);
        host.unwrap_or_default().to_owned()
    }

    pub(crate) fn into_http(self) -> Result<http::Request<Bytes>, Error> {
        let uri = Uri::try_from(self.url).map_err(|error| {
            Error::unsent(ErrorKind::InvalidRequest)
                .with_message("the request URL is not valid")
                .with_source(error)
        })?;
        let mut request = http::Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers;
        Ok(request)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither body nor query: both contain user input.
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url.split('?').next().unwrap_or_default())
            // The values of other headers may be secrets too.
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Whether a header's name suggests a secret.
fn is_secret(name: &HeaderName) -> bool {
    const WORDS: [&str; 7] = [
        "auth",
        "cookie",
        "credential",
        "key",
        "passw",
        "secret",
        "token",
    ];
    WORDS.iter().any(|word| name.as_str().contains(word))
}

/// The head of a successful response and its unread body.
pub struct Response {
    pub(crate) status: u16,
    pub(crate) request_id: Option<Box<str>>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) secrets: Secrets,
    /// The host, and the time limit for the head.
    pub(crate) host: String,
    pub(crate) head_timeout: Duration,
}

impl Response {
    /// Returns the secrets that were sent, for cleaning diagnostic texts from the body.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Returns the status, from 200 to 299.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the request id, to give to the vendor's support; secrets are masked.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the media type of the body, without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        value
            .split(';')
            .next()
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// Returns the body.
    #[must_use]
    pub fn into_body(self) -> Body {
        self.body
    }
}

/// Omits header values, which may echo secrets.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

pub(crate) fn request_id(headers: &HeaderMap, secrets: &Secrets) -> Option<Box<str>> {
    ["x-request-id", "x-dashscope-request-id"]
        .iter()
        .find_map(|name| secrets.clean(headers.get(*name)?.to_str().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_the_key() {
        let request = Request::new(Method::GET, "https://a.example/x?token=sk-secret");
        let request = request.bearer("sk-secret").unwrap();
        assert_eq!(request.secrets().mask("a sk-secret"), "a [key]");
        assert!(!format!("{request:?}").contains("sk-secret"));
        let error = Request::new(Method::GET, "")
            .bearer("sk-\nsecret")
            .unwrap_err();
        assert!(!format!("{error:?}").contains("secret"));
    }

    #[test]
    fn hides_the_values_of_headers() {
        let request = Request::new(Method::GET, "https://a.example/").hiding("form-token");
        let request = request.header("x-api-key", "other-secret").unwrap();
        let request = request
            .header("Authorization", "Basic bWU6c2VjcmV0")
            .unwrap();
        let request = request.header("x-workspace", "ws-secret").unwrap();
        let shown = format!("{request:?}");
        assert!(shown.contains("x-workspace"), "{shown}");
        assert!(
            !shown.contains("secret") && !shown.contains("bWU6"),
            "{shown}"
        );
        let said = "ws-secret other-secret bWU6c2VjcmV0 form-token";
        assert_eq!(request.secrets().mask(said), "ws-secret [key] [key] [key]");
    }

    #[test]
    fn invalid_headers_and_urls_are_errors() {
        let request = Request::new(Method::GET, "https://a.example/");
        assert_eq!(
            request.clone().header("a b", "c").unwrap_err().kind(),
            ErrorKind::InvalidRequest
        );
        assert_eq!(
            request.header("a", "b\n").unwrap_err().kind(),
            ErrorKind::InvalidRequest
        );
        let odd = Request::new(Method::GET, "https://a b/").into_http();
        assert_eq!(odd.unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
}
