//! Scripted replies, on the wire.

use std::{io::ErrorKind, time::Duration};

use qwen_openclaw_emulator::{Emulator, End, Framing, Reply, Script};
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::client::{Answer, Client, ask, stream};

async fn serve(reply: Reply) -> (Emulator, Client) {
    let emulator = Emulator::start().await.unwrap();
    emulator.script(reply);
    let mut client = Client::connect(&emulator).await;
    client.chat(&stream("any", "Hi"), &[]).await;
    (emulator, client)
}

async fn answer(reply: Reply) -> Answer {
    serve(reply).await.1.answer().await
}

#[tokio::test]
async fn chunks_are_served_exactly_and_the_connection_stays() {
    let emulator = Emulator::start().await.unwrap();
    let reply = Reply::event_stream()
        .header("x-Own", "1")
        .chunk("data: {\"a\"")
        .chunk(": 1}\n\n")
        .chunk(&b"\xff\x00"[..])
        .done();
    emulator.script(reply);
    let mut client = Client::connect(&emulator).await;
    client.chat(&stream("nonsense", "Hi"), &[]).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-own"), Some("1"));
    assert_eq!(
        answer.chunks,
        [
            &b"data: {\"a\""[..],
            b": 1}\n\n",
            b"\xff\x00",
            b"data: [DONE]\n\n"
        ]
    );
    assert!(answer.complete);

    // The script is over, and the emulator answers by itself on the same connection.
    client.chat(&stream("qwen3-max", "2+2"), &[]).await;
    assert!(client.answer().await.content().contains("2+2 = 4"));
    assert_eq!(emulator.connections().accepted, 1);
    assert_eq!(emulator.connections().abandoned, 0);
}

#[tokio::test]
async fn a_request_sent_ahead_is_not_lost() {
    let emulator = Emulator::start().await.unwrap();
    emulator.script(
        Script::from(Reply::text(200, "text/plain", "one")).then(Reply::text(
            201,
            "text/plain",
            "two",
        )),
    );
    let mut client = Client::connect(&emulator).await;
    client.chat(&stream("x", "Hi"), &[]).await;
    client.chat(&stream("x", "Hi"), &[]).await;
    client.chat(&stream("qwen3-max", "Hi"), &[]).await;
    assert_eq!(client.answer().await.text(), "one");
    assert_eq!(client.answer().await.status, 201);
    assert!(client.answer().await.content().contains("emulator"));
}

#[tokio::test]
async fn statuses_that_http_does_not_know() {
    let answer = answer(Reply::json(799, &json!({"code": "x"}))).await;
    assert_eq!((answer.status, answer.json()), (799, json!({"code": "x"})));
}

#[tokio::test]
async fn an_end_of_file_without_terminator() {
    let (emulator, mut client) = serve(Reply::event_stream().event("1").end(End::Eof)).await;
    let answer = client.answer().await;
    assert_eq!(answer.text(), "data: 1\n\n");
    assert_eq!(answer.error, Some(ErrorKind::UnexpectedEof));
    // Only the server's side is closed.
    assert_eq!(emulator.connections().open, 1);
    drop(client);
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!(counts.abandoned, 0);
}

#[tokio::test]
async fn a_reset() {
    let answer = answer(Reply::event_stream().event("1").end(End::Reset)).await;
    assert_eq!(answer.text(), "data: 1\n\n");
    assert_eq!(answer.error, Some(ErrorKind::ConnectionReset));
}

