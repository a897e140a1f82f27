//! Fetches server-supplied URLs: checked at every step, without a credential.

use http::{HeaderMap, Method, StatusCode, header::LOCATION};
use url::Url;

use super::{Client, failed};
use crate::{AllowedUrl, Error, ErrorKind, Request, Response, UrlPolicy, request::request_id};

/// Maximum number of redirects to follow.
const REDIRECTS: usize = 3;

impl Client {
    /// Fetches a server-supplied URL, following up to three redirects that pass the same policy.
    ///
    /// `headers`, such as `Range` and `If-Range`, are sent with each request. No credential is sent.
    /// A name that resolves to a private address is not connected to unless the policy allows it.
    ///
    /// # Errors
    ///
    /// Same as [`Client::send`]; also [`ErrorKind::InvalidRequest`] for a URL that the policy rejects,
    /// and [`ErrorKind::Protocol`] for invalid or too many redirects.
    pub async fn fetch(
        &self,
        url: &AllowedUrl,
        policy: UrlPolicy,
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
            let (_, response) = match self.exchange(request, &secrets).await {
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
                    let next = next(&url, response.status(), response.headers(), policy)?;
                    seen.push(url);
                    if seen.len() > REDIRECTS || seen.contains(&next) {
                        return Err(bad_redirect(
                            response.status(),
                            "too many times or in a loop",
                        ));
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
    policy: UrlPolicy,
) -> Result<AllowedUrl, Error> {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| bad_redirect(status, "without a location"))?;
    let joined: Result<Url, _> = url.url.join(location);
    let joined = joined.map_err(|_| bad_redirect(status, "to an invalid URL"))?;
    policy.check_url(joined).map_err(Error::after_sending)
}

fn bad_redirect(status: StatusCode, how: &str) -> Error {
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
        let policy = UrlPolicy::strict().allow_loopback();
        let url = policy.check(&format!("{}{path}", server.uri()))?;
        let client = Client::builder().build()?;
        let headers = [("range", "bytes=2-"), ("if-range", "\"one\"")];
        client.fetch(&url, policy, &headers).await
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
    async fn private_invalid_and_circular_redirects_are_not_followed() {
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
    async fn names_that_resolve_to_private_addresses_are_not_connected_to() {
        // Resolves to loopback everywhere, without looking like it.
        let policy = UrlPolicy::strict();
        let url = AllowedUrl {
            url: "http://localhost:9/".parse().unwrap(),
            private: false,
        };
        let client = Client::builder().build().unwrap();
        let error = client.fetch(&url, policy, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    }
}
