//! The three clocks, on paused time.

use std::time::Duration;

use qwen_openclaw_transport::{
    ChatRequest, Error, ErrorKind, Event, Reply, RetryPolicy, Stall, StreamTimeouts,
};
use tokio::time::Instant;

use crate::canned::{Answer, Canned, Step, stop, text};

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> StreamTimeouts {
    let mut limits = StreamTimeouts::default();
    limits.head = 10 * SECOND;
    limits.bytes = 20 * SECOND;
    limits.progress = 30 * SECOND;
    limits
}

async fn ask(answer: Answer) -> (Result<Reply, Error>, Duration) {
    let canned = Canned::new([answer]);
    let client = canned
        .client()
        .retry(RetryPolicy::none())
        .stream_timeouts(limits())
        .build()
        .unwrap();
    let started = Instant::now();
    let result = client
        .send(&ChatRequest::new("qwen3.5-plus").user("hi"))
        .await;
    assert_eq!(canned.open(), 0, "a body was left open");
    (result, started.elapsed())
}

fn check(
    result: (Result<Reply, Error>, Duration),
    stall: Stall,
    after: u64,
    message: &str,
) -> Error {
    let (error, took) = (result.0.unwrap_err(), result.1);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.stall(), Some(stall));
    assert_eq!(error.to_string(), message);
    assert!(error.is_transient());
    assert_eq!(took.as_secs(), after);
    error
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_model_has_stopped_breaks_nothing() {
    let reason = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let steps = vec![text("a"), Step::Bytes(reason.to_owned()), Step::Hang];
    let (reply, took) = ask(Answer::Body(steps)).await;
    assert_eq!(reply.unwrap().text(), "a");
    assert_eq!(took.as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_after_the_model_has_stopped_breaks_nothing() {
    let reason = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
    for rest in [
        "",
        "\n",
        "\n\n",
        "\n\ndata: {\"choices\":[],\"usage\":{\"pro",
        "\n\ndata: [DO",
    ] {
        let last = Step::Bytes(format!("{reason}{rest}"));
        let (reply, _) = ask(Answer::Body(vec![text("a"), last, Step::Reset])).await;
        assert_eq!(reply.unwrap().text(), "a", "{rest:?}");
    }
    let cut = Step::Bytes(reason[..reason.len() - 1].to_owned());
    let (reply, _) = ask(Answer::Body(vec![text("a"), cut, Step::Reset])).await;
    assert_eq!(reply.unwrap_err().kind(), ErrorKind::Network);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_no_clock_reaches_is_none() {
    let mut limits = StreamTimeouts::default();
    (limits.head, limits.bytes, limits.progress) = (Duration::MAX, Duration::MAX, Duration::MAX);
    let steps = vec![text("a"), Step::Pause(86_400 * SECOND), stop()];
    let client = Canned::new([Answer::Body(steps)])
        .client()
        .stream_timeouts(limits);
    let client = client.wait_timeout(SECOND).build().unwrap();
    let request = ChatRequest::new("qwen3.5-plus").user("hi");
    assert_eq!(client.send(&request).await.unwrap().text(), "a");
}

#[tokio::test(start_paused = true)]
async fn the_head_never_comes() {
    let result = ask(Answer::Never).await;
    check(
        result,
        Stall::Head,
        10,
        "the server did not answer within 10 s",
    );
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_keeps_coming_has_no_limit_unless_one_is_set() {
    let steps = || {
        let piece = || [text("a"), Step::Pause(15 * SECOND)];
        let pieces = (0..4).flat_map(|_| piece());
        Answer::Body(pieces.chain([stop()]).collect())
    };
    let ask = async |limit: Option<u64>| {
        let canned = Canned::new([steps()]);
        let mut limits = limits();
        limits.total = limit.map(|limit| u32::try_from(limit).unwrap() * SECOND);
        let client = canned.client().retry(RetryPolicy::none());
        let client = client.stream_timeouts(limits).build().unwrap();
        let started = Instant::now();
        let request = ChatRequest::new("qwen3.5-plus").user("hi");
        (client.send(&request).await, started.elapsed())
    };
    let (reply, took) = ask(None).await;
    assert_eq!((reply.unwrap().text(), took.as_secs()), ("aaaa", 60));
    let (reply, _) = ask(Some(61)).await;
    assert_eq!(reply.unwrap().text(), "aaaa");
    let message = "the reply was not complete within 40 s";
    let error = check(ask(Some(40)).await, Stall::Total, 40, message);
    assert_eq!(error.partial().unwrap().text(), "aaa");
}

#[tokio::test(start_paused = true)]
async fn bytes_stop() {
    let result = ask(Answer::Body(vec![text("a"), Step::Hang])).await;
    let error = check(
        result,
        Stall::Bytes,
        20,
        "the stream went silent: no byte for 20 s",
    );
    assert_eq!(error.partial().unwrap().text(), "a");
}

#[tokio::test(start_paused = true)]
async fn only_keep_alives_come() {
    for keep_alive in [
        ": keep-alive\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"encrypted_content\":\"\"}}]}\n\n",
        "data: {\"choices\":[],\"usage\":null}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n",
    ] {
        let result = ask(Answer::Body(vec![
            text("a"),
            Step::Forever(keep_alive, SECOND),
        ]))
        .await;
        let message = "the stream only kept itself alive: nothing of the reply for 30 s";
        let error = check(result, Stall::Progress, 30, message);
        assert_eq!(error.partial().unwrap().text(), "a");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reply_is_no_stall() {
    let mut steps = Vec::new();
    for _ in 0..100 {
        steps.extend([text("a"), Step::Pause(19 * SECOND)]);
    }
    steps.push(stop());
    let (result, took) = ask(Answer::Body(steps)).await;
    assert_eq!(result.unwrap().text().len(), 100);
    assert_eq!(took.as_secs(), 1900);
}

#[tokio::test(start_paused = true)]
async fn what_no_event_shows_is_progress_too() {
    let slowly = |delta: &str| {
        let bytes = format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n");
        let steps = [Step::Bytes(bytes), Step::Pause(19 * SECOND)];
        steps.into_iter().cycle().take(20)
    };
    let mut steps: Vec<_> = slowly(r#"{"encrypted_content":"gAAA"}"#).collect();
    // Held back until the call has a name.
    let nameless = r#"{"tool_calls":[{"index":0,"function":{"arguments":" "}}]}"#;
    steps.extend(slowly(nameless));
    let named =
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"get","arguments":"{}"}}]}"#;
    steps.extend(slowly(named).take(1));
    steps.push(stop());
    let (reply, took) = ask(Answer::Body(steps)).await;
    let reply = reply.unwrap();
    assert_eq!(reply.encrypted_content(), Some(&*"gAAA".repeat(10)));
    assert_eq!(reply.tool_calls()[0].name(), "get");
    assert_eq!(took.as_secs(), 20 * 19);
}

#[tokio::test(start_paused = true)]
async fn keep_alives_hold_a_thinking_model_for_a_while() {
    let mut steps = Vec::new();
    for _ in 0..2 {
        steps.extend([Step::Pause(14 * SECOND), Step::Bytes(": wait\n\n".into())]);
    }
    steps.extend([text("a"), stop()]);
    assert_eq!(ask(Answer::Body(steps)).await.0.unwrap().text(), "a");
}

#[tokio::test(start_paused = true)]
async fn the_time_that_the_caller_takes_does_not_count() {
    let canned = Canned::new([Answer::Body(vec![
        text("a"),
        Step::Pause(SECOND),
        text("b"),
        Step::Pause(SECOND),
        stop(),
    ])]);
    let client = canned.client().stream_timeouts(limits()).build().unwrap();
    let request = ChatRequest::new("qwen3.5-plus").user("hi");
    let mut stream = client.stream(&request).await.unwrap();
    let mut texts = Vec::new();
    while let Some(event) = stream.next().await {
        if let Event::Text(text) = event.unwrap() {
            texts.push(text);
        }
        tokio::time::sleep(3600 * SECOND).await;
    }
    assert_eq!(texts, ["a", "b"]);
    assert!(stream.finish().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_stalled_request_is_sent_again_before_the_first_piece() {
    let good = Answer::Body(vec![text("a"), stop()]);
    for bad in [Answer::Never, Answer::Body(vec![Step::Hang])] {
        let canned = Canned::new([bad, good.clone()]);
        let client = canned.client().stream_timeouts(limits()).build().unwrap();
        let reply = client
            .send(&ChatRequest::new("qwen3.5-plus").user("hi"))
            .await
            .unwrap();
        assert_eq!((reply.text(), reply.attempts()), ("a", 2));
    }
}

/// Thinking models get more patience; nobody has to ask for it.
#[tokio::test(start_paused = true)]
async fn patience_depends_on_the_model() {
    for (model, seconds) in [
        ("qwen3-coder-plus", 120),
        ("qwen3.6-flash", 300),
        ("unheard-of", 300),
    ] {
        let canned = Canned::new([Answer::Body(vec![Step::Hang])]);
        let client = canned.client().retry(RetryPolicy::none()).build().unwrap();
        let started = Instant::now();
        let error = client
            .send(&ChatRequest::new(model).user("hi"))
            .await
            .unwrap_err();
        assert_eq!(error.stall(), Some(Stall::Bytes));
        assert_eq!(started.elapsed().as_secs(), seconds, "{model}");
    }
}
