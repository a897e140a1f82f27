//! The core of every call: authorization, one refresh, retries, hints.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use qwen_openclaw_client::{
    Connection, EndpointRules, Hint, RequestTemplate, ServiceHost,
    auth::{ApiKey, Credential, CredentialProvider, Error as AuthError, Source, async_trait},
    catalog::Provider,
    http::RetryPolicy,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

fn key(text: &str) -> Credential {
    Credential::new(ApiKey::parse(text).unwrap(), Source::Explicit)
}

fn connection(server: &MockServer) -> qwen_openclaw_client::ConnectionBuilder {
    let rules = EndpointRules::new().base_url(format!("{}/v1", server.uri()));
    Connection::builder(Provider::QWEN, rules).retry(RetryPolicy::default().base(Duration::ZERO))
}

/// A login that is refreshed when it is rejected.
#[derive(Debug, Default)]
struct Renewed(AtomicU32);

#[async_trait]
impl CredentialProvider for Renewed {
    async fn credential(&self) -> Result<Credential, AuthError> {
        Ok(key(&format!("token-{}", self.0.load(Ordering::Relaxed))))
    }

    async fn refresh(&self, _: &Credential) -> Result<Option<Credential>, AuthError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.credential().await.map(Some)
    }
}

#[tokio::test]
async fn a_rejected_token_is_refreshed_once_for_any_kind_of_call() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer token-0"))
        .respond_with(ResponseTemplate::new(401))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .and(header("authorization", "Bearer token-1"))
        .and(header("x-tenant", "t"))
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .expect(1)
        .mount(&server)
        .await;
    let connection = connection(&server)
        .credentials(Arc::new(Renewed::default()))
        .header("x-tenant", "t")
        .build()
        .unwrap();
    let mut call = connection.call(RequestTemplate::get("models"));
    assert_eq!(call.answer(100).await.unwrap().json(), b"{}");
}

/// Credentials that cannot be had just now.
#[derive(Debug, Default)]
struct Offline(AtomicU32);

#[async_trait]
impl CredentialProvider for Offline {
    async fn credential(&self) -> Result<Credential, AuthError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(AuthError::unavailable("offline"))
    }
}

#[tokio::test]
async fn who_has_no_credential_just_now_is_asked_once() {
    let server = MockServer::start().await;
    let offline = Arc::new(Offline::default());
    let connection = connection(&server)
        .credentials(Arc::clone(&offline) as Arc<dyn CredentialProvider>)
        .build()
        .unwrap();
    let mut call = connection.call(RequestTemplate::get("models"));
    let error = call.answer(100).await.unwrap_err();
    assert!(error.is_transient() && error.as_auth().is_some());
    assert_eq!(offline.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_token_that_is_rejected_twice_is_an_error() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401))
        .expect(2)
        .mount(&server)
        .await;
    let connection = connection(&server)
        .credentials(Arc::new(Renewed::default()))
        .build()
        .unwrap();
    let mut call = connection.call(RequestTemplate::get("models"));
    let error = call.send().await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    let Some(Hint::WrongKeyOrEndpoint {
        key, left_to_try, ..
    }) = error.hint()
    else {
        panic!("{:?}", error.hint());
    };
    // On a server that is not the service, there are no other endpoints to try.
    assert!(key.to_string().contains("explicit") && left_to_try.is_empty());
}

