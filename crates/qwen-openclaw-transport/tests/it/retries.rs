//! What is sent again, and what never is.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use qwen_openclaw_auth::{ApiKey, Credential, CredentialProvider, Source};
use qwen_openclaw_transport::{
    ChatRequest, Client, Error, ErrorKind, Progress, ProgressHook, Reply, RetryPolicy,
};
use tokio::time::Instant;

use crate::canned::{Answer, Canned, Step, stop, text};

const THROTTLE: Answer = Answer::Status(
    429,
    &[("retry-after", "7")],
    r#"{"error":{"code":"limit_requests","message":"slow down"}}"#,
);
const UNPAID: Answer = Answer::Status(
    429,
    &[],
    r#"{"code":"PostpaidBillOverdue","message":"pay first"}"#,
);
const UNAUTHORIZED: Answer = Answer::Status(
    401,
    &[],
    r#"{"error":{"code":"invalid_api_key","message":"no"}}"#,
);

fn good() -> Answer {
    Answer::Body(vec![text("a"), stop()])
}

async fn ask(answers: impl IntoIterator<Item = Answer>) -> (Result<Reply, Error>, usize) {
    let canned = Canned::new(answers);
    let client = canned.client().build().unwrap();
    let result = client
        .send(&ChatRequest::new("qwen3.5-plus").user("hi"))
        .await;
    (result, canned.requests())
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_piece_is_tried_again() {
    let in_stream = |event: &str| Answer::Body(vec![Step::Bytes(event.to_owned())]);
    let bad = [
        Answer::Refused,
        THROTTLE,
        Answer::Status(503, &[], ""),
        Answer::Body(vec![]),
        Answer::Body(vec![Step::Reset]),
        in_stream("data: {\"error\":{\"code\":\"InternalError\",\"message\":\"m\"}}\n\n"),
        in_stream(
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        ),
    ];
    for bad in bad {
        let shown = format!("{bad:?}");
        let (result, requests) = ask([bad, good()]).await;
        let reply = result.unwrap();
        assert_eq!(
            (reply.text(), reply.attempts(), requests),
            ("a", 2, 2),
            "{shown}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_before_the_reply_is_told() {
    let broken = Answer::Body(vec![Step::Reset]);
    let canned = Canned::new([THROTTLE, broken, good()]);
    let client = canned.client().build().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let hook = ProgressHook::new({
        let told = Arc::clone(&told);
        move |progress| told.lock().unwrap().push(progress)
    });
    let request = ChatRequest::new("qwen3.5-plus").user("hi");
    let route = client.connection().route().await.unwrap();
    let stream = client.stream_on_with_progress(route, &request, Some(hook));
    let reply = stream.await.unwrap().finish().await.unwrap();
    assert_eq!(reply.attempts(), 3);
    let told = told.lock().unwrap();
    let [
        Progress::Sending,
        Progress::Retrying { after, error },
        Progress::Sending,
        Progress::Accepted,
        Progress::Retrying { error: again, .. },
        Progress::Sending,
        Progress::Accepted,
    ] = told[..]
    else {
        panic!("{told:?}");
    };
    assert!(after >= Duration::from_secs(7), "{after:?}");
    assert_eq!((error, again), (ErrorKind::RateLimited, ErrorKind::Network));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_again_after_the_first_piece() {
    let reasoning = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
    for first in [text("a"), Step::Bytes(reasoning.to_owned())] {
        let (result, requests) = ask([Answer::Body(vec![first, Step::Reset]), good()]).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), requests), (ErrorKind::Network, 1));
        let partial = error.partial().unwrap();
        assert_eq!(partial.text().len() + partial.reasoning().len() / 2, 1);
        assert_eq!(partial.attempts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_help_is_not_tried() {
    for (answer, kind) in [
        (UNPAID, ErrorKind::Billing),
        (UNAUTHORIZED, ErrorKind::Authentication),
        (Answer::Status(400, &[], "{}"), ErrorKind::InvalidRequest),
        (
            Answer::Status(403, &[], r#"{"code":"insufficient_quota"}"#),
            ErrorKind::Quota,
        ),
    ] {
        let (result, requests) = ask([answer, good()]).await;
        assert_eq!((result.unwrap_err().kind(), requests), (kind, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up_with_the_last_error() {
    let (result, requests) = ask([Answer::Refused, Answer::Status(503, &[], ""), THROTTLE]).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::RateLimited, "slow down")
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(requests, 3);
    assert!(error.is_transient());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_given_up_leaves_no_partial_reply() {
    let (result, requests) = ask([Answer::Body(vec![Step::Reset]), UNAUTHORIZED]).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), requests), (ErrorKind::Authentication, 2));
    assert!(error.partial().is_none());
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_the_server_asks() {
    let started = Instant::now();
    let (result, _) = ask([THROTTLE, good()]).await;
    assert!(result.is_ok());
    assert!(started.elapsed() >= Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn retries_can_be_turned_off() {
    let canned = Canned::new([Answer::Refused, good()]);
    let client = canned.client().retry(RetryPolicy::none()).build().unwrap();
    let error = client
        .send(&ChatRequest::new("m").user("hi"))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), canned.requests()), (ErrorKind::Network, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_ends_its_request() {
    let canned = Canned::new([Answer::Body(vec![text("a"), Step::Hang])]);
    let client = canned.client().build().unwrap();
    let mut stream = client
        .stream(&ChatRequest::new("m").user("hi"))
        .await
        .unwrap();
    assert!(stream.next().await.is_some());
    assert_eq!(canned.open(), 1);
    drop(stream);
    assert_eq!(canned.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_an_error_there_is_nothing_but_the_error() {
    let canned = Canned::new([Answer::Body(vec![text("a"), Step::Reset])]);
    let client = canned.client().build().unwrap();
    let mut stream = client
        .stream(&ChatRequest::new("m").user("hi"))
        .await
        .unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(stream.next().await.is_none());
    assert!(stream.next_borrowed().await.is_none());
    assert_eq!(
        stream.finish().await.unwrap_err().to_string(),
        error.to_string()
    );
}

/// Gives keys 0, 1, 2, … and counts how often it was asked for a newer one.
#[derive(Debug, Default)]
struct Renewing {
    number: AtomicUsize,
    refreshes: AtomicUsize,
}

impl Renewing {
    fn key(number: usize) -> Credential {
        Credential::new(
            ApiKey::parse(format!("sk-{number}")).unwrap(),
            Source::Explicit,
        )
    }
}

#[async_trait]
impl CredentialProvider for Renewing {
    async fn credential(&self) -> Result<Credential, qwen_openclaw_auth::Error> {
        Ok(Self::key(self.number.load(Ordering::SeqCst)))
    }

    async fn refresh(
        &self,
        rejected: &Credential,
    ) -> Result<Option<Credential>, qwen_openclaw_auth::Error> {
        assert_eq!(rejected, &Self::key(self.number.load(Ordering::SeqCst)));
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        Ok(Some(Self::key(
            self.number.fetch_add(1, Ordering::SeqCst) + 1,
        )))
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejected_credential_is_renewed_once() {
    for (answers, text, refreshes) in [
        (vec![UNAUTHORIZED, good()], Some("a"), 1),
        (vec![UNAUTHORIZED, UNAUTHORIZED, good()], None, 1),
        (vec![Answer::Refused, UNAUTHORIZED, good()], Some("a"), 1),
    ] {
        let canned = Canned::new(answers);
        let provider = Arc::new(Renewing::default());
        let http = qwen_openclaw_http::Client::builder()
            .sender(canned)
            .build()
            .unwrap();
        let client = Client::builder_with("https://a.example/v1", Arc::clone(&provider) as _)
            .http(http)
            .build()
            .unwrap();
        let result = client.send(&ChatRequest::new("m").user("hi")).await;
        assert_eq!(result.as_ref().ok().map(Reply::text), text);
        assert_eq!(provider.refreshes.load(Ordering::SeqCst), refreshes);
    }
}
