//! The client against mock servers and canned responses.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

use super::*;

async fn serve(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(response)
        .expect(1)
        .mount(&server)
        .await;
    server
}

fn client() -> Client {
    Client::builder().build().unwrap()
}

#[tokio::test]
async fn sends_key_and_user_agent() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/x"))
        .and(header("authorization", "Bearer sk-1"))
        .and(header("content-type", "application/json"))
        .and(header(
            "user-agent",
            concat!("qwen-openclaw/", env!("CARGO_PKG_VERSION")),
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json([1, 2]))
        .expect(1)
        .mount(&server)
        .await;
    let client = client();
    let request = client
        .post(format!("{}/v1/x", server.uri()))
        .bearer("sk-1")
        .unwrap();
    let answer: Vec<u8> = client.json(request.json(&[0]).unwrap()).await.unwrap();
    assert_eq!(answer, [1, 2]);
}

#[tokio::test]
async fn an_error_status_includes_the_message_of_the_server() {
    let server = serve(
        ResponseTemplate::new(429)
            .insert_header("retry-after", "3")
            .insert_header("x-request-id", "r-1")
            .set_body_string(r#"{"error":{"code":"limit_requests","message":"sk-1 is too fast"}}"#),
    )
    .await;
    let client = client();
    let request = client.get(server.uri()).bearer("sk-1").unwrap();
    let error = client.send(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.to_string(), "[key] is too fast");
    assert_eq!(error.request_id(), Some("r-1"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn a_successful_response_does_not_echo_the_key() {
    const KEY: &str = "sk-0123456789abcdef";
    let body = format!(r#"{{"code":"{KEY}","list":["a%20\u0073k-0123456789abcdef"],"n":1.50}}"#);
    let answer = ResponseTemplate::new(200)
        .insert_header("x-request-id", format!("r-{KEY}"))
        .set_body_string(body);
    let server = MockServer::start().await;
    let mock = Mock::given(method("GET")).respond_with(answer);
    mock.mount(&server).await;
    let client = client();
    let request = client.get(server.uri()).bearer(KEY).unwrap();
    let answer: serde_json::Value = client.json(request.clone()).await.unwrap();
    assert_eq!(
        answer,
        serde_json::json!({"code": "[key]", "list": ["a%20[key]"], "n": 1.5})
    );
    let response = client.send(request).await.unwrap();
    assert_eq!(response.request_id(), Some("r-[key]"));
    assert!(!format!("{response:?}").contains(KEY), "{response:?}");
}

#[tokio::test]
async fn a_redirect_does_not_echo_the_key() {
    let server = serve(
        ResponseTemplate::new(302).insert_header("location", "https://sk-0123456789.a.example/"),
    )
    .await;
    let client = client();
    let request = client.get(server.uri()).bearer("sk-0123456789").unwrap();
    let error = client.send(request).await.unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("0123456789"),
        "{error}"
    );
}

#[tokio::test]
async fn a_gateway_page_is_not_an_error_message() {
    let server = serve(ResponseTemplate::new(502).set_body_string("<html>Bad Gateway")).await;
    let error = client().send(client().get(server.uri())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(
        error.to_string(),
        "the server responded with status 502 and no error message"
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = "https://other.example/login?token=t";
    let server = serve(ResponseTemplate::new(302).insert_header("location", target)).await;
    let error = client().send(client().get(server.uri())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(
        error.to_string(),
        "127.0.0.1 redirects to other.example (status 302), but keys are not sent to redirect \
         targets: check the base URL"
    );
}

#[tokio::test]
async fn large_responses_are_rejected() {
    let server = serve(ResponseTemplate::new(200).set_body_string("[1,2,3,4]")).await;
    let client = Client::builder().json_limit(4).build().unwrap();
    let error = client
        .json::<Vec<u8>>(client.get(server.uri()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn an_unreachable_server_is_a_connection_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client()
        .send(client().get(format!("http://{address}/")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(!error.was_sent());
    assert_eq!(error.to_string(), format!("could not connect to {address}"));
    assert!(error.is_transient());
}

/// Responds from a list, and never once the list is empty.
#[derive(Debug, Default)]
struct Canned(Mutex<VecDeque<http::Response<Body>>>);

#[async_trait]
impl SendRequest for Canned {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        let next = self.0.lock().unwrap().pop_front();
        match next {
            Some(response) => Ok(response),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_times_out() {
    let client = Client::builder().sender(Canned::default()).build().unwrap();
    let request = client
        .get("https://a.example/x")
        .head_timeout(Duration::from_millis(1500));
    let error = client.send(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "a.example did not respond within 1.5 s");
}

#[tokio::test]
async fn a_custom_sender_is_used() {
    let answer = http::Response::new(Body::full("{\"a\":1}"));
    let sender = Canned(Mutex::new(VecDeque::from([answer])));
    let client = Client::builder().sender(sender).build().unwrap();
    let answer: serde_json::Value = client.json(client.get("https://a.example")).await.unwrap();
    assert_eq!(answer["a"], 1);
}

#[tokio::test]
async fn an_invalid_user_agent_is_rejected() {
    let error = Client::builder().user_agent("a\nb").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Setup);
}
