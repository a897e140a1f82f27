//! Start, stop, capture and pace.

use std::time::Duration;

use qwen_openclaw_emulator::{Emulator, End, Reply};
use tokio::{net::TcpStream, time::Instant};

use crate::client::{Client, ask, stream};

#[tokio::test]
async fn requests_are_remembered() {
    let emulator = Emulator::builder().capture_limit(2).start().await.unwrap();
    for prompt in ["one", "two", "three"] {
        ask(&emulator, &stream("qwen3-max", prompt)).await;
    }
    let requests = emulator.requests();
    let prompts: Vec<_> = requests
        .iter()
        .map(|r| r.json()["messages"][0]["content"].clone())
        .collect();
    assert_eq!(prompts, ["two", "three"]);
    let request = &requests[0];
    assert_eq!(request.method().as_str(), "POST");
    assert_eq!(request.path(), "/compatible-mode/v1/chat/completions");
    assert_eq!(request.query(), None);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.bearer(), Some("sk-test"));
    assert_eq!(
        request.body().len().to_string(),
        request.header("content-length").unwrap()
    );
    assert!(requests[0].at() <= requests[1].at());
    assert_eq!(emulator.take_requests().len(), 2);
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn dropping_closes_everything() {
    let emulator = Emulator::start().await.unwrap();
    emulator.script(Reply::event_stream().event("1").end(End::Hang));
    let address = emulator
        .origin()
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    let mut hanging = Client::connect(&emulator).await;
    hanging.chat(&stream("x", "Hi"), &[]).await;
    hanging.head().await.unwrap();
    let mut idle = Client::connect(&emulator).await;
    emulator.connections_until(|counts| counts.open == 2).await;
    drop(emulator);
    assert!(!hanging.answer_rest().await);
    assert_eq!(idle.rest().await.unwrap_or_default(), b"");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_waits_and_frees_the_port() {
    let emulator = Emulator::start().await.unwrap();
    let port = emulator
        .origin()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let _client = Client::connect(&emulator).await;
    emulator.connections_until(|counts| counts.open == 1).await;
    let address = emulator
        .origin()
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    emulator.shutdown().await;
    assert!(TcpStream::connect(&address).await.is_err());
    let again = Emulator::builder().port(port).start().await.unwrap();
    assert_eq!(again.origin(), format!("http://{address}"));
    assert!(Emulator::builder().port(port).start().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn streams_keep_the_pace_that_was_set() {
    let emulator = Emulator::builder()
        .first_chunk_delay(Duration::from_secs(2))
        .chunk_delay(Duration::from_secs(1))
        .start()
        .await
        .unwrap();
    let start = Instant::now();
    let answer = ask(&emulator, &stream("qwen3-max", "count to 9")).await;
    let events = answer.payloads().len() as u64;
    assert!(start.elapsed() >= Duration::from_secs(2 + events - 1));
    assert!(start.elapsed() < Duration::from_secs(2 + events + 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_is_noticed() {
    let emulator = Emulator::builder()
        .chunk_delay(Duration::from_secs(60))
        .start()
        .await
        .unwrap();
    let mut client = Client::connect(&emulator).await;
    client
        .chat(&stream("qwen3-max", "count to 1000"), &[])
        .await;
    client.head().await.unwrap();
    drop(client);
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!((counts.requests, counts.abandoned), (1, 1));
}

#[tokio::test]
async fn ids_follow_the_seed() {
    let id = async |seed| {
        let emulator = Emulator::builder().seed(seed).start().await.unwrap();
        let answer = ask(&emulator, &stream("qwen3-max", "Hi")).await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(id(1).await, id(1).await);
    assert_ne!(id(1).await, id(2).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_streams_at_once() {
    let emulator = std::sync::Arc::new(Emulator::start().await.unwrap());
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..200 {
        let emulator = std::sync::Arc::clone(&emulator);
        clients.spawn(async move {
            let answer = ask(&emulator, &stream("qwen3-max", &format!("{number}+1"))).await;
            answer
                .content()
                .contains(&format!("{number}+1 = {}", number + 1))
        });
    }
    assert!(
        clients
            .join_all()
            .await
            .into_iter()
            .all(|answered| answered)
    );
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!(
        (counts.accepted, counts.requests, counts.abandoned),
        (200, 200, 0)
    );
}
