//! Answers without a socket, so that only tokio's own clock is at work.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http_body::Frame;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_http::{Body, Error, ErrorKind, SendRequest};
use qwen_openclaw_transport::{Client, ClientBuilder};
use tokio::time::{Sleep, sleep};

/// One step of a body.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Bytes(String),
    Pause(Duration),
    /// The same bytes again and again, a pause between them.
    Forever(&'static str, Duration),
    Reset,
    Hang,
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Body(Vec<Step>),
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    Refused,
    Never,
}

/// Text chunks of a stream.
pub(crate) fn text(text: &str) -> Step {
    Step::Bytes(format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
    ))
}

/// The end of a stream.
pub(crate) fn stop() -> Step {
    let reason = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
    Step::Bytes(format!("{reason}\n\ndata: [DONE]\n\n"))
}

/// Gives one answer after the other, the last one again and again.
#[derive(Clone, Debug)]
pub(crate) struct Canned {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    pub(crate) requests: Arc<AtomicUsize>,
    /// Bodies that have not been dropped.
    pub(crate) open: Arc<AtomicUsize>,
}

impl Canned {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            requests: Arc::default(),
            open: Arc::default(),
        }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// A client that talks to this server.
    pub(crate) fn client(&self) -> ClientBuilder {
        let http = qwen_openclaw_http::Client::builder()
            .sender(self.clone())
            .build()
            .unwrap();
        let key = ApiKey::parse("sk-test").unwrap();
        Client::builder(
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            key,
        )
        .http(http)
    }
}

#[async_trait]
impl SendRequest for Canned {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            match answers.len() {
                1 => answers[0].clone(),
                _ => answers.pop_front().unwrap(),
            }
        };
        match answer {
            Answer::Refused => Err(Error::unsent(ErrorKind::Network)),
            Answer::Never => std::future::pending().await,
            Answer::Status(status, headers, body) => {
                let mut response = http::Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(*name, *value);
                }
                Ok(response.body(Body::full(body)).unwrap())
            }
            Answer::Body(steps) => {
                self.open.fetch_add(1, Ordering::SeqCst);
                let open = Arc::clone(&self.open);
                let body = Steps {
                    steps: steps.into(),
                    sleep: None,
                    open,
                };
                Ok(http::Response::new(Body::wrap(body)))
            }
        }
    }
}

struct Steps {
    steps: VecDeque<Step>,
    sleep: Option<Pin<Box<Sleep>>>,
    open: Arc<AtomicUsize>,
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl http_body::Body for Steps {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.sleep = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Bytes(bytes)) => {
                    return Poll::Ready(Some(Ok(Frame::data(bytes.into()))));
                }
                Some(Step::Pause(pause)) => self.sleep = Some(Box::pin(sleep(pause))),
                Some(Step::Forever(bytes, pause)) => {
                    self.steps.push_front(Step::Forever(bytes, pause));
                    self.sleep = Some(Box::pin(sleep(pause)));
                    return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(
                        bytes.as_bytes(),
                    )))));
                }
                Some(Step::Reset) => {
                    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
                    return Poll::Ready(Some(Err(reset.into())));
                }
                Some(Step::Hang) => {
                    self.steps.push_front(Step::Hang);
                    return Poll::Pending;
                }
            }
        }
    }
}
