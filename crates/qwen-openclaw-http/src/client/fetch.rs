//! Fetches what a server pointed to: screened at every step, without a credential.

use http::{HeaderMap, Method, StatusCode, header::LOCATION};
use url::Url;

use super::{Client, failed};
use crate::{AllowedUrl, Error, ErrorKind, Request, Response, UrlPolicy, request::request_id};

/// Redirects that are followed.
const REDIRECTS: usize = 3;

impl Client {
    /// Asks for an address that a server gave, and follows at most three redirects to addresses
    /// that pass the same screening. `headers` are sent with each request, such as `Range` and
    /// `If-Range`.
    ///
    /// No credential is sent. A name that resolves to a private address is not connected to,
    /// unless the screening allows it.
    ///
    /// # Errors
    ///
    /// As [`Client::send`]; [`ErrorKind::InvalidRequest`] for an address that is refused,
    /// [`ErrorKind::Protocol`] for a redirect that leads nowhere or too far.
    pub async fn fetch(
        &self,
        url: &AllowedUrl,
        screening: UrlPolicy,
        headers: &[(&str, &str)],
    ) -> Result<Response, Error> {
        let mut url = url.clone();
        let mut seen = Vec::new();
        loop {
            let request = Request::new(Method::GET, url.as_str());
            let mut request = request.for_url(&url);
            for (name, value) in headers {
                request = request.header(name, value)?;
            }
            let secrets = request.secrets();
            let response = match self.exchange(request).await {
                Err(error) if !seen.is_empty() => return Err(error.after_sending()),
                response => response?,
            };
            match response.status().as_u16() {
                200..=299 => {
                    let (head, body) = response.into_parts();
                    return Ok(Response {
                        status: head.status.as_u16(),
                        request_id: request_id(&head.headers, &secrets),
                        headers: head.headers,
                        body,
                        secrets,
                        host: url.host().to_owned(),
                        head_timeout: self.head_timeout,
                    });
                }
                300..=399 => {
                    let next = next(&url, response.status(), response.headers(), screening)?;
                    seen.push(url);
                    if seen.len() > REDIRECTS || seen.contains(&next) {
                        return Err(astray(response.status(), "too often, or in a circle"));
                    }
                    url = next;
                }
                status => {
                    let (head, body) = response.into_parts();
                    return Err(failed(status, &head.headers, body, &secrets).await);
                }
            }
        }
    }
}

fn next(
    url: &AllowedUrl,
    status: StatusCode,
    headers: &HeaderMap,
    screening: UrlPolicy,
) -> Result<AllowedUrl, Error> {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| astray(status, "without saying where to"))?;
    let joined: Result<Url, _> = url.url.join(location);
    let joined = joined.map_err(|_| astray(status, "to what is no address"))?;
    screening.check_url(joined).map_err(Error::after_sending)
}

fn astray(status: StatusCode, how: &str) -> Error {
    let status = status.as_u16();
    Error::new(ErrorKind::Protocol)
        .with_message(format!("the server redirects (status {status}) {how}"))
}

#[cfg(test)]
mod tests {
    use wiremock::{
        Mock, MockServer, ResponseTemplate,
        matchers::{header, path},
    };

    use super::*;

    async fn redirect(server: &MockServer, from: &str, to: &str) {
        let answer = ResponseTemplate::new(302).insert_header("location", to);
        let mock = Mock::given(path(from)).respond_with(answer);
        mock.mount(server).await;
    }

    async fn fetch(server: &MockServer, path: &str) -> Result<Response, Error> {
        let screening = UrlPolicy::strict().allow_loopback();
        let url = screening.check(&format!("{}{path}", server.uri()))?;
        let client = Client::builder().build()?;
        let headers = [("range", "bytes=2-"), ("if-range", "\"one\"")];
        client.fetch(&url, screening, &headers).await
    }

    #[tokio::test]
    async fn redirects_are_followed_with_the_range() {
        let server = MockServer::start().await;
        redirect(&server, "/a", "/b").await;
        redirect(&server, "/b", "c").await;
        let answer = ResponseTemplate::new(206).set_body_string("cd");
        let mock = Mock::given(path("/c")).and(header("range", "bytes=2-"));
        let mock = mock.and(header("if-range", "\"one\""));
        mock.respond_with(answer).mount(&server).await;
        let response = fetch(&server, "/a").await.unwrap();
        assert_eq!(response.status(), 206);
        assert_eq!(response.into_body().bytes(9).await.unwrap(), "cd");
    }

    #[tokio::test]
    async fn redirects_inward_and_in_circles_are_not() {
        let server = MockServer::start().await;
        redirect(&server, "/inward", "https://10.0.0.1/").await;
        redirect(&server, "/down", "http://a.example.com/").await;
        redirect(&server, "/circle", "/circle").await;
        redirect(&server, "/nowhere", "https://[").await;
        for (from, kind) in [
            ("/inward", ErrorKind::InvalidRequest),
            ("/down", ErrorKind::InvalidRequest),
            ("/circle", ErrorKind::Protocol),
            ("/nowhere", ErrorKind::Protocol),
            ("/missing", ErrorKind::NotFound),
        ] {
            let error = fetch(&server, from).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{from}: {error}");
        }
    }

    #[tokio::test]
    async fn names_that_lead_inward_are_not_connected_to() {
        // Resolves to loopback everywhere, and does not look like it.
        let screening = UrlPolicy::strict();
        let url = AllowedUrl {
            url: "http://localhost:9/".parse().unwrap(),
            private: false,
        };
        let client = Client::builder().build().unwrap();
        let error = client.fetch(&url, screening, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    }
}
