//! Servers that a chat may meet.

use std::time::Duration;

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_transport::{
    ChatRequest, Client, Error, ErrorKind, Reply, RetryPolicy, Stall, StreamTimeouts,
};

use crate::{
    Clock, Row,
    server::{Server, Step, answer, block, events, head, write},
};

const A: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const SECOND: Duration = Duration::from_secs(1);

/// Asks the server once, and again only where `retries` says so.
async fn ask(server: &Server, retries: u32) -> Result<Reply, Error> {
    let mut timeouts = StreamTimeouts::default();
    timeouts.head = 3 * SECOND;
    timeouts.bytes = 20 * SECOND;
    timeouts.progress = 30 * SECOND;
    let client = Client::builder(server.url(), ApiKey::parse("sk-0123456789abcdef").unwrap())
        .retry(RetryPolicy::none().retries(retries))
        .stream_timeouts(timeouts)
        .build()
        .unwrap();
    client
        .send(&ChatRequest::new("qwen3.5-plus").user("hi"))
        .await
}

/// What comes of a chat with a server that says this each time.
async fn said(steps: Vec<Step>) -> Result<Reply, Error> {
    let server = Server::start(move |_, _| steps.clone()).await;
    ask(&server, 0).await
}

#[track_caller]
fn fails(result: &Result<Reply, Error>, kinds: &[ErrorKind]) {
    match result {
        Ok(reply) => panic!("a success: {:?}", reply.text()),
        Err(error) => assert!(kinds.contains(&error.kind()), "{:?}: {error}", error.kind()),
    }
}

#[track_caller]
fn stalls(result: &Result<Reply, Error>, stall: Stall) {
    fails(result, &[ErrorKind::Timeout]);
    assert_eq!(result.as_ref().unwrap_err().stall(), Some(stall));
}