#[tokio::test]
async fn throttling_is_retried_and_rejections_are_not() {
    let server = MockServer::start().await;
    Mock::given(path("/v1/busy"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(path("/v1/busy"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    Mock::given(path("/v1/bad"))
        .respond_with(ResponseTemplate::new(400))
        .expect(1)
        .mount(&server)
        .await;
    let connection = connection(&server).credential(key("sk-1")).build().unwrap();
    let mut call = connection.call(RequestTemplate::post("busy", "{}"));
    assert_eq!(call.send().await.unwrap().status(), 200);
    assert_eq!(call.attempts(), 3);
    let mut call = connection.call(RequestTemplate::post("bad", "{}"));
    assert_eq!(call.send().await.unwrap_err().status(), Some(400));
}

#[tokio::test]
async fn one_attempt_is_one_request() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(503))
        .expect(1)
        .mount(&server)
        .await;
    let connection = connection(&server).credential(key("sk-1")).build().unwrap();
    let mut call = connection.call(RequestTemplate::post("tasks", "{}"));
    let error = call.once().await.unwrap_err();
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_server_that_needs_no_key_gets_none() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let connection = connection(&server).build().unwrap();
    let mut call = connection.call(RequestTemplate::get("models"));
    call.send().await.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert!(!requests[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn tasks_go_to_the_aigc_host_of_the_region() {
    let server = MockServer::start().await;
    Mock::given(path("/api/v1/tasks/x"))
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    let rules = EndpointRules::new().base_url(format!("{}/compatible-mode/v1", server.uri()));
    let connection = Connection::builder(Provider::QWEN, rules)
        .credential(key("sk-1"))
        .build()
        .unwrap();
    let request = RequestTemplate::get("api/v1/tasks/x").host(ServiceHost::Aigc);
    connection.call(request).once().await.unwrap();
}

#[tokio::test]
async fn a_route_can_be_rejected_before_anything_is_sent() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&server)
        .await;
    let connection = connection(&server)
        .credential(key("sk-sp-1"))
        .build()
        .unwrap();
    let call = connection.call(RequestTemplate::get("x"));
    let mut call = call.check(|route| {
        let refused = qwen_openclaw_client::http::Error::new(
            qwen_openclaw_client::http::ErrorKind::InvalidRequest,
        );
        match route.credential() {
            Some(_) => Err(refused.with_message("a plan's key").into()),
            None => Ok(()),
        }
    });
    assert_eq!(call.once().await.unwrap_err().to_string(), "a plan's key");
}

#[cfg(feature = "files")]
#[tokio::test]
async fn a_form_is_sent_again_whole_with_the_new_token() {
    use std::io::Write;

    use qwen_openclaw_client::http::FormPath;

    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer token-0"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    Mock::given(header("authorization", "Bearer token-1"))
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .mount(&server)
        .await;
    let connection = connection(&server).credentials(Arc::new(Renewed::default()));
    let connection = connection.build().unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"{}\n").unwrap();
    let form = RequestTemplate::form(
        "files",
        &[("purpose", "batch")],
        &FormPath {
            field: "file",
            file_name: "a.jsonl",
            media_type: "application/jsonl",
            path: file.path(),
        },
    );
    connection.call(form).answer_once(100).await.unwrap();
    let mut gone = connection.call(RequestTemplate::delete("files/file-1"));
    gone.answer_once(100).await.unwrap();
    let seen = server.received_requests().await.unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|request| {
            (
                request.method.as_str(),
                request.url.path(),
                request.body.len(),
            )
        })
        .collect();
    let length = seen[0].2;
    assert!(length > 200);
    let expected = [
        ("POST", "/v1/files", length),
        ("POST", "/v1/files", length),
        ("DELETE", "/v1/files/file-1", 0),
    ];
    assert_eq!(seen, expected);
}

#[cfg(feature = "ws")]
#[tokio::test]
async fn a_socket_is_refused_with_a_hint_like_any_call() {
    use qwen_openclaw_client::http::SocketOptions;

    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer token-0"))
        .and(header("upgrade", "websocket"))
        .respond_with(ResponseTemplate::new(401))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(header("authorization", "Bearer token-1"))
        .respond_with(ResponseTemplate::new(401).set_body_string(
            r#"{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"r"}"#,
        ))
        .expect(1)
        .mount(&server)
        .await;
    let connection = connection(&server).credentials(Arc::new(Renewed::default()));
    let connection = connection.build().unwrap();
    let mut call = connection.call(RequestTemplate::get("inference"));
    let error = call
        .open_socket(&SocketOptions::default())
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        qwen_openclaw_client::http::ErrorKind::Authentication
    );
    assert_eq!(error.as_http().request_id(), Some("r"));
}
