//! A login server that does not respond, on a paused clock.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use qwen_openclaw_http::{Body, Client, SendRequest};
use tokio::time::Instant;

use super::testing::*;
use crate::{
    CredentialProvider, CredentialStore, ErrorKind, MemoryStore, Profile,
    portal::{Portal, PortalCredential},
};

/// Leaves the first `silent` requests without a response, then responds with `then`.
#[derive(Clone, Debug)]
struct Silent {
    asked: Arc<AtomicU32>,
    silent: u32,
    then: (u16, &'static str),
}

#[async_trait]
impl SendRequest for Silent {
    async fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, qwen_openclaw_http::Error> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < self.silent {
            return pending().await;
        }
        let mut response = http::Response::new(Body::full(self.then.1));
        *response.status_mut() = self.then.0.try_into().unwrap();
        Ok(response)
    }
}

async fn credential(
    silent: u32,
    then: (u16, &'static str),
) -> (Silent, Arc<MemoryStore>, PortalCredential) {
    let server = Silent {
        asked: Arc::default(),
        silent,
        then,
    };
    let http = Client::builder().sender(server.clone()).build().unwrap();
    let portal = Portal::builder().http(http).build().unwrap();
    let (store, id) = (
        Arc::new(MemoryStore::new()),
        "qwen-oauth:a".parse().unwrap(),
    );
    let profile = Profile::Login(login("old", "refresh-1", Left::Nothing));
    store.put(&id, &profile).await.unwrap();
    let credential = PortalCredential::stored(&portal, store.clone(), id);
    (server, store, credential)
}

const RENEWED: (u16, &str) = (
    200,
    r#"{"access_token":"new","refresh_token":"refresh-2","expires_in":3600}"#,
);
const REFUSED: (u16, &str) = (400, r#"{"error":"invalid_grant"}"#);

#[tokio::test(start_paused = true)]
async fn a_stalled_refresh_ends_after_two_tries_and_changes_nothing() {
    let (server, store, credential) = credential(u32::MAX, REFUSED).await;
    let id = "qwen-oauth:a".parse().unwrap();
    let before = store.load(&id).await.unwrap();
    let started = Instant::now();
    let error = credential.credential().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        started.elapsed(),
        Duration::from_secs(30),
        "15 seconds each"
    );
    assert_eq!(server.asked.load(Ordering::Relaxed), 2);
    assert_eq!(store.load(&id).await.unwrap(), before);
    // The request is not repeated at once.
    credential.credential().await.unwrap_err();
    assert_eq!(server.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_not_acted_renews_at_the_second_try() {
    let (server, _, credential) = credential(1, RENEWED).await;
    let found = credential.credential().await.unwrap();
    assert_eq!(found.key().expose(), "new");
    assert_eq!(server.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_acted_refuses_the_second_try() {
    let (_, _, credential) = credential(1, REFUSED).await;
    let error = credential.credential().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("interrupted refresh"), "{error}");
}

/// A firewall's response with status 400 contains no error code of the protocol.
#[tokio::test(start_paused = true)]
async fn a_gateways_own_json_says_nothing_about_the_token() {
    let gateway = (400, r#"{"code":"Throttled","message":"slow"}"#);
    let (_, _, credential) = credential(0, gateway).await;
    let error = credential.credential().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRefused);
    assert!(error.to_string().contains("status-400"), "{error}");
}
