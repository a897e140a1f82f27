//! Whole answers of any status, for protocols whose errors are answers like any other.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{
    HeaderMap,
    header::{CONTENT_TYPE, DATE, LOCATION},
};
use tokio::time::timeout;

use super::{Client, late};
use crate::{Error, Request, Response, Secrets, request::request_id, retry::retry_after};

impl Client {
    /// Sends `request` once and reads the whole answer, whatever its status, up to `limit` bytes.
    ///
    /// Redirects are not followed: one is an answer with a status of 300 to 399. The whole
    /// exchange, connection and body included, may take as long as
    /// [`head_timeout`](Request::head_timeout).
    ///
    /// # Errors
    ///
    /// [`Setup`], [`InvalidRequest`], [`Network`], [`Timeout`], and [`TooLarge`] for a longer
    /// answer.
    ///
    /// [`Setup`]: crate::ErrorKind::Setup
    /// [`InvalidRequest`]: crate::ErrorKind::InvalidRequest
    /// [`Network`]: crate::ErrorKind::Network
    /// [`Timeout`]: crate::ErrorKind::Timeout
    /// [`TooLarge`]: crate::ErrorKind::TooLarge
    pub async fn buffered(
        &self,
        request: Request,
        limit: usize,
    ) -> Result<BufferedResponse, Error> {
        let time = request.head_timeout.unwrap_or(self.head_timeout);
        let (host, secrets) = (request.host(), request.secrets());
        let exchange = async {
            let (head, body) = self.exchange(request).await?.into_parts();
            Ok(BufferedResponse {
                status: head.status.as_u16(),
                headers: head.headers,
                body: body.bytes(limit).await?,
                secrets,
            })
        };
        let answer = timeout(time, exchange).await;
        answer.unwrap_or_else(|_| Err(late(&host, time)))
    }

    /// Sends `request` once and reads the whole of a successful answer that should be JSON, up to
    /// `limit` bytes. The body may take as long again as the head. Where the answer repeats the key
    /// that was sent, `[key]` stands in its place.
    ///
    /// # Errors
    ///
    /// As [`Client::send`], also [`TooLarge`](crate::ErrorKind::TooLarge).
    pub async fn buffered_json(
        &self,
        request: Request,
        limit: usize,
    ) -> Result<BufferedResponse, Error> {
        let response = self.send(request.accept("application/json")).await?;
        self.read(response, limit).await
    }

    /// Reads the whole of a successful answer that should be JSON, up to `limit` bytes. It may take
    /// as long again as the head. Where it repeats the key that was sent, `[key]` stands in its
    /// place.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](crate::ErrorKind::TooLarge) for a longer answer, and when it breaks off or does
    /// not come in time.
    pub async fn read(&self, response: Response, limit: usize) -> Result<BufferedResponse, Error> {
        let time = response.head_timeout;
        let body = timeout(time, response.body.bytes(limit)).await;
        let body = body.unwrap_or_else(|_| Err(late(&response.host, time)))?;
        Ok(BufferedResponse {
            status: response.status,
            headers: response.headers,
            body: response.secrets.mask_document(body),
            secrets: response.secrets,
        })
    }
}

/// A whole answer of any status. `Debug` leaves the body out. What is taken from its head holds no
/// secret that was sent.
pub struct BufferedResponse {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    secrets: Secrets,
}

impl BufferedResponse {
    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the body without the byte order mark that some gateways put before it.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        self.body
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.body)
    }

    /// Returns what was sent and must not be shown, to clean texts of the body by.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Returns the media type of the body, without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = value.split(';').next().map(str::trim);
        media_type.filter(|value| !value.is_empty())
    }

    /// Returns the id under which the vendor finds this request.
    #[must_use]
    pub fn request_id(&self) -> Option<Box<str>> {
        request_id(&self.headers, &self.secrets)
    }

    /// Returns how long the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, SystemTime::now())
    }

    /// Returns the server's clock, to the second.
    #[must_use]
    pub fn date(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.headers.get(DATE)?.to_str().ok()?).ok()
    }

    /// Returns the host a redirect points to. The rest of a location may hold tokens.
    #[must_use]
    pub fn location_host(&self) -> Option<String> {
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        let host = self
            .secrets
            .clean(url::Url::parse(location).ok()?.host_str()?)?;
        Some(host.into())
    }
}

impl fmt::Debug for BufferedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferedResponse")
            .field("status", &self.status)
            .field("media_type", &self.media_type())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

    use super::*;
    use crate::ErrorKind;

    async fn ask(response: ResponseTemplate, limit: usize) -> Result<BufferedResponse, Error> {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(response)
            .mount(&server)
            .await;
        let client = Client::builder().build()?;
        client
            .buffered(client.post(server.uri()).form(&[]), limit)
            .await
    }

    #[tokio::test]
    async fn errors_are_answers_like_any_other() {
        let response = ResponseTemplate::new(400)
            .set_body_raw("{}", "application/json; charset=utf-8")
            .insert_header("retry-after", "3")
            .insert_header("date", "Thu, 01 Jan 1970 00:01:00 GMT");
        let answer = ask(response, 2).await.unwrap();
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.body(), "{}");
        assert_eq!(answer.media_type(), Some("application/json"));
        assert_eq!(answer.retry_after(), Some(Duration::from_secs(3)));
        let minute = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        assert_eq!(answer.date(), Some(minute));
    }

    #[tokio::test]
    async fn redirects_are_not_followed_and_long_answers_not_read() {
        let response = ResponseTemplate::new(302)
            .insert_header("location", "https://elsewhere.example/?code=secret");
        let answer = ask(response, 2).await.unwrap();
        assert_eq!(answer.status(), 302);
        assert_eq!(answer.location_host().as_deref(), Some("elsewhere.example"));
        assert!(!format!("{answer:?}").contains("secret"));

        let long = ResponseTemplate::new(200).set_body_string("abc");
        assert_eq!(ask(long, 2).await.unwrap_err().kind(), ErrorKind::TooLarge);
    }
}