pub(crate) fn rows() -> Vec<Row> {
    use Clock::{Paused, Real};
    use ErrorKind::{
        Authentication, Network, Protocol, RateLimited, Server as Failed, Timeout, TooLarge,
        Truncated,
    };

    vec![
        Row::new("endless headers", Real, 10, 16, || async {
            let start = write("HTTP/1.1 200 OK\r\n");
            let result = said(vec![start, Step::Forever(block("x-a: bbbbbbbb\r\n"))]).await;
            fails(&result, &[Network, Protocol, Timeout]);
        }),
        Row::new("a header without end", Real, 10, 16, || async {
            let start = write("HTTP/1.1 200 OK\r\nx-a: ");
            let result = said(vec![start, Step::Forever(block("b"))]).await;
            fails(&result, &[Network, Protocol, Timeout]);
        }),
        Row::new("an endless line", Real, 60, 64, || async {
            let result = said(vec![events(), write("data: "), Step::Forever(block("x"))]).await;
            fails(&result, &[TooLarge]);
        }),
        Row::new("an endless event of many lines", Real, 60, 64, || async {
            let result = said(vec![
                events(),
                Step::Forever(block("data: xxxxxxxxxxxxxxxxxxxxxxx\n")),
            ])
            .await;
            fails(&result, &[TooLarge]);
        }),
        Row::new("an endless document", Real, 60, 64, || async {
            let result = said(vec![
                head("200 OK", ""),
                write("{\"a\":\""),
                Step::Forever(block("x")),
            ])
            .await;
            fails(&result, &[TooLarge]);
        }),
        Row::new("one byte of the head a second", Paused, 10, 8, || async {
            stalls(
                &said(vec![Step::Slowly(b"H".to_vec(), SECOND)]).await,
                Stall::Head,
            );
        }),
        Row::new("comments and nothing else", Paused, 60, 8, || async {
            let result = said(vec![events(), Step::Slowly(b": wait\n\n".to_vec(), SECOND)]).await;
            stalls(&result, Stall::Progress);
        }),
        Row::new("silence in the middle", Paused, 60, 8, || async {
            let result = said(vec![events(), write(A), Step::Wait(3600 * SECOND)]).await;
            stalls(&result, Stall::Bytes);
            assert_eq!(result.unwrap_err().partial().unwrap().text(), "a");
        }),
        Row::new("usage that says nothing new", Paused, 90, 8, || async {
            let usage = b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
            let result = said(vec![
                events(),
                write(A),
                Step::Slowly(usage.to_vec(), SECOND),
            ])
            .await;
            stalls(&result, Stall::Progress);
        }),
        Row::new("chunks that say nothing", Paused, 90, 8, || async {
            let empty = b"data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n";
            let result = said(vec![
                events(),
                write(A),
                Step::Slowly(empty.to_vec(), SECOND),
            ])
            .await;
            stalls(&result, Stall::Progress);
        }),
        Row::new("a length that promises more", Paused, 10, 8, || async {
            let body = format!("{A}{STOP}{DONE}");
            let result = said(vec![
                head("200 OK", "content-length: 100000\r\n"),
                write(body),
            ])
            .await;
            assert_eq!(result.unwrap().text(), "a");
        }),
        Row::new("a length that cuts", Paused, 10, 8, || async {
            let body = format!("{A}{STOP}{DONE}");
            let short = format!("content-length: {}\r\n", A.len() + 20);
            fails(
                &said(vec![head("200 OK", &short), write(body)]).await,
                &[Truncated],
            );
        }),
        Row::new("a flood of 103", Real, 20, 16, || async {
            let result = said(vec![Step::Forever(block(
                "HTTP/1.1 103 Early Hints\r\n\r\n",
            ))])
            .await;
            fails(&result, &[Timeout, Network, Protocol]);
        }),
        Row::new("a gzip bomb", Real, 60, 64, || async {
            // It is not unpacked, since it was not asked for.
            let fields = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";
            let result = said(vec![
                head("200 OK", fields),
                write(b"\x1f\x8b\x08\0".as_slice()),
                Step::Forever(block("\0")),
            ]);
            fails(&result.await, &[TooLarge, Protocol]);
        }),
        Row::new("[DONE] alone", Paused, 10, 8, || async {
            fails(
                &said(vec![events(), write(DONE)]).await,
                &[Truncated, Protocol],
            );
        }),
        Row::new("twenty names of 15 MiB", Real, 120, 224, || async {
            let mut steps = vec![events()];
            for number in 0..20 {
                steps.push(write(format!(
                    "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":{number},\"function\":{{\"name\":\""
                )));
                steps.push(Step::Times(block("n"), 15 << 5));
                steps.push(write("\"}}]}}]}\n\n"));
            }
            fails(&said(steps).await, &[TooLarge]);
        }),
        Row::new("deep nesting", Real, 20, 32, || async {
            let steps = vec![
                events(),
                write("data: {\"choices\":[{\"delta\":{\"content\":"),
                Step::Times(block("["), 32),
                write("\n\n"),
            ];
            fails(&said(steps).await, &[Protocol]);
            let body = [b"{\"error\":".as_slice(), &block("{\"a\":")].concat();
            fails(
                &said(answer("400 Bad Request", "", &body)).await,
                &[ErrorKind::InvalidRequest],
            );
        }),
        Row::new("nothing but NUL", Real, 60, 64, || async {
            fails(
                &said(vec![events(), Step::Forever(block("\0"))]).await,
                &[TooLarge, Protocol],
            );
        }),
        Row::new("a redirect to itself", Paused, 10, 8, || async {
            let server =
                Server::start(|_, _| answer("307 Temporary Redirect", "location: /\r\n", b""))
                    .await;
            assert!(ask(&server, 3).await.is_err());
            assert_eq!(server.requests().len(), 1);
        }),
        Row::new("401 for ever", Paused, 10, 8, || async {
            let server = Server::start(|_, _| {
                answer("401 Unauthorized", "", b"{\"code\":\"InvalidApiKey\"}")
            })
            .await;
            fails(&ask(&server, 3).await, &[Authentication]);
            assert!(server.requests().len() <= 2);
        }),
        Row::new("a wait of a billion seconds", Paused, 300, 8, || async {
            let body = b"{\"code\":\"Throttling.RateQuota\",\"message\":\"slow down\"}";
            let fields = "retry-after: 1000000000\r\n";
            let server =
                Server::start(move |_, _| answer("429 Too Many Requests", fields, body)).await;
            fails(&ask(&server, 3).await, &[RateLimited]);
            assert!(server.requests().len() <= 4);
        }),
        Row::new("an endless error", Real, 30, 16, || async {
            let result = said(vec![
                head("500 Internal Server Error", ""),
                Step::Forever(block("{\"a\":1} ")),
            ])
            .await;
            fails(&result, &[Failed]);
        }),
        Row::new("a web page", Paused, 10, 8, || async {
            let page = answer(
                "200 OK",
                "content-type: text/html\r\n",
                b"<!doctype html><p>Log in</p>",
            );
            let result = said(page).await;
            fails(&result, &[Protocol]);
            assert!(result.unwrap_err().to_string().contains("web page"));
        }),
        Row::new(
            "a stream that calls itself a picture",
            Paused,
            10,
            8,
            || async {
                let body = format!("{A}{STOP}{DONE}");
                let result = said(answer(
                    "200 OK",
                    "content-type: image/png\r\n",
                    body.as_bytes(),
                ))
                .await;
                assert_eq!(result.unwrap().text(), "a");
            },
        ),
        Row::new("a reset after each byte", Paused, 600, 32, || async {
            let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
            let stream = format!("{A}{A}{STOP}{usage}{DONE}");
            let said_all = 2 * A.len() + STOP.len() - 2;
            for at in 0..=stream.len() {
                let sent = stream.as_bytes()[..at].to_vec();
                // What was read before the reset is there; the rest of it the kernel throws away.
                let result = said(vec![
                    events(),
                    Step::Write(sent),
                    Step::Wait(SECOND),
                    Step::Reset,
                ])
                .await;
                if at >= said_all {
                    assert_eq!(result.unwrap().text(), "aa", "{at}");
                    continue;
                }
                let error = result.unwrap_err();
                assert!(matches!(error.kind(), Network | Truncated), "{at}: {error}");
                let partial = error.partial().map_or("", Reply::text);
                // An event whose blank line is missing may count or not.
                let least = (at / A.len()).min(2);
                assert!(
                    (least..=least + 1).contains(&partial.len()),
                    "{at}: {partial:?}"
                );
            }
        }),
    ]
}
