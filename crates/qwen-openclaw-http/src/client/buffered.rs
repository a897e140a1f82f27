//! Buffered responses of any status, for protocols whose errors are ordinary responses.

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
    /// Sends `request` once and reads the whole response, of any status, up to `limit` bytes.
    ///
    /// Redirects are not followed: a redirect is a response with a status from 300 to 399. The whole
    /// exchange, including connection and body, is limited to
    /// [`head_timeout`](Request::head_timeout).
    ///
    /// # Errors
    ///
    /// [`Setup`], [`InvalidRequest`], [`Network`], [`Timeout`], and [`TooLarge`] for a longer
    /// response.
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
            let (_, response) = self.exchange(request, &secrets).await?;
            let (head, body) = response.into_parts();
            Ok((head, body.bytes(limit).await?))
        };
        let answer = timeout(time, exchange).await;
        let (head, body) = answer.unwrap_or_else(|_| Err(late(&host, time)))?;
        Ok(BufferedResponse {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            secrets,
        })
    }

    /// Sends `request` once and reads a successful JSON response, up to `limit` bytes.
    ///
    /// The body gets the same time limit again as the head. If the response echoes the key that was
    /// sent, it is replaced by `[key]`.
    ///
    /// # Errors
    ///
    /// Same as [`Client::send`]; also [`TooLarge`](crate::ErrorKind::TooLarge).
    pub async fn buffered_json(
        &self,
        request: Request,
        limit: usize,
    ) -> Result<BufferedResponse, Error> {
        let response = self.send(request.accept("application/json")).await?;
        self.read(response, limit).await
    }

    /// Reads the body of a successful JSON response, up to `limit` bytes.
    ///
    /// It gets the same time limit again as the head. If it echoes the key that was sent, the key is
    /// replaced by `[key]`.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](crate::ErrorKind::TooLarge) for a longer body; also when the body is cut short or
    /// does not arrive in time.
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

/// A fully read response of any status.
///
/// `Debug` omits the body. Values taken from its head contain no secret that was sent.
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

    /// Returns the body without the byte order mark that some gateways prepend.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        self.body
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.body)
    }

    /// Returns the secrets that were sent, for cleaning texts from the body.
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

    /// Returns the request id, to give to the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<Box<str>> {
        request_id(&self.headers, &self.secrets)
    }

    /// Returns how long the server asked the client to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, SystemTime::now())
    }

    /// Returns the server's clock, to the second.
    #[must_use]
    pub fn date(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.headers.get(DATE)?.to_str().ok()?).ok()
    }

    /// Returns the host that a redirect points to; the rest of a location may contain tokens.
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
    async fn errors_are_ordinary_responses() {
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
    async fn redirects_are_not_followed_and_long_bodies_not_read() {
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
