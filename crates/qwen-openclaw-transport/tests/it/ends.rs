//! How a stream begins and how it ends, as others are told, on paused time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use qwen_openclaw_transport::{
    ChatRequest, Client, ErrorKind, Event, ReplyEnd, ReplyStream, RetryPolicy,
};
use tokio::time::{Instant, sleep};

use crate::canned::{Answer, Canned, Step, stop, text};

const SECOND: Duration = Duration::from_secs(1);

fn client(answers: impl IntoIterator<Item = Answer>) -> Client {
    Canned::new(answers).client().build().unwrap()
}

async fn open(client: &Client) -> ReplyStream {
    let request = ChatRequest::new("qwen3.5-plus").user("hi");
    client.stream(&request).await.unwrap()
}

fn usage() -> Step {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    Step::Bytes(format!("data: {usage}\n\n"))
}

/// What hooks have said, one entry each.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Notes how the stream ends, and one second later that it is noted.
    fn watch(&self, stream: ReplyStream) -> ReplyStream {
        let log = self.clone();
        stream.on_end(move |end| {
            let text = end.reply().map_or("-", |reply| reply.text());
            let output = end.reply().and_then(|reply| reply.usage());
            let output = output.map_or(0, |usage| usage.output_tokens);
            log.add(match end {
                ReplyEnd::Complete(_) => format!("complete: {text} {output}"),
                ReplyEnd::Failed(error) => format!("{}: {text} {output}", error.kind().as_str()),
                ReplyEnd::Canceled(_) => format!("canceled: {text} {output}"),
                _ => "something else".to_owned(),
            });
            async move {
                sleep(SECOND).await;
                log.add("done");
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn ready_waits_for_the_first_piece_and_takes_no_event() {
    let steps = vec![
        usage(),
        Step::Pause(5 * SECOND),
        text("a"),
        text("b"),
        stop(),
    ];
    let mut stream = open(&client([Answer::Body(steps)])).await;
    let started = Instant::now();
    // Canceled in between, it loses nothing.
    tokio::time::timeout(SECOND, stream.ready())
        .await
        .unwrap_err();
    stream.ready().await.unwrap();
    stream.ready().await.unwrap();
    assert_eq!(started.elapsed(), 5 * SECOND);
    assert_eq!(stream.reply().text(), "a");
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(match event.unwrap() {
            Event::Text(text) => text,
            Event::Usage(usage) => usage.output_tokens.to_string(),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(events, ["4", "a", "b", "Finish(Stop)"]);
}

#[tokio::test(start_paused = true)]
async fn ready_is_done_with_a_reply_that_says_nothing() {
    let mut stream = open(&client([Answer::Body(vec![usage(), stop()])])).await;
    stream.ready().await.unwrap();
    stream.ready().await.unwrap();
    let reply = stream.finish().await.unwrap();
    assert_eq!(reply.usage().unwrap().output_tokens, 4);
    assert!(reply.finish_reason().is_some());
}

#[tokio::test(start_paused = true)]
async fn ready_fails_with_what_came_before_the_first_piece() {
    let broken = r#"data: {"error":{"code":"data_inspection_failed","message":"no"}}"#;
    let steps = vec![usage(), Step::Bytes(format!("{broken}\n\n"))];
    let mut stream = open(&client([Answer::Body(steps)])).await;
    let error = stream.ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContentFilter);
    assert_eq!(error.attempts(), 1);
    assert!(stream.next().await.is_none());
    let again = stream.finish().await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::ContentFilter);
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_answer_brought_is_forgotten_by_ready() {
    let broken = Answer::Body(vec![usage(), Step::Reset]);
    let good = Answer::Body(vec![text("a"), stop()]);
    let mut stream = open(&client([broken, good])).await;
    stream.ready().await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!(first, Event::Text("a".to_owned()));
    assert_eq!(stream.finish().await.unwrap().attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_hook_is_done_before_the_end_is_seen() {
    let log = Log::default();
    let answer = Answer::Body(vec![text("a"), usage(), stop()]);
    let mut stream = log.watch(open(&client([answer.clone()])).await);
    stream.ready().await.unwrap();
    while let Some(event) = stream.next().await {
        assert!(event.is_ok() && log.entries().is_empty());
    }
    assert_eq!(log.entries(), ["complete: a 4", "done"]);
    assert!(stream.next().await.is_none());
    stream.finish().await.unwrap();
    assert_eq!(log.entries().len(), 2);

    let log = Log::default();
    let stream = log.watch(open(&client([answer])).await);
    assert_eq!(stream.finish().await.unwrap().text(), "a");
    assert_eq!(log.entries(), ["complete: a 4", "done"]);
}

#[tokio::test(start_paused = true)]
async fn several_hooks_run_in_the_order_in_which_they_were_set() {
    let log = Log::default();
    let answer = Answer::Body(vec![text("a"), stop()]);
    let stream = log.watch(log.watch(open(&client([answer])).await));
    stream.finish().await.unwrap();
    let [both, done] = ["complete: a 0", "done"];
    assert_eq!(log.entries(), [both, both, done, done]);
}

#[tokio::test(start_paused = true)]
async fn the_hook_is_done_before_an_error_is_seen() {
    let log = Log::default();
    let answer = Answer::Body(vec![text("a"), usage(), Step::Reset]);
    let mut stream = log.watch(open(&client([answer])).await);
    while let Some(Ok(_)) = stream.next().await {
        assert_eq!(log.entries(), Vec::<String>::new());
    }
    assert_eq!(log.entries(), ["network: a 4", "done"]);
    assert!(stream.next().await.is_none());
    assert!(stream.finish().await.is_err());
    assert_eq!(log.entries().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_to_send_again_ends_the_reply_too() {
    let log = Log::default();
    let denied = Answer::Status(
        401,
        &[],
        r#"{"error":{"code":"invalid_api_key","message":"no"}}"#,
    );
    let mut stream = log.watch(open(&client([Answer::Body(vec![Step::Reset]), denied])).await);
    let error = stream.ready().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Authentication, 2)
    );
    assert_eq!(log.entries(), ["auth: - 0", "done"]);
}

#[tokio::test(start_paused = true)]
async fn the_hook_of_a_dropped_stream_is_finished_by_the_runtime() {
    let log = Log::default();
    let answer = Answer::Body(vec![text("a"), usage(), Step::Hang]);
    let mut stream = log.watch(open(&client([answer])).await);
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    assert_eq!(log.entries(), ["canceled: a 4"]);
    sleep(2 * SECOND).await;
    assert_eq!(log.entries(), ["canceled: a 4", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_is_under_way_survives_its_stream() {
    let log = Log::default();
    let answer = Answer::Body(vec![text("a"), stop()]);
    let stream = log.watch(open(&client([answer])).await);
    tokio::time::timeout(SECOND / 2, stream.finish())
        .await
        .unwrap_err();
    assert_eq!(log.entries(), ["complete: a 0"]);
    sleep(2 * SECOND).await;
    assert_eq!(log.entries(), ["complete: a 0", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_had_arrived_whole_was_not_canceled() {
    let log = Log::default();
    let Step::Bytes(end) = stop() else { panic!() };
    let Step::Bytes(start) = text("a") else {
        panic!()
    };
    let answer = Answer::Body(vec![Step::Bytes(format!("{start}{end}"))]);
    let mut stream = log.watch(open(&client([answer])).await);
    while let Some(event) = stream.next().await {
        if matches!(event.unwrap(), Event::Finish(_)) {
            break;
        }
    }
    drop(stream);
    assert_eq!(log.entries(), ["complete: a 0"]);
}

#[test]
fn a_stream_may_be_dropped_outside_of_a_runtime() {
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().build().unwrap();
    let answer = Answer::Body(vec![text("a"), Step::Hang]);
    let stream = runtime.block_on(async { log.watch(open(&client([answer])).await) });
    drop(stream);
    assert_eq!(log.entries(), ["canceled:  0"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_says_how_often_the_request_was_sent() {
    let request = ChatRequest::new("qwen3.5-plus").user("hi");
    let busy = client([Answer::Status(503, &[], "")]);
    let error = busy.send(&request).await.unwrap_err();
    assert_eq!(error.attempts(), 3);
    let refused = Canned::new([Answer::Refused]).client();
    let refused = refused.retry(RetryPolicy::none()).build().unwrap();
    let error = refused.send(&request).await.unwrap_err();
    assert_eq!(error.attempts(), 0);
    let empty = ChatRequest::new("qwen3.5-plus");
    let error = refused.send(&empty).await.unwrap_err();
    assert_eq!(error.attempts(), 0);
}