#[tokio::test(start_paused = true)]
async fn a_late_terminator() {
    let late = Duration::from_secs(5);
    let (emulator, mut client) = serve(Reply::event_stream().done().end(End::Late(late))).await;
    let start = Instant::now();
    client.head().await.unwrap();
    assert_eq!(client.chunk().await.unwrap(), b"data: [DONE]\n\n");
    assert!(start.elapsed() < late);
    assert!(client.chunk().await.unwrap().is_empty());
    assert!(start.elapsed() >= late);
    client.chat(&stream("qwen3-max", "Hi"), &[]).await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(emulator.connections().accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn silence() {
    for reply in [
        Reply::event_stream().event("1").end(End::Hang),
        Reply::event_stream().head_never(),
    ] {
        let (emulator, mut client) = serve(reply).await;
        let hour = Duration::from_secs(3600);
        assert!(timeout(hour, client.answer()).await.is_err());
        drop(client);
        emulator.connections_until(|counts| counts.open == 0).await;
    }
}

#[tokio::test]
async fn an_endless_reply_ends_with_its_client() {
    let chunk = "data: x\n\n".into();
    let end = End::Endless {
        chunk,
        every: Duration::ZERO,
    };
    let (emulator, mut client) = serve(Reply::event_stream().end(end)).await;
    client.head().await.unwrap();
    for _ in 0..1000 {
        assert_eq!(client.chunk().await.unwrap(), b"data: x\n\n");
    }
    drop(client);
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!(counts.abandoned, 1);
}

#[tokio::test]
async fn other_framings() {
    let length = answer(
        Reply::new(200)
            .framing(Framing::Length)
            .chunk("ab")
            .chunk("c"),
    )
    .await;
    assert_eq!(length.header("content-length"), Some("3"));
    assert_eq!(length.text(), "abc");

    let close = answer(Reply::new(200).framing(Framing::UntilClose).chunk("abc")).await;
    assert_eq!(close.header("connection"), Some("close"));
    assert_eq!(close.text(), "abc");

    let (_emulator, mut client) = serve(Reply::raw().chunk("not").chunk(" http")).await;
    assert_eq!(client.rest().await.unwrap(), b"not http");
}

#[tokio::test]
async fn a_length_that_is_not_kept() {
    let reply = Reply::new(200).framing(Framing::Raw);
    let reply = reply.chunk("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    let answer = answer(reply).await;
    assert_eq!(answer.error, Some(ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn writes_of_a_byte() {
    let answer = answer(Reply::event_stream().event("é").done().write_size(1)).await;
    assert!(answer.complete);
    assert_eq!(answer.text(), "data: é\n\ndata: [DONE]\n\n");
}

#[tokio::test(start_paused = true)]
async fn pauses_follow_the_clock_of_the_test() {
    let pause = Duration::from_secs(7);
    let reply = Reply::event_stream()
        .head_after(pause)
        .event("1")
        .pause(pause)
        .event("2");
    let (_emulator, mut client) = serve(reply).await;
    let start = Instant::now();
    client.head().await.unwrap();
    assert!(start.elapsed() >= pause);
    assert!(client.answer_rest().await);
    assert!(start.elapsed() >= pause * 2);
}

#[tokio::test]
async fn old_clients_get_no_chunks() {
    let emulator = Emulator::start().await.unwrap();
    emulator.script(Reply::event_stream().event("1"));
    let mut client = Client::connect(&emulator).await;
    client.write(b"GET /x HTTP/1.0\r\n\r\n").await;
    let all = String::from_utf8(client.rest().await.unwrap()).unwrap();
    assert!(
        all.ends_with("connection: close\r\n\r\ndata: 1\n\n"),
        "{all}"
    );
}

#[tokio::test]
async fn scripts_go_by_path_and_builder() {
    let emulator = Emulator::builder()
        .script(
            Script::from(Reply::new(500))
                .repeat_last()
                .only("/chat/completions"),
        )
        .start()
        .await
        .unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&emulator, &stream("x", "Hi")).await.status, 500);
    }
    let mut client = Client::connect(&emulator).await;
    client
        .send(
            "GET",
            "/compatible-mode/v1/models",
            &[("authorization", "Bearer sk-1")],
            "",
        )
        .await;
    assert_eq!(client.answer().await.status, 200);
}
