//! Waiting for a login, on a paused clock.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use qwen_openclaw_http::{Body, Client, SendRequest};

use super::*;
use crate::ErrorKind;

/// A server with canned responses, followed by `authorization_pending`. It records when it was
/// polled.
#[derive(Clone, Debug)]
struct Canned {
    started: Instant,
    polls: Arc<Mutex<Vec<Duration>>>,
    answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
}

#[async_trait]
impl SendRequest for Canned {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, qwen_openclaw_http::Error> {
        let (status, body) = if request.uri().path().ends_with("/device/code") {
            let body = r#"{"device_code":"d","user_code":"DUNEQGRB","expires_in":60,
                "verification_uri":"https://chat.qwen.ai/authorize"}"#;
            (200, body)
        } else {
            self.polls.lock().unwrap().push(self.started.elapsed());
            let answer = self.answers.lock().unwrap().pop_front();
            answer.unwrap_or((400, r#"{"error":"authorization_pending"}"#))
        };
        let mut response = http::Response::new(Body::full(body));
        *response.status_mut() = status.try_into().unwrap();
        Ok(response)
    }
}

impl Canned {
    fn new(answers: &[(u16, &'static str)]) -> Self {
        Self {
            started: Instant::now(),
            polls: Arc::default(),
            answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
        }
    }

    fn builder(&self) -> super::super::PortalBuilder {
        let http = Client::builder().sender(self.clone()).build().unwrap();
        Portal::builder().http(http)
    }

    /// Returns the times of the polls, in seconds.
    fn polls(&self) -> Vec<u64> {
        self.polls
            .lock()
            .unwrap()
            .iter()
            .map(Duration::as_secs)
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn polls_come_every_five_seconds_and_once_more_at_the_end() {
    let canned = Canned::new(&[]);
    let device = canned
        .builder()
        .build()
        .unwrap()
        .start_login()
        .await
        .unwrap();
    assert_eq!(device.url(), "https://chat.qwen.ai/authorize");
    let error = device.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginExpired);
    let expect: Vec<u64> = (1..=12).map(|number| number * 5).collect();
    assert_eq!(canned.polls(), expect);
}

#[tokio::test(start_paused = true)]
async fn slow_down_lengthens_every_wait_and_not_the_end() {
    let slow = (429, r#"{"error":"slow_down"}"#);
    let canned = Canned::new(&[slow, slow]);
    let device = canned
        .builder()
        .build()
        .unwrap()
        .start_login()
        .await
        .unwrap();
    let error = device.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginExpired);
    assert_eq!(canned.polls(), [5, 15, 30, 45, 60]);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_ends_the_login_by_the_other_clock() {
    let wall = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&wall);
    let canned = Canned::new(&[]);
    let portal = canned
        .builder()
        .clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed)))
        .build()
        .unwrap();
    let device = portal.start_login().await.unwrap();
    // The lid is closed for an hour; the monotonic clock has not noticed.
    wall.store(3600, Ordering::Relaxed);
    let error = device.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginExpired);
    assert_eq!(canned.polls(), [0], "one last poll, at once");
}

#[tokio::test(start_paused = true)]
async fn the_login_holds_what_the_server_said() {
    let canned = Canned::new(&[(
        200,
        r#"{"access_token":"a","refresh_token":"r","expires_in":"7200","resource_url":"portal.qwen.ai"}"#,
    )]);
    let device = canned
        .builder()
        .build()
        .unwrap()
        .start_login()
        .await
        .unwrap();
    let login = device.wait().await.unwrap();
    assert_eq!(login.access().expose(), "a");
    assert_eq!(login.refresh_text(), Some("r"));
    assert_eq!(login.resource_url(), Some("portal.qwen.ai"));
    assert_eq!((login.server(), login.generation()), (None, 1));
    assert_eq!(login.lifetime, Some(Duration::from_secs(7200)));
    assert_eq!(canned.polls(), [5]);
}

#[test]
fn verifiers_and_ids_have_their_forms() {
    let verifier = random_text().unwrap();
    assert_eq!(verifier.expose_secret().len(), 43);
    assert_ne!(
        verifier.expose_secret(),
        random_text().unwrap().expose_secret()
    );
    let id = random_uuid().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(&id[14..15], "4");
    assert!("89ab".contains(&id[19..20]), "{id}");
}

#[test]
fn pages_are_https_or_local() {
    let public = LoginServer::parse(None).unwrap();
    let local = LoginServer::parse(Some("http://127.0.0.1:1")).unwrap();
    let url = "https://chat.qwen.ai/authorize?user_code=QJ2_5BFO&client=qwen-code";
    assert_eq!(page(url, &public).unwrap(), url);
    assert!(page("http://127.0.0.1:1/authorize", &local).is_ok());
    for url in [
        "http://127.0.0.1:1/authorize",
        "http://chat.qwen.ai/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "-oProxyCommand=x",
    ] {
        assert!(page(url, &public).is_err(), "{url}");
    }
}
