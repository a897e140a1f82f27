//! The target check with every kind of sender, with names from a table instead of DNS.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use super::*;
use crate::{
    AllowedUrl, Body, Client, ClientBuilder, ErrorKind, Response, SendRequest, UrlPolicy,
    backend::CallerClient,
};

const TARGET: &str = "http://cdn.example.com/v.mp4";

/// Resolves the names of a table and no others.
#[derive(Debug, Default)]
struct Table {
    names: HashMap<&'static str, Vec<IpAddr>>,
    asked: AtomicUsize,
}

#[async_trait]
impl ResolveName for Table {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let found = self.names.get(name).cloned();
        found.ok_or_else(|| io::Error::other("no such name"))
    }
}

fn table(rows: &[(&'static str, &[&str])]) -> Arc<Table> {
    let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let rows = rows.iter().map(|(name, texts)| (*name, addresses(texts)));
    Arc::new(Table {
        names: rows.collect(),
        ..Table::default()
    })
}

/// Fetches a URL that has passed the policy as public.
async fn fetch(builder: ClientBuilder, names: Arc<Table>, url: &str) -> Result<Response, Error> {
    let client: Client = builder.names(names).build()?;
    let url = AllowedUrl {
        url: url.parse().unwrap(),
        private: false,
    };
    client.fetch(&url, UrlPolicy::strict(), &[]).await
}

async fn serve() -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_string("clip");
    let mock = Mock::given(path("/v.mp4")).respond_with(answer);
    mock.mount(&server).await;
    server
}

/// A builder whose proxy is called `proxy.corp`.
fn behind_proxy(port: u16) -> ClientBuilder {
    let proxy = reqwest::Proxy::all(format!("http://proxy.corp:{port}"));
    Client::builder().proxy(proxy.unwrap())
}

#[tokio::test]
async fn a_private_proxy_is_allowed_and_gets_unresolved_names() {
    let proxy = serve().await;
    let names = table(&[("proxy.corp", &["127.0.0.1"])]);
    let builder = behind_proxy(proxy.address().port());
    let response = fetch(builder, names, TARGET).await.unwrap();
    assert_eq!(response.into_body().bytes(9).await.unwrap(), "clip");
    let seen = proxy.received_requests().await.unwrap();
    assert_eq!(seen[0].headers["host"], "cdn.example.com");
}

#[tokio::test]
async fn an_https_target_is_passed_to_the_proxy_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 1024];
        let length = connection.read(&mut head).await.unwrap();
        let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        connection.write_all(refusal).await.unwrap();
        head.truncate(length);
        String::from_utf8(head).unwrap()
    };
    let names = table(&[
        ("proxy.corp", &["127.0.0.1"]),
        ("cdn.example.com", &["8.8.8.8"]),
    ]);
    let fetched = fetch(behind_proxy(port), names, "https://cdn.example.com/v.mp4");
    let (head, fetched) = tokio::join!(proxy, fetched);
    assert!(head.starts_with("CONNECT cdn.example.com:443 "), "{head}");
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Network);
}

#[tokio::test]
async fn private_targets_do_not_go_to_the_proxy() {
    let proxy = serve().await;
    for addresses in [
        &["10.0.0.1"][..],
        &["8.8.8.8", "127.0.0.1"],
        &["8.8.8.8", "fd00::1"],
        &["::ffff:169.254.169.254"],
    ] {
        let names = table(&[
            ("proxy.corp", &["127.0.0.1"]),
            ("cdn.example.com", addresses),
        ]);
        let builder = behind_proxy(proxy.address().port());
        let error = fetch(builder, names, TARGET).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{addresses:?}");
    }
    assert!(proxy.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn without_a_proxy_an_unresolved_name_is_not_looked_up_again() {
    let names = table(&[]);
    let error = fetch(Client::builder(), names.clone(), TARGET).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error:?}");
    assert_eq!(names.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_custom_client_keeps_the_check() {
    let server = serve().await;
    let handed_in = || {
        let client = reqwest::Client::builder().resolve("cdn.example.com", *server.address());
        Client::builder().sender(CallerClient::of(client.no_proxy()))
    };
    let port = server.address().port();
    let url = format!("http://cdn.example.com:{port}/v.mp4");
    for names in [table(&[("cdn.example.com", &["127.0.0.1"])]), table(&[])] {
        let error = fetch(handed_in(), names, &url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());

    let told = handed_in().names_go_to_proxy();
    fetch(told, table(&[]), &url).await.unwrap();
    let public = table(&[("cdn.example.com", &["8.8.8.8"])]);
    fetch(handed_in(), public, &url).await.unwrap();
}

/// Responds to everything with the checked target that it received.
#[derive(Debug)]
struct Own(Option<Lookup>);

#[async_trait]
impl SendRequest for Own {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        let told = match request.extensions().get::<CheckedTarget>() {
            Some(target) => format!("{} {:?}", target.host(), target.addresses()),
            None => "nothing".to_owned(),
        };
        Ok(http::Response::new(Body::full(told)))
    }

    fn lookup(&self) -> Lookup {
        // The default of an implementation that does not override it.
        self.0.unwrap_or_else(|| Silent.lookup())
    }
}

#[derive(Debug)]
struct Silent;

#[async_trait]
impl SendRequest for Silent {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        Err(Error::unsent(ErrorKind::Network))
    }
}

async fn target_seen_by(lookup: Option<Lookup>, names: &Arc<Table>) -> Result<String, Error> {
    let builder = Client::builder().sender(Own(lookup));
    let response = fetch(builder, names.clone(), TARGET).await?;
    let body = response.into_body().bytes(99).await?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn every_sender_gets_the_checked_target() {
    let (private, unknown) = (table(&[("cdn.example.com", &["10.0.0.1"])]), table(&[]));
    for lookup in [None, Some(Lookup::Unchecked), Some(Lookup::Checked)] {
        let names = table(&[("cdn.example.com", &["8.8.8.8"])]);
        let target = target_seen_by(lookup, &names).await.unwrap();
        assert_eq!(target, "cdn.example.com [8.8.8.8]", "{lookup:?}");
        let error = target_seen_by(lookup, &private).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{lookup:?}");
    }
    let error = target_seen_by(None, &unknown).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let target = target_seen_by(Some(Lookup::Checked), &unknown)
        .await
        .unwrap();
    assert_eq!(target, "cdn.example.com []");
}

#[tokio::test]
async fn canned_responses_need_no_lookup() {
    let names = table(&[]);
    let target = target_seen_by(Some(Lookup::Never), &names).await.unwrap();
    assert_eq!(target, "nothing");
    assert_eq!(names.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn literal_addresses_are_checked_too() {
    for url in ["http://10.0.0.1/", "http://[::1]/"] {
        let names = table(&[]);
        let error = fetch(Client::builder(), names, url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}");
    }
}
